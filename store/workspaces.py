"""SQL of workspaces, the channels linked in them, and the long queries kept for them."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from store import tables
from store.domain.errors import NotFound, Refused
from store.domain.query import CustomerName
from store.served import is_served


@dataclass(frozen=True, slots=True)
class Workspace:
    id: str
    name: str
    slack_team_id: str | None


def default(connection: sa.Connection) -> Workspace:
    """The only workspace, as `migrate` made it. Raises Refused where there are several: then one has to be named."""
    w = tables.workspace.c
    found = connection.execute(sa.select(w.workspace_id, w.name, w.slack_team_id).limit(2)).all()
    if not found:
        raise NotFound("The database has no workspace yet.", "Run `pivotal migrate`.")
    if len(found) > 1:
        raise Refused("There are several workspaces here.", "Say which one with `--workspace`.")
    return Workspace(*found[0])


def bind(connection: sa.Connection, team_id: str, enterprise_id: str | None) -> Workspace:
    """The workspace of the Slack team whose token we hold. The only workspace, where it is no team's yet, is bound to it, once and for all.

    raises  Refused, when what is here belongs to other teams
    """
    if (mine := _of_team(connection, team_id)) is not None:
        return mine
    try:
        mine = default(connection)
    except Refused:
        raise Refused(
            f"There are several workspaces here, and none is of Slack team {team_id}, whose SLACK_BOT_TOKEN this is.",
            "Use the token of a team that is here, or another database.",
        ) from None
    if mine.slack_team_id is None:
        w = tables.workspace.c
        free = sa.and_(w.workspace_id == mine.id, w.slack_team_id.is_(None))
        bound = tables.workspace.update().where(free).values(slack_team_id=team_id, slack_enterprise_id=enterprise_id)
        connection.execute(bound)
        mine = default(connection)
    if mine.slack_team_id != team_id:
        raise Refused(
            f"This database belongs to Slack team {mine.slack_team_id}, and SLACK_BOT_TOKEN is of team {team_id}.",
            "Use the token of that team, or another database.",
        )
    return mine


def _of_team(connection: sa.Connection, team_id: str) -> Workspace | None:
    w = tables.workspace.c
    row = connection.execute(
        sa.select(w.workspace_id, w.name, w.slack_team_id).where(w.slack_team_id == team_id)
    ).one_or_none()
    return None if row is None else Workspace(*row)


def of_team(connection: sa.Connection, team_id: str) -> str | None:
    """The workspace of a Slack team; None, too, once it has left. team_id comes from a verified request, never from what a person typed."""
    w = tables.workspace.c
    served = sa.select(w.workspace_id).where(w.slack_team_id == team_id, is_served(w.workspace_id))
    found: str | None = connection.execute(served).scalar_one_or_none()
    return found


def exists(connection: sa.Connection, workspace: str) -> bool:
    w = tables.workspace.c
    return connection.execute(sa.select(w.workspace_id).where(w.workspace_id == workspace)).first() is not None


def linked_customer(connection: sa.Connection, workspace: str, slack_channel_id: str) -> CustomerName | None:
    h, c = tables.channel.c, tables.customer.c
    row = connection.execute(
        sa.select(c.id, c.slug, c.name, c.domain)
        .join_from(tables.channel, tables.customer, sa.and_(h.workspace_id == c.workspace_id, h.customer_id == c.id))
        .where(h.workspace_id == workspace, h.slack_channel_id == slack_channel_id)
    ).one_or_none()
    return None if row is None else CustomerName(*row)


def link(connection: sa.Connection, workspace: str, slack_channel_id: str, customer_id: str | None) -> bool:
    """Bind a channel to a customer, or to nobody. Returns whether that changed anything."""
    h = tables.channel.c
    if customer_id is None:
        here = sa.and_(h.workspace_id == workspace, h.slack_channel_id == slack_channel_id)
        return connection.execute(tables.channel.delete().where(here).returning(h.slack_channel_id)).first() is not None
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = {"workspace_id": workspace, "slack_channel_id": slack_channel_id, "customer_id": customer_id}
    bound = insert(tables.channel).on_conflict_do_update(
        index_elements=["workspace_id", "slack_channel_id"],
        set_={"customer_id": customer_id},
        where=h.customer_id != customer_id,
    )
    return connection.execute(bound.returning(h.slack_channel_id), row).first() is not None


def keep(connection: sa.Connection, workspace: str, kept: Mapping[str, str]) -> None:
    """Keep queries by the hash of their text; one that is kept already is the same."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    rows = [{"workspace_id": workspace, "hash": name, "text": text} for name, text in sorted(kept.items())]
    if rows:
        connection.execute(insert(tables.saved_query).on_conflict_do_nothing(), rows)


def kept(connection: sa.Connection, workspace: str, name: str) -> str | None:
    q = tables.saved_query.c
    found: str | None = connection.execute(
        sa.select(q.text).where(q.workspace_id == workspace, q.hash == name)
    ).scalar_one_or_none()
    return found
