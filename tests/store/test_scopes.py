"""Every piece of work says whose rows it is about: nothing is asked of the database that could be about anybody's."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.promise(id="S6")

ASKS = {"read", "write"}
"""A Database's methods for work on rows; `alter` is the owner's."""
HANDED_ON = {"timed.py", "replica.py"}
"""A Database around another: it has the workspace from who asked."""


def _asked(path: Path) -> Iterator[ast.Call]:
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in ASKS:
            of = ast.unparse(call.func.value).rpartition(".")[2].removeprefix("_")
            if of in {"database", "patient"}:
                yield call


def _said(call: ast.Call) -> str | None:
    given = call.args[1:2] or [each.value for each in call.keywords if each.arg == "workspace"]
    return ast.unparse(given[0]) if given else None


def test_the_store_says_of_which_workspace_it_asks() -> None:
    paths = [path for path in sorted(Path("store").rglob("*.py")) if path.name not in HANDED_ON]
    asked = [(path, call) for path in paths for call in _asked(path)]
    assert len(asked) > 100
    assert [f"{path}:{call.lineno}" for path, call in asked if _said(call) is None] == []


LOOKS_ACROSS = {
    "access.py": 1,  # a key says whose it is
    "deliveries.py": 2,
    "exports/__init__.py": 1,
    "installing.py": 6,
    "nudging/__init__.py": 3,
    "programs.py": 1,
    "recalling.py": 1,
    "retention.py": 1,
    "store.py": 6,
    "watching/__init__.py": 1,
}
"""How often, by file. One more wants a reason, and a policy that lets it (migrations/versions/0006_second_wall.py)."""


def test_only_what_is_due_and_whose_it_is_are_looked_for_across_workspaces() -> None:
    found = {
        str(path.relative_to("store")): count
        for path in sorted(Path("store").rglob("*.py"))
        if path.name not in HANDED_ON and (count := sum("ACROSS" in (_said(call) or "") for call in _asked(path)))
    }
    assert found == LOOKS_ACROSS
