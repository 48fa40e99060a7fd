"""How much there is to do, of all workspaces: counts and ages, and nothing of anybody's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from store.engine import database_clock
from store.tables import export, inbox, nudge, outbox

NOT_SENT = ("pending", "sending", "failed")
NOT_APPLIED = ("pending", "working", "parked", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """outbox by kind and state, inbox by provider and state, without what is done; exports by state; nudges by rule and state.

    The ages are those of the oldest that is still to be sent, or applied; zero when there is none.
    now: by the database's clock, when they were read
    """

    now: datetime

    outbox: Mapping[tuple[str, str], int]
    outbox_age: timedelta
    inbox: Mapping[tuple[str, str], int]
    inbox_age: timedelta
    exports: Mapping[str, int]
    nudges: Mapping[tuple[str, str], int]


def figures(connection: sa.Connection) -> Figures:
    now = database_clock(connection)
    o, i, n, e = outbox.c, inbox.c, nudge.c, export.c

    def pairs(
        first: sa.Column[str], state: sa.Column[str], *where: sa.ColumnElement[bool]
    ) -> dict[tuple[str, str], int]:
        counted = sa.select(first, state, sa.func.count()).where(*where).group_by(first, state)
        return {(one, two): count for one, two, count in connection.execute(counted)}

    def age(statement: sa.Select[sa.Row]) -> timedelta:  # type: ignore[type-arg]  # the row of one instant
        oldest = connection.execute(statement).scalar_one()
        return timedelta() if oldest is None else max(now - oldest, timedelta())

    counted = sa.select(e.state, sa.func.count()).group_by(e.state)
    return Figures(
        now=now,
        outbox=pairs(o.kind, o.state, o.state.in_(NOT_SENT)),
        outbox_age=age(sa.select(sa.func.min(o.created_at)).where(o.state.in_(NOT_SENT[:2]))),
        inbox=pairs(i.provider, i.state, i.state.in_(NOT_APPLIED)),
        inbox_age=age(sa.select(sa.func.min(i.received_at)).where(i.state.in_(NOT_APPLIED[:2]))),
        exports=dict(connection.execute(counted).all()),
        nudges=pairs(n.rule, n.state),
    )
