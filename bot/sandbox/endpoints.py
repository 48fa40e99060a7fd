"""The two addresses of Slack's that are no methods: a response_url, and where the bytes of a file go."""

import json

from aiohttp import web

from bot.sandbox import answers
from bot.sandbox.core import Core, SlackError
from bot.sandbox.methods import files
from bot.sandbox.web_api import WebApi


class Endpoints:
    def __init__(self, core: Core, api: WebApi) -> None:
        self._core = core
        self._api = api

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Answers are plain text: `ok`, or an error code with status 404 or 400."""
        try:
            body = json.loads(await request.text())
        except ValueError:
            body = None
        hook = self._core.hooks.get(request.match_info["secret"])

        async def carry_out() -> tuple[int, str]:
            try:
                answers.through_response_url(self._core, hook, body)
            except SlackError as error:
                return (404 if error.code == "expired_url" else 400), error.code
            return 200, "ok"

        arguments = body if isinstance(body, dict) else {}
        return await self._api.logged(request, "response_url", arguments, carry_out)

    async def upload(self, request: web.Request) -> web.StreamResponse:
        content, name = await request.read(), request.match_info["file"]

        async def carry_out() -> tuple[int, str]:
            return files.receive(self._core, name, content)

        return await self._api.logged(request, "upload", {"file": name, "length": len(content)}, carry_out)
