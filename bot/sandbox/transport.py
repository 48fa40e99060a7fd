"""Carrying what Slack sends to the app: signed over HTTP, or in envelopes over Socket Mode; and the record of each."""

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.core import Interaction
from bot.sandbox.sockets import Sockets
from bot.sandbox.workspace import Clock

FORM: Final = "application/x-www-form-urlencoded"
ENVELOPES: Final = {"command": "slash_commands", "event": "events_api"}
"""What Socket Mode calls each kind of request; the others are `interactive`."""


@dataclass(slots=True)
class Delivery:
    """One request to the app, and how it was answered."""

    kind: str
    """command, event, options, or the `type` of an interaction (block_actions, view_submission, …)."""
    payload: Mapping[str, Any]
    sent_at: datetime
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    envelope: str | None = None
    """The envelope_id, over Socket Mode."""
    status: int | None = None
    """The HTTP status; over Socket Mode 200 when it was acked. None: no answer in time."""
    ms: float = 0.0
    text: str = ""
    """The body of the answer."""
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    """What the person reads when it failed: operation_timeout, dispatch_failed, http_client_error or http_service_error."""

    @property
    def acked(self) -> bool:
        return self.error is None

    @property
    def may_be_retried(self) -> bool:
        """Whether Slack would deliver this again, if it is an event."""
        return not self.acked and self.answer_headers.get("X-Slack-No-Retry") != "1"

    @property
    def retry_reason(self) -> str:
        """What the next delivery's X-Slack-Retry-Reason says."""
        return {"operation_timeout": "http_timeout", "dispatch_failed": "connection_failed"}.get(
            str(self.error), "http_error"
        )

    @property
    def answer(self) -> Any:
        """The ack's body: decoded JSON, or text as it is."""
        try:
            return json.loads(self.text)
        except ValueError:
            return self.text


class NotConnected(Exception):
    """The stand-in knows no request URL, and no app holds a socket open."""


class NoAnswer(Exception):
    """The person was left without an answer. The message names the ack's status and what Slack refused meanwhile."""

    def __init__(self, interaction: Interaction, delivery: Delivery, refusals: Sequence[object], why: str) -> None:
        self.delivery = delivery
        ack = (
            f"ack {delivery.status} after {delivery.ms:.0f} ms"
            if delivery.status is not None
            else f"no ack after {delivery.ms:.0f} ms"
        )
        super().__init__("; ".join([f"{interaction.did}: {why}", ack, *map(str, refusals)]))


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Slack's v0 signature over the raw body."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return f"v0={digest}"


def encode(kind: str, payload: Mapping[str, Any]) -> tuple[bytes, str]:
    """A payload as Slack puts it in a body, and the content type: commands are forms, events JSON, the rest JSON within a form."""
    if kind == "event":
        return json.dumps(payload).encode(), "application/json"
    if kind == "command":
        return urlencode(payload).encode(), FORM
    return urlencode({"payload": json.dumps(payload)}).encode(), FORM


class Transport:
    """Sends to the app's request URLs in turn, or, when there are none, to one of its sockets."""

    def __init__(
        self, *, signing_secret: str, clock: Clock, signature_clock: Clock, sockets: Sockets, ack_within: timedelta
    ) -> None:
        self.signing_secret = signing_secret
        self.ack_within = ack_within
        self.deliveries: list[Delivery] = []
        self._clock = clock
        self._signature_clock = signature_clock
        self._sockets = sockets
        self._urls: itertools.cycle[str] | None = None
        self._session: aiohttp.ClientSession | None = None

    def connect(self, *urls: str) -> None:
        """Request URLs of the app; with several processes, each takes its turn."""
        self._urls = itertools.cycle(urls) if urls else None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def deliver(
        self, kind: str, payload: Mapping[str, Any], *, headers: Mapping[str, str] | None = None
    ) -> Delivery:
        """Send one payload, and wait for its ack as long as Slack does."""
        if self._urls is None and self._sockets.in_use:
            return await self._deliver_in_envelope(kind, payload, headers or {})
        body, content_type = encode(kind, payload)
        return await self.send(kind, payload, body, headers={"Content-Type": content_type, **(headers or {})})

    async def send(
        self,
        kind: str,
        payload: Mapping[str, Any],
        body: bytes,
        *,
        headers: Mapping[str, str],
        signed_at: int | None = None,
        sign: bool = True,
    ) -> Delivery:
        """Send a body as it is. Headers given here win over the signature's.

        signed_at   the signature's timestamp in epoch seconds, when it is to be another than the clock's.
        """
        if self._urls is None:
            raise NotConnected("call connect_app(url) first, or start the app with Socket Mode")
        if sign:
            timestamp = str(int(self._signature_clock().timestamp()) if signed_at is None else signed_at)
            ours = {
                "X-Slack-Request-Timestamp": timestamp,
                "X-Slack-Signature": signature(self.signing_secret, timestamp, body),
            }
            headers = {**ours, **headers}
        delivery = Delivery(kind, payload, self._clock(), body, headers)
        self.deliveries.append(delivery)
        await self._post(delivery, next(self._urls))
        return delivery

    async def _post(self, delivery: Delivery, url: str) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),  # Slack's people do not wait for one another
                headers={"User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"},
            )
        started = time.monotonic()
        within = aiohttp.ClientTimeout(total=self.ack_within.total_seconds())
        try:
            async with self._session.post(
                url, data=delivery.body, headers=delivery.headers, timeout=within, allow_redirects=False
            ) as answer:
                delivery.text = await answer.text()
                delivery.status = answer.status
                delivery.answer_headers = answer.headers.copy()
                delivery.error = _failure(answer.status)
        except TimeoutError:
            delivery.error = "operation_timeout"
        except aiohttp.ClientError:
            delivery.error = "dispatch_failed"
        delivery.ms = (time.monotonic() - started) * 1000

    async def _deliver_in_envelope(self, kind: str, payload: Mapping[str, Any], headers: Mapping[str, str]) -> Delivery:
        started = time.monotonic()
        delivery = Delivery(kind, payload, self._clock(), headers=headers)
        self.deliveries.append(delivery)
        try:
            async with asyncio.timeout(self.ack_within.total_seconds()):
                delivery.envelope, answer = await self._sockets.send(
                    ENVELOPES.get(kind, "interactive"),
                    payload,
                    retry_attempt=int(headers.get("X-Slack-Retry-Num", 0)),
                    retry_reason=headers.get("X-Slack-Retry-Reason", ""),
                )
            delivery.status, delivery.text = 200, "" if answer is None else json.dumps(answer)
        except TimeoutError:
            delivery.error = "operation_timeout"
        except ConnectionError:
            delivery.error = "dispatch_failed"
        delivery.ms = (time.monotonic() - started) * 1000
        return delivery


def _failure(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if status >= 500:
        return "http_service_error"
    return "http_client_error" if status >= 400 else "dispatch_failed"
