"""Whether anything may be done in Slack for a workspace: not for one that has left. Whoever claims work asks by this."""

from typing import Any

import sqlalchemy as sa

from store import tables

INSTALLED = "installed"
LEFT = "left"


def is_served(workspace_id: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Of the workspace in this column. One without an installation of its own is served by the token in the environment."""
    i = tables.installation.c
    return ~sa.exists().where(i.workspace_id == workspace_id, i.state == LEFT)
