"""SQL of installations: a workspace installs the app, its token is exchanged for the next one, it leaves.

installed ──leave──▶ left ──install──▶ installed          a token that expires: ──claim──▶ exchanged by one worker, who holds a lease

A workspace that has left keeps its record and its history, and no token. All tokens are sealed (sealing.py).
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from store import leaving, tables
from store.actors import new_id
from store.engine import database_clock
from store.sealing import Keys
from store.served import INSTALLED, LEFT
from store.wall import enter

BOT_TOKEN: Final = "installation.bot_token"  # noqa: S105 - a column, no token
REFRESH_TOKEN: Final = "installation.refresh_token"  # noqa: S105 - as above


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What Slack gave for a team. refresh_token, lifetime: None for a token that does not expire. at: by Slack's clock."""

    team_id: str
    team_name: str
    enterprise_id: str | None
    bot_user_id: str
    scopes: Sequence[str]
    token: str
    refresh_token: str | None
    lifetime: timedelta | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """expired: whether Slack does not take it any more."""

    text: str
    expired: bool


@dataclass(frozen=True, slots=True)
class Exchange:
    """A token that is to be exchanged for the next, claimed by a worker. sealed: as it is kept, to see whether it still is."""

    workspace: str
    refresh_token: str
    sealed: str


@dataclass(frozen=True, slots=True)
class Installation:
    """A workspace as `pivotal workspaces` lists it. state: None for one that never installed the app by itself."""

    workspace: str
    name: str
    team_id: str | None
    state: str | None
    scopes: Sequence[str]
    installed_at: datetime | None
    left_at: datetime | None
    expires_at: datetime | None


def install(connection: sa.Connection, granted: Granted, keys: Keys) -> str:
    """Keep what Slack gave. A team that comes for the first time gets a workspace of its own. Returns the workspace's id."""
    workspace = _workspace_of(connection, granted)
    enter(connection, workspace)
    i = tables.installation.c
    before = connection.execute(
        sa.select(i.state).where(i.workspace_id == workspace).with_for_update()
    ).scalar_one_or_none()
    if before == LEFT:
        leaving.resume(connection, workspace)
    row = {
        "workspace_id": workspace,
        "state": INSTALLED,
        "bot_user_id": granted.bot_user_id,
        **_tokens(connection, workspace, granted, keys),
        "installed_at": granted.at,
        "left_at": None,
    }
    connection.execute(_put(connection, row))
    return workspace


def _put(connection: sa.Connection, row: dict[str, Any]) -> sa.Executable:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = {name: value for name, value in row.items() if name != "workspace_id"}
    return insert(tables.installation).values(row).on_conflict_do_update(index_elements=["workspace_id"], set_=new)


def _workspace_of(connection: sa.Connection, granted: Granted) -> str:
    w = tables.workspace.c
    row: dict[str, Any] = {
        "workspace_id": new_id("wsp"),
        "name": granted.team_name,
        "slack_team_id": granted.team_id,
        "slack_enterprise_id": granted.enterprise_id,
        "settings": {},
        "erasure_key": secrets.token_bytes(32),
        "created_at": database_clock(connection),
    }
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(tables.workspace).on_conflict_do_nothing(index_elements=["slack_team_id"]), row)
    found = connection.execute(sa.select(w.workspace_id).where(w.slack_team_id == granted.team_id).with_for_update())
    ident: str = found.scalar_one()
    return ident


def _tokens(connection: sa.Connection, workspace: str, granted: Granted, keys: Keys) -> dict[str, Any]:
    refresh = granted.refresh_token
    return {
        "scopes": sorted(granted.scopes),
        "bot_token": keys.seal(granted.token, workspace, BOT_TOKEN),
        "refresh_token": None if refresh is None else keys.seal(refresh, workspace, REFRESH_TOKEN),
        "expires_at": None if granted.lifetime is None else database_clock(connection) + granted.lifetime,
        "lease_by": None,
        "lease_until": None,
    }


def leave(connection: sa.Connection, workspace: str, at: datetime) -> bool:
    """The app was taken out of the team: no token stays. at: when, by Slack's clock.

    returns  False, where that was known, or it has been installed again since
    """
    i = tables.installation.c
    row = connection.execute(
        sa.select(i.state, i.installed_at).where(i.workspace_id == workspace).with_for_update()
    ).one_or_none()
    if row is not None and (row[0] == LEFT or row[1] > at):
        return False
    nothing = {"bot_token": None, "refresh_token": None, "expires_at": None, "lease_by": None, "lease_until": None}
    gone = {"state": LEFT, "left_at": at, **nothing}
    if row is None:
        first: dict[str, Any] = {"workspace_id": workspace, "scopes": [], "installed_at": at, **gone}
        connection.execute(tables.installation.insert(), first)
    else:
        connection.execute(tables.installation.update().where(i.workspace_id == workspace).values(gone))
    leaving.stop(connection, workspace)
    return True


def speaks_again(connection: sa.Connection, workspace: str) -> None:
    """The token in the environment is this workspace's: whether it has left before does not count any more."""
    i = tables.installation.c
    gone = tables.installation.delete().where(i.workspace_id == workspace, i.state == LEFT).returning(i.workspace_id)
    if connection.execute(gone).first() is not None:
        leaving.resume(connection, workspace)


def token(connection: sa.Connection, workspace: str, keys: Keys) -> Token | None:
    """None: it is not installed there."""
    i = tables.installation.c
    row = connection.execute(
        sa.select(i.bot_token, i.expires_at).where(i.workspace_id == workspace, i.state == INSTALLED)
    ).one_or_none()
    if row is None or row[0] is None:
        return None
    expired = row[1] is not None and row[1] <= database_clock(connection)
    return Token(keys.open(row[0], workspace, BOT_TOKEN), expired)


def claim(
    connection: sa.Connection, *, worker: str, lease: timedelta, before: timedelta, keys: Keys, only: str | None = None
) -> Exchange | None:
    """Take a token that ends within `before`; nobody else gets it while the lease runs. only: of this workspace."""
    i, now = tables.installation.c, database_clock(connection)
    due = sa.and_(
        i.state == INSTALLED,
        i.refresh_token.is_not(None),
        i.expires_at <= now + before,
        sa.or_(i.lease_until.is_(None), i.lease_until <= now),
        *([i.workspace_id == only] if only else []),
    )
    place = sa.select(i.workspace_id).where(due).order_by(i.expires_at).limit(1).with_for_update(skip_locked=True)
    workspace = connection.execute(place).scalar_one_or_none()
    if workspace is None:
        return None
    mine = tables.installation.update().where(i.workspace_id == workspace)
    held = mine.values(lease_by=worker, lease_until=now + lease).returning(i.refresh_token)
    sealed: str = connection.execute(held).scalar_one()
    return Exchange(workspace, keys.open(sealed, workspace, REFRESH_TOKEN), sealed)


def exchanged(connection: sa.Connection, exchange: Exchange, granted: Granted, keys: Keys) -> bool:
    """Keep the next token. Returns False, where the workspace has left or was installed anew meanwhile: then that counts."""
    i = tables.installation.c
    same = sa.and_(i.workspace_id == exchange.workspace, i.state == INSTALLED, i.refresh_token == exchange.sealed)
    values = _tokens(connection, exchange.workspace, granted, keys)
    kept = tables.installation.update().where(same).values(values).returning(i.workspace_id)
    return connection.execute(kept).first() is not None


def put_off(connection: sa.Connection, exchange: Exchange, wait: timedelta) -> None:
    """It did not work; try again then."""
    i = tables.installation.c
    same = sa.and_(i.workspace_id == exchange.workspace, i.refresh_token == exchange.sealed)
    later = {"lease_until": database_clock(connection) + wait}
    connection.execute(tables.installation.update().where(same).values(later))


def sealed(connection: sa.Connection) -> list[str]:
    """All secrets of all workspaces, as they are kept."""
    i = tables.installation.c
    rows = connection.execute(sa.select(i.bot_token, i.refresh_token))
    return [each for row in rows for each in row if each is not None]


def rewrap(connection: sa.Connection, workspace: str, keys: Keys) -> int:
    """Seal a workspace's secrets under the first key. Returns how many were under another."""
    i, count = tables.installation.c, 0
    for column, place in ((i.bot_token, BOT_TOKEN), (i.refresh_token, REFRESH_TOKEN)):
        mine = sa.select(column).where(i.workspace_id == workspace).with_for_update()
        sealed = connection.execute(mine).scalar_one_or_none()
        if sealed is None or keys.is_newest(sealed):
            continue
        anew = keys.seal(keys.open(sealed, workspace, place), workspace, place)
        same = sa.and_(i.workspace_id == workspace, column == sealed)
        connection.execute(tables.installation.update().where(same).values({column.name: anew}))
        count += 1
    return count


def listed(connection: sa.Connection) -> list[Installation]:
    """All workspaces there are, the oldest first."""
    w, i = tables.workspace.c, tables.installation.c
    both = tables.workspace.outerjoin(tables.installation, i.workspace_id == w.workspace_id)
    columns = (w.workspace_id, w.name, w.slack_team_id, i.state, i.scopes, i.installed_at, i.left_at, i.expires_at)
    rows = connection.execute(sa.select(*columns).select_from(both).order_by(w.created_at, w.workspace_id))
    return [Installation(row[0], row[1], row[2], row[3], row[4] or (), *row[5:]) for row in rows]
