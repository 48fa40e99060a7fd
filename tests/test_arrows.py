"""The arrows between the parts: what may import what, read from the source. A crossing is named by its module, line and import."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("bot", "store")

FRONTS = ("bot.listeners", "bot.webhooks", "bot.api", "bot.install", "bot.cli")
"""Edges that somebody calls: Slack, other programs, a terminal."""
EDGES = (*FRONTS, "bot.demo", "bot.jobs", "bot.web", "bot.socket")
DOORS = ("bot.webhooks.routes", "bot.webhooks.signatures")
TRANSLATIONS = ("bot.webhooks.hubspot", "bot.webhooks.stripe", "bot.webhooks.payload")
"""The bytes of a delivery → values."""
STARTERS = ("bot.app", "bot.processes", "bot.cli", "bot.demo")
"""Who puts the parts together, and who starts what does."""
STANDARD = tuple(sys.stdlib_module_names)


def within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What the modules within `of`, but for those within `but`, import.

    only   nothing else, ours or not
    ours   of our own modules nothing else
    never  none of these
    names  nothing that is called so, wherever it comes from
    """

    says: str
    of: tuple[str, ...] = OURS
    but: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def forbids(self, module: str, imported: str) -> bool:
        if not within(module, *self.of) or within(module, *self.but):
            return False
        return (
            (bool(self.only) and not within(imported, *self.only))
            or (bool(self.ours) and within(imported, *OURS) and not within(imported, *self.ours))
            or within(imported, *self.never)
            or imported.rpartition(".")[2] in self.names
        )


RULES = (
    Rule(says="store knows nothing of Slack", of=("store",), never=("bot", "slack_sdk", "slack_bolt", "aiohttp")),
    Rule(says="domain is pure", of=("store.domain",), only=("store.domain", *STANDARD)),
    Rule(
        says="blocks are pure",
        of=("bot.blocks",),
        only=("bot.blocks", "bot.limits", "store.domain", "pydantic_core", *STANDARD),
    ),
    Rule(says="an edge asks the Store", of=EDGES, never=("sqlalchemy", "alembic", "asyncpg", "store.tables")),
    Rule(says="only who starts the process reads settings", but=(*STARTERS, "bot.settings"), names=("Settings",)),
    Rule(says="only who starts the process puts it together", but=STARTERS, never=("bot.app", "bot.processes")),
    Rule(says="only slack.py calls Slack", but=("bot.slack",), names=("AsyncWebClient", "WebClient")),
    Rule(says="the stand-in is not the app", of=("bot.sandbox",), ours=("bot.sandbox", "bot.limits")),
    Rule(says="only a terminal starts the demo", but=("bot.cli", "bot.demo"), never=("bot.demo",)),
    # A click that shares waits for the outbox, so the way to jobs is open. Back leads only what translates a stored delivery.
    Rule(says="jobs call no edge", of=("bot.jobs",), never=("bot.listeners", "bot.api", "bot.cli", *DOORS)),
    Rule(says="translation is pure", of=TRANSLATIONS, only=(*TRANSLATIONS, "store.domain", "pydantic", *STANDARD)),
    *(Rule(says="one edge calls no other", of=(one,), never=tuple({*FRONTS} - {one})) for one in FRONTS),
)
CLOCKLESS = ("store.domain", "bot.blocks")
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic"}


def crossings(source: str, module: str, *, is_package: bool = False) -> Iterator[str]:
    tree = ast.parse(source)
    for line, imported in _imports(tree, module, is_package=is_package):
        for rule in RULES:
            if rule.forbids(module, imported):
                yield f"{module}:{line} imports {imported}: {rule.says}"
    if within(module, *CLOCKLESS):
        yield from (f"{module}:{line} reads the clock" for line in _clock_reads(tree))


def _imports(tree: ast.AST, module: str, *, is_package: bool) -> Iterator[tuple[int, str]]:
    """The line of each import, wherever it stands, and the full name of what it brings in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = module.split(".")
            above = parts[: len(parts) - node.level + is_package] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def _clock_reads(tree: ast.AST) -> Iterator[int]:
    """The line of each call such as `datetime.now()`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            of = node.func.value
            if (of.id if isinstance(of, ast.Name) else getattr(of, "attr", "")) in {"datetime", "date", "time"}:
                yield node.lineno


def modules() -> Iterator[tuple[str, Path]]:
    for part in OURS:
        for path in sorted((ROOT / part).rglob("*.py")):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path


def test_no_import_crosses_an_arrow() -> None:
    crossed = [
        crossing
        for module, path in modules()
        for crossing in crossings(path.read_text(), module, is_package=path.name == "__init__.py")
    ]
    assert crossed == []


@pytest.mark.parametrize(
    "module, source, says",
    [
        ("store.feed", "import os\nfrom bot.slack import Slack", "store.feed:2 imports bot.slack.Slack: store knows nothing of Slack"),
        ("store.feed", "def f():\n    import bot", "store.feed:2 imports bot: store knows nothing of Slack"),
        ("store.domain.query", "import sqlalchemy as sa", "imports sqlalchemy: domain is pure"),
        ("store.domain.query", "from store.actors import folded", "imports store.actors.folded: domain is pure"),
        ("store.domain.query", "from datetime import datetime\n\nnow = datetime.now()", "store.domain.query:3 reads the clock"),
        ("bot.blocks.feed", "import datetime\ndatetime.datetime.now(None)", "bot.blocks.feed:2 reads the clock"),
        ("bot.blocks.feed", "from bot.settings import SLACK_API", "imports bot.settings.SLACK_API: blocks are pure"),
        ("bot.listeners.history", "from store import tables", "imports store.tables: an edge asks the Store"),
        ("bot.listeners.history", "from bot.settings import Settings", "only who starts the process reads settings"),
        ("bot.listeners.history", "from bot import app", "only who starts the process puts it together"),
        ("bot.listeners.history", "from bot.webhooks.hubspot import activities", "one edge calls no other"),
        ("bot.jobs.nudges", "from bot.listeners import history", "jobs call no edge"),
        ("bot.jobs.apply", "from bot.webhooks import routes", "jobs call no edge"),
        ("bot.webhooks.stripe", "import aiohttp", "translation is pure"),
        ("bot.answers", "from slack_sdk.web.async_client import AsyncWebClient", "only slack.py calls Slack"),
        ("bot.sandbox.server", "from store import Store", "the stand-in is not the app"),
        ("bot.sandbox", "from ..settings import read", "bot.sandbox:1 imports bot.settings.read: the stand-in is not the app"),
        ("bot.sandbox.server", "from ..slack import Slack", "imports bot.slack.Slack: the stand-in is not the app"),
    ],
)  # fmt: skip
def test_a_crossing_is_named_with_its_line(module: str, source: str, says: str) -> None:
    assert any(says in found for found in crossings(source, module, is_package=module == "bot.sandbox"))


@pytest.mark.parametrize(
    "module, source",
    [
        ("bot.sandbox.server", "import aiohttp\nfrom bot import limits\nfrom bot.sandbox.core import Core"),
        ("bot.cli.serving", "from bot import app\nfrom bot.settings import Settings\nfrom store.engine import connect"),
        ("bot.listeners.history", "from bot.jobs.deliver import Deliverer\nfrom store import Store"),
        ("bot.jobs.apply", "from bot.webhooks import hubspot, stripe"),
        ("bot.blocks.feed", "from datetime import datetime, time\nfrom store.domain.query import Page\ntime()"),
        ("store.domain.query", "from .errors import code"),
    ],
)
def test_what_is_drawn_may_be_imported(module: str, source: str) -> None:
    assert list(crossings(source, module)) == []
