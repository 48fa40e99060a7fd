"""A tiny app to use the page with: it answers each kind of request in one plain way, with aiohttp alone."""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs

import aiohttp
from aiohttp import web

from bot.sandbox import StandInSlack
from tests.demo.gallery import EVERY, MODAL, mrkdwn, option, plain

NAMES = ("Pi", "HubSpot", "Stripe", "Sam Lee", "Ann Chu", "Acme Corp", "Globex", "Initech")


class Toy:
    """/toy: `say X` in the ack, `later X`, `all X`, `modal`, `slow`, `wrong`, `show NAME` of the gallery, `file`."""

    def __init__(self, slack: StandInSlack) -> None:
        self.slack = slack
        self.heard: list[dict[str, Any]] = []
        """Interactive payloads, oldest first."""
        self._news = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/slack/events", self._heard)
        app.on_cleanup.append(self._ended)
        return app

    async def _ended(self, _app: web.Application) -> None:
        await asyncio.gather(*self._tasks)

    async def hears(self, kind: str) -> dict[str, Any]:
        """The next interactive payload of this type, or the first that came already."""
        async with asyncio.timeout(60):
            while not (found := [each for each in self.heard if each["type"] == kind]):
                self._news.clear()
                await self._news.wait()
        return found[0]

    async def _heard(self, request: web.Request) -> web.Response:
        body = await request.text()
        if request.content_type == "application/json":
            return await self._event(json.loads(body)["event"])
        form = {key: values[0] for key, values in parse_qs(body).items()}
        if "payload" in form:
            payload = json.loads(form["payload"])
            self.heard.append(payload)
            self._news.set()
            return await self._interaction(payload)
        return await self._command(form)

    async def _event(self, event: dict[str, Any]) -> web.Response:
        if event["type"] == "app_home_opened":
            view = {
                "type": "home",
                "blocks": [
                    {"type": "section", "text": mrkdwn("Good day, *home*")},
                    {"type": "actions", "elements": [{"type": "button", "text": plain("Wave"), "action_id": "wave"}]},
                ],
            }
            await self._call("views.publish", user_id=event["user"], view=view)
        return web.Response()

    async def _command(self, form: dict[str, str]) -> web.Response:
        word, _, rest = form.get("text", "").partition(" ")
        match word:
            case "say":
                return web.json_response({"text": rest, "response_type": "ephemeral"})
            case "all":
                return web.json_response({"text": rest, "response_type": "in_channel"})
            case "show":
                return web.json_response({"text": rest, "blocks": EVERY[rest]})
            case "later":
                self._start(self._respond(form["response_url"], {"text": rest}))
            case "modal":
                await self._call("views.open", trigger_id=form["trigger_id"], view=MODAL)
            case "slow":
                await asyncio.sleep(self.slack.transport.ack_within.total_seconds() + 0.5)
            case "wrong":
                return web.json_response({"blocks": [{"type": "section", "text": plain("x" * 3001)}]})
            case "file":
                content = 'timestamp,actor,field\n2026-01-01T00:00:00Z,Pi,plan\n2026-01-02T00:00:00Z,"Lee, Sam",=owner\n'.encode(
                    "utf-8-sig"
                )
                await self._upload(form["channel_id"], "acme.csv", content)
        return web.Response()

    async def _interaction(self, payload: dict[str, Any]) -> web.Response:
        match payload["type"]:
            case "block_suggestion":
                typed = payload["value"].casefold()
                return web.json_response({"options": [option(each) for each in NAMES if typed in each.casefold()]})
            case "block_actions":
                self._start(self._acted(payload))
            case "view_submission":
                return self._submitted(payload["view"])
            case "message_action":
                self._start(self._respond(payload["response_url"], {"text": f"about: {payload['message']['text']}"}))
            case "shortcut":
                await self._call("views.open", trigger_id=payload["trigger_id"], view=MODAL)
        return web.Response()

    async def _acted(self, payload: dict[str, Any]) -> None:
        action = payload["actions"][0]
        if action["action_id"] == "push":
            deeper = MODAL | {
                "title": plain("Deeper"),
                "blocks": [{"type": "section", "text": mrkdwn("One level down")}],
                "callback_id": "deeper",
            }
            await self._call("views.push", trigger_id=payload["trigger_id"], view=deeper)
        elif "response_url" in payload:
            told = {key: value for key, value in action.items() if key.startswith("selected_") or key == "value"}
            await self._respond(
                payload["response_url"],
                {
                    "text": f"{action['action_id']} {json.dumps(told, sort_keys=True)}",
                    "replace_original": action["action_id"] == "replace",
                },
            )

    def _submitted(self, view: dict[str, Any]) -> web.Response:
        if view["callback_id"] == "deeper":
            return web.json_response({"response_action": "clear"})
        health = view["state"]["values"]["health"]["value"]["value"]
        if not ((health or "").isdigit() and int(health) <= 100):
            return web.json_response(
                {"response_action": "errors", "errors": {"health": "A whole number from 0 to 100"}}
            )
        return web.Response()

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _respond(self, url: str, body: dict[str, Any]) -> None:
        async with aiohttp.ClientSession() as http, http.post(url, json=body):
            pass

    async def _call(self, method: str, **arguments: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.slack.bot_token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.post(self.slack.api_url + method, json=arguments) as answer,
        ):
            found: dict[str, Any] = await answer.json()
            return found

    async def _upload(self, channel: str, name: str, content: bytes) -> None:
        promised = await self._call("files.getUploadURLExternal", filename=name, length=len(content))
        async with aiohttp.ClientSession() as http, http.post(promised["upload_url"], data=content):
            pass
        await self._call(
            "files.completeUploadExternal", files=[{"id": promised["file_id"], "title": name}], channel_id=channel
        )
