"""`POST /v1/customers/{id}/activity`: one event, or up to 1,000 in an array, each of which counts or not by itself."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from secrets import token_hex
from typing import Any, Final

from aiohttp import web
from pydantic import ValidationError
from pydantic_core import from_json

from bot.api.problems import Problem
from bot.api.reading import customer_of, told
from bot.api.schemas import MAX_EVENTS, EventResult, NewEvent, Recorded, Value
from bot.web import BODY_TIME
from store import Store
from store.access import ApiKey
from store.domain.activity import Change, NewActivity, Source
from store.domain.activity import Value as ChangeValue
from store.domain.errors import UsageError, code
from store.domain.nudge import NUDGED
from store.nudged import Asked
from store.programs import Event, Result

ONE: Final = 64 * 1024
"""Bytes of a request with one event."""
MANY: Final = 1024 * 1024
"""Bytes of a request with an array of them."""
DEPTH: Final = 32
MAX_NAME: Final = 200
"""Characters of an Idempotency-Key."""
OURS_ALONE: Final = frozenset(
    {"contact.removed", "history.exported", "customer.channel_linked", "integration.sync_write"}
)
"""What only Pivotal itself can know: a history that says so must not be had for the asking."""


class Writing:
    """wake: a nudge is to be posted."""

    def __init__(self, store: Store, wake: Callable[[], None]) -> None:
        self._store = store
        self._wake = wake

    async def activity(self, request: web.Request, key: ApiKey) -> web.StreamResponse:
        body = await body_of(request)
        named = _name_of(request)
        given = _parsed(body)
        alone = not isinstance(given, list)
        events = [_checked(each) for each in ([given] if alone else given)]
        if alone and isinstance(events[0], str):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, events[0])
        new = [None if isinstance(each, str) else _event(each, key) for each in events]
        digest = hashlib.sha256(request.raw_path.encode() + b"\n" + body).digest()
        became, before = await self._store.programs.record(
            key, customer_of(request), new, named=named, body_hash=digest
        )
        results = [_result(index, event, done) for index, (event, done) in enumerate(zip(events, became, strict=True))]
        if any(each.status == "queued" for each in results):
            self._wake()
        response = told(request, Recorded(data=results))
        if before:
            response.headers["Idempotency-Replayed"] = "true"
        return response


async def body_of(request: web.Request, within: timedelta = BODY_TIME) -> bytes:
    """The request's bytes: of one event up to 64 KB, of an array of them up to 1 MB.

    raises  413 as soon as there are more, 408 when they take too long, 415 when they are compressed or no JSON
    """
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body as it is, not compressed.")
    if request.content_type != "application/json":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send `Content-Type: application/json`.")
    if (request.content_length or 0) > MANY:
        raise _too_large(MANY)
    read = bytearray()
    try:
        async with asyncio.timeout(within.total_seconds()):
            async for chunk in request.content.iter_any():
                read += chunk
                most = MANY if read.lstrip()[:1] == b"[" else ONE
                if len(read) > most:
                    raise _too_large(most)
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    return bytes(read)


def _too_large(most: int) -> Problem:
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"That is more than {most // 1024} KB.")


def _name_of(request: web.Request) -> str | None:
    named = request.headers.get("Idempotency-Key")
    if named is not None and not (0 < len(named) <= MAX_NAME and named.isascii() and named.isprintable()):
        raise UsageError(f"An Idempotency-Key has 1 to {MAX_NAME} visible characters.")
    return named


def _parsed(body: bytes) -> dict[str, Any] | list[Any]:
    """raises UsageError, for what is no JSON, nests too deep, or is neither an event nor an array of them"""
    try:
        given = from_json(body, allow_inf_nan=False)
    except ValueError:
        raise UsageError("The body is no JSON.") from None
    if not isinstance(given, dict | list):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The body is neither an event nor an array of events.")
    if isinstance(given, list) and not 1 <= len(given) <= MAX_EVENTS:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"An array has 1 to {MAX_EVENTS:,} events; this has {len(given):,}."
        )
    if depth_of(given) > DEPTH:
        raise UsageError(f"The body nests more than {DEPTH} deep.")
    return given


def depth_of(given: Any) -> int:
    """How deep objects and arrays nest."""
    depth, level = 0, [given]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
    return depth


def _checked(given: Any) -> NewEvent | str:
    """The event, or what is wrong with it."""
    try:
        event = NewEvent.model_validate(given, strict=False)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        what = first["msg"].removeprefix("Value error, ")
        return f"{code(where)}: {what}." if where else f"{what}."
    if event.event_type in OURS_ALONE:
        return f"`event_type`: only Pivotal itself records {code(event.event_type)}."
    if event.event_type == NUDGED and wording(event) is None:
        return "`text`: a nudge needs its wording."
    if event.event_type != NUDGED and event.channel is not None:
        return f"`channel`: only a {code(NUDGED)} is posted."
    return event


def _event(event: NewEvent, key: ApiKey) -> Event:
    if event.event_type == NUDGED:
        return Asked(
            key=f"api:{key.id}:{event.dedupe_key or token_hex(8)}", wording=wording(event) or "", channel=event.channel
        )
    return NewActivity(
        kind=event.event_type,
        actor=key.actor,
        source=Source.API,
        occurred_at=event.occurred_at,
        changes=tuple(Change(each.field, _value(each.old), _value(each.new)) for each in event.changes),
        text=event.text,
        onboarding_id=event.onboarding_id,
        dedupe_key=None if event.dedupe_key is None else f"{key.id}:{event.dedupe_key}",
    )


def wording(event: NewEvent) -> str | None:
    """What a nudge says: its text, else the new value of its field `nudge`."""
    said = event.text or next((each.new for each in event.changes if each.field == "nudge"), None)
    return said if isinstance(said, str) and said.strip() else None


def _value(given: Value) -> ChangeValue:
    return tuple(given) if isinstance(given, list) else given


def _result(index: int, event: NewEvent | str, became: Result) -> EventResult:
    match event, became:
        case str(), _:
            return EventResult(index=index, status="rejected", seq=None, error=event)
        case _, {"refused": str(sentence)}:
            return EventResult(index=index, status="rejected", seq=None, error=sentence)
        case _, {"seq": int(seq)}:
            return EventResult(index=index, status="recorded", seq=seq, error=None)
        case _, {"queued": _}:
            return EventResult(index=index, status="queued", seq=None, error=None)
    return EventResult(index=index, status="repeated", seq=None, error=None)
