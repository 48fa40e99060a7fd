"""`GET /v1/customers` and `GET /v1/customers/{id}/activity`: rows as JSON by pages, or all of them as CSV."""

import hashlib
from collections import Counter
from http import HTTPStatus
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import ValidationError

from bot.api.doors import Clock
from bot.api.parameters import is_text, misread, read_activity, read_customers
from bot.api.problems import Problem
from bot.api.schemas import ActivityPage, ActivityRow, CustomerItem, CustomerPage, Model
from bot.exports import Caps, Tally, file_name, unnamed_file
from store import Store
from store.access import ApiKey
from store.domain.errors import NotFound, UsageError
from store.domain.query import Reader
from store.programs import Asked

CSV: Final = "text/csv"
UTC: Final = ZoneInfo("UTC")
FILES_AT_ONCE: Final = 2
"""CSV files of one workspace that are made at the same time."""
WORTH_COMPRESSING: Final = 1024
"""Bytes."""


class Reading:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._files: Counter[str] = Counter()

    async def customers(self, request: web.Request, key: ApiKey) -> web.StreamResponse:
        try:
            wanted = read_customers(request.query)
        except ValidationError as error:
            raise misread(error) from None
        if wanted.q.strip() and wanted.cursor:
            raise UsageError("With `q` there is one page only, and no `cursor`.")
        found = await self._store.programs.customers(key, wanted.q, wanted.cursor, wanted.limit)
        more = len(found) == wanted.limit and not wanted.q.strip()
        items = [CustomerItem(id=each.id, slug=each.slug, name=each.name, domain=each.domain) for each in found]
        return told(request, CustomerPage(data=items, next_cursor=found[-1].id if more else None))

    async def activity(self, request: web.Request, key: ApiKey) -> web.StreamResponse:
        try:
            wanted = read_activity(request.query)
        except ValidationError as error:
            raise misread(error) from None
        asked = wanted.asked(customer_of(request))
        reader = Reader(now=self._clock(), zone=UTC)
        if not prefers_csv(request):
            page = await self._store.programs.rows(key, asked, reader)
            rows = [ActivityRow.model_validate(dict(each)) for each in page.records]
            return told(request, ActivityPage(data=rows, next_cursor=None if page.next is None else str(page.next)))
        if wanted.is_paged:
            raise UsageError("CSV has no pages: leave out `limit`, `cursor` and `after_seq`.")
        return await self._file(request, key, asked, reader)

    async def _file(self, request: web.Request, key: ApiKey, asked: Asked, reader: Reader) -> web.StreamResponse:
        if self._files[key.workspace] >= FILES_AT_ONCE:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{FILES_AT_ONCE} files are being made already.",
                {"Retry-After": "5"},
            )
        self._files[key.workspace] += 1
        try:
            return await self._sent(request, key, asked, reader)
        finally:
            self._files[key.workspace] -= 1

    async def _sent(self, request: web.Request, key: ApiKey, asked: Asked, reader: Reader) -> web.StreamResponse:
        """The whole file is made first: then its length is known, and whatever goes wrong is an answer rather than a torn file."""
        caps = Caps.of((await self._store.settings(key.workspace)).caps)
        with unnamed_file() as file:
            tally = Tally(file.write, caps)
            customer = await self._store.programs.write_csv(key, asked, reader, tally)
            made = tally.made
            headers = {
                "Content-Type": f"{CSV}; charset=utf-8; header=present",
                "Content-Disposition": f'attachment; filename="{file_name(customer.id, reader.now)}"',
                "ETag": f'"{made.sha256}"',
                "Vary": "Accept, Accept-Encoding, Authorization",
                "Cache-Control": "private, no-cache",
            }
            if headers["ETag"] in request.headers.get("If-None-Match", ""):
                return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
            response = web.StreamResponse(headers=headers)
            response.content_length = made.size_bytes
            await response.prepare(request)
            file.seek(0)
            while request.method != "HEAD" and (piece := file.read(256 * 1024)):
                await response.write(piece)
            await response.write_eof()
            return response


def customer_of(request: web.Request) -> str:
    words = request.match_info["customer"]
    if not is_text(words):
        raise NotFound("I don't know that customer.")
    return words


def prefers_csv(request: web.Request) -> bool:
    """Whether CSV is asked for, and not JSON as much or more."""
    weights = {"text/csv": 0.0, "application/json": 0.0}
    for part in request.headers.get("Accept", "").split(","):
        kind, *rest = (each.strip().casefold() for each in part.split(";"))
        if kind in weights:
            weights[kind] = _weight(rest)
    return weights["text/csv"] > weights["application/json"]


def _weight(parameters: list[str]) -> float:
    for each in parameters:
        name, _, value = each.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def told(request: web.Request, body: Model, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    """The answer as JSON, with a tag by which a caller that has it already is told so."""
    text = body.model_dump_json().encode()
    tag = f'W/"{hashlib.sha256(text).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Vary": "Accept, Accept-Encoding, Authorization", "Cache-Control": "private, no-cache"}
    if request.method == "GET" and tag in request.headers.get("If-None-Match", ""):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    response = web.Response(body=text, status=status, content_type="application/json", charset="utf-8", headers=headers)
    if len(text) >= WORTH_COMPRESSING:
        response.enable_compression()
    return response
