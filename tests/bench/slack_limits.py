"""What a server of signed Slack requests can do at all: `python -m tests.bench.slack_limits bare|bolt SECRET PORT`.

bare  aiohttp and the signature, no framework
bolt  Bolt's AsyncApp as it comes, with a listener that only acks
"""

import sys
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.signature import is_genuine

PATH = "/slack/events"


def bare(secret: str) -> web.Application:
    async def answered(request: web.Request) -> web.Response:
        timestamp, signature = request.headers["X-Slack-Request-Timestamp"], request.headers["X-Slack-Signature"]
        if not is_genuine(secret, [timestamp], [signature], await request.read(), datetime.now(UTC)):
            raise web.HTTPUnauthorized
        return web.json_response({"response_type": "ephemeral", "text": "ok"})

    app = web.Application()
    app.router.add_post(PATH, answered)
    return app


def bolt(secret: str) -> web.Application:
    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token="xoxb-bench")

    app = AsyncApp(signing_secret=secret, authorize=authorize, client=AsyncWebClient())

    @app.command("/pivotal")
    async def asked(ack: Any) -> None:
        await ack("ok")

    return app.web_app(path=PATH)


def main() -> None:
    which, secret, port = sys.argv[1:]
    site = bare(secret) if which == "bare" else bolt(secret)
    web.run_app(site, host="127.0.0.1", port=int(port), print=None, access_log=None)


if __name__ == "__main__":
    main()
