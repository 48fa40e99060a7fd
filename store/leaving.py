"""What becomes of what still waits in a workspace that has left: it is given up, with the reason, and nothing of it comes back by itself.

The record, the history, schedules and watches stay as they are. Nothing is claimed for them meanwhile (served.py).
"""

from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from store import nudged, outbox, tables
from store.domain.nudge import NudgeState
from store.outbox import GivenUp
from store.watching import watches

UNINSTALLED: Final = "uninstalled"
"""The error of what was given up."""


def stop(connection: sa.Connection, workspace: str) -> None:
    """Give up what waits. What takes an erased name out of Slack goes on waiting; what may be being sent at this moment, its worker settles."""
    for delivery in outbox.cancel(connection, workspace, UNINSTALLED):
        nudged.settled(connection, delivery, GivenUp(UNINSTALLED))
    n, e, t = tables.nudge.c, tables.export.c, tables.slot.c
    unposted = sa.and_(n.state == NudgeState.STANDING.value, n.posted_at.is_(None))
    _set(connection, tables.nudge, workspace, unposted, {"state": NudgeState.FAILED.value, "error": UNINSTALLED})
    ended = {"state": "cancelled", "error": UNINSTALLED, "lease_by": None, "lease_until": None}
    _set(connection, tables.export, workspace, e.state.in_(("pending", "running")), ended)
    skipped = {"state": "skipped", "lease_by": None, "lease_until": None}
    _set(connection, tables.slot, workspace, t.state.in_(("pending", "working")), skipped)


def resume(connection: sa.Connection, workspace: str) -> None:
    """It is installed again: what was written down meanwhile is given up, too, and watches look from here."""
    stop(connection, workspace)
    watches.look_from_here(connection, workspace)


def _set(
    connection: sa.Connection, table: sa.Table, workspace: str, which: sa.ColumnElement[bool], to: Mapping[str, Any]
) -> None:
    connection.execute(table.update().where(table.c.workspace_id == workspace, which).values(to))
