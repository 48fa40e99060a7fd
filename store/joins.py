"""Joins that are done as they stand, whatever a database believes of its tables. Those that have just grown it believes to be empty, and then
reads all of one for each row of the other.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles


class CrossJoin(sa.Join):
    """SQLite reads the tables of a CROSS JOIN in the order in which they stand; those of any other join in the order that it likes."""

    inherit_cache = True

    def __init__(self, left: sa.FromClause, right: sa.FromClause) -> None:
        super().__init__(left, right, sa.true())


@compiles(CrossJoin)
def _cross_join(join: CrossJoin, compiler: Any, **kw: Any) -> str:
    left, right = (compiler.process(side, **kw | {"asfrom": True}) for side in (join.left, join.right))
    return f"{left} CROSS JOIN {right}"


def for_each(
    connection: sa.Connection, left: sa.FromClause, found: sa.Select[Any], of: sa.FromClause
) -> sa.Select[Any]:
    """What `found` finds in the table `of` for each row of `left`, to which its conditions refer. What is asked of `left` alone is for the
    caller to add, and so is an order.
    """
    if connection.dialect.name == "postgresql":
        # The OFFSET keeps PostgreSQL from making one join of both.
        part = found.select_from(of).offset(sa.literal_column("0")).correlate_except(of).lateral("part")
        return sa.select(part).select_from(left.join(part, sa.true()))
    return found.select_from(CrossJoin(left, of))
