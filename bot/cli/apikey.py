"""`pivotal apikey`: make, list and revoke the keys by which programs come in."""

import re
from datetime import timedelta
from typing import Final

from bot.cli import terminal
from bot.cli.database import opened
from store.access import ApiKey, Scope
from store.domain.errors import UsageError, code

EXPIRES: Final = re.compile(r"([1-9][0-9]{0,3})d")


def run(
    action: str, key: str | None, *, scopes: str, customer: str | None, expires: str | None, name: str | None
) -> None:
    match action, key:
        case "create", None:
            terminal.run(_create(name or "API key", _scopes(scopes), customer, _lifetime(expires)))
        case "list", None:
            terminal.run(_list())
        case "revoke", str():
            terminal.run(_revoke(key))
        case "revoke", None:
            raise UsageError("Which key?", "`pivotal apikey list` shows their ids.")
        case "create" | "list", _:
            raise UsageError(f"I read {code(key or '')}, which `{action}` has no use for.")
        case _:
            raise UsageError(f"I read {code(action)} where `create`, `list` or `revoke` should stand.")


def _scopes(text: str) -> frozenset[Scope]:
    words = [each.strip() for each in text.split(",") if each.strip()]
    unknown = [each for each in words if each not in set(Scope)]
    if unknown or not words:
        raise UsageError(f"`--scopes` are read, write or both; I read {code(text)}.", "Try `--scopes read,write`.")
    return frozenset(map(Scope, words))


def _lifetime(text: str | None) -> timedelta | None:
    if text is None:
        return None
    found = EXPIRES.fullmatch(text)
    if found is None:
        raise UsageError(f"`--expires` is a number of days; I read {code(text)}.", "Try `--expires 90d`.")
    return timedelta(days=int(found[1]))


async def _create(name: str, scopes: frozenset[Scope], customer: str | None, lifetime: timedelta | None) -> None:
    async with opened() as at:
        _, text = await at.store.access.create(at.workspace, name, scopes, customer=customer, lifetime=lifetime)
    terminal.output().print(text)


async def _list() -> None:
    async with opened() as at:
        keys = await at.store.access.every(at.workspace)
        names = {
            each.customer_id: (await at.store.find_customer(at.workspace, each.customer_id)).name
            for each in keys
            if each.customer_id is not None
        }
    console = terminal.output()
    if not keys:
        console.print("There are no keys yet. `pivotal apikey create` makes one.")
    for each in keys:
        whose = names.get(each.customer_id or "", "all customers")
        console.print(terminal.shown(f"{each.id}  {each.name}  {_may(each)}  {whose}  {_state(each)}"))


def _may(key: ApiKey) -> str:
    return ",".join(sorted(key.scopes))


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d}"
    return "does not expire" if key.expires_at is None else f"until {key.expires_at:%Y-%m-%d %H:%M} UTC"


async def _revoke(ident: str) -> None:
    async with opened() as at:
        key = await at.store.access.revoke(at.workspace, ident)
    terminal.output().print(terminal.shown(f"{key.id} ({key.name}) lets nobody in any more."))
