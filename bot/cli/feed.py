"""A page of a history → lines and a table for a terminal. Stored text in it is never read as markup, nor as orders to the terminal."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.blocks import phrases
from bot.blocks.activity import SOURCES
from bot.blocks.kit import END_ISOLATE, ISOLATE, is_right_to_left
from bot.cli.terminal import PROGRAM, shown
from store.domain.activity import Activity, Change, printed
from store.domain.errors import UsageError
from store.domain.grammar import format_history, parse_history
from store.domain.query import HistoryQuery, Page
from store.domain.words import Mark, Word, from_arguments, quote, words

ROOMY: Final = 110
"""Characters of a line from which on each thing has a column of its own."""
INLINE: Final = 300
"""Characters of a value before it is cut: there is more room than in Slack."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The command as it was typed: those that lead on from it are written in the same words."""

    query: HistoryQuery
    as_name: str | None = None

    def command(self, query: HistoryQuery) -> str:
        """The command line that asks this, quoted for a shell; its arguments in quotes of their own only where they would mean
        something else without.
        """
        read = words(format_history(query))
        bare = [word.text for word in read]
        kept = bare if _mean(bare, query) else [_argument(word) for word in read]
        named = [] if self.as_name is None else ["--as", self.as_name]
        return " ".join(map(shlex.quote, [PROGRAM, "history", *kept, *named]))


def _mean(arguments: Sequence[str], query: HistoryQuery) -> bool:
    try:
        return parse_history(from_arguments(arguments)) == query
    except UsageError:
        return False


def _argument(word: Word) -> str:
    """The word as one argument, in which commas and quotes mean what they did."""
    return "".join(quote(part.text, always=True) if part.mark is Mark.QUOTED else part.text for part in word.parts)


def show(console: Console, page: Page, typed: Typed) -> None:
    """Print the page. Where no terminal reads along, an entry is one line, without the spaces that fill up a column."""
    console.print(Text(shown(phrases.summary(page)), style="bold"), soft_wrap=True)
    console.print()
    if not page.entries:
        console.print(Text(shown(phrases.advice(page))))
    elif console.is_terminal:
        console.print(_columns(page) if console.width >= ROOMY else _stacked(page))
    else:
        with console.capture() as captured:
            console.print(_columns(page) if console.width >= ROOMY else _stacked(page))
        for line in captured.get().splitlines():
            console.out(line.rstrip())
    if page.entries and page.kept_since is not None:
        console.print(Text(f"\n{phrases.kept(page.kept_since, page.reader.zone)}", style="dim"), soft_wrap=True)
    for place, (label, query) in enumerate(_leading_on(page, typed.query)):
        lead = "" if place else "\n"
        console.print(Text.assemble(lead, (f"{label:9}", "dim"), shown(typed.command(query))), soft_wrap=True)


def _columns(page: Page) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("#", justify="right", style="dim", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("When", no_wrap=True)
    table.add_column("Who", overflow="fold", max_width=24)
    table.add_column("Type", overflow="fold", style="dim")
    table.add_column("What", overflow="fold")
    for entry in page.entries:
        table.add_row(
            str(entry.seq),
            phrases.icon(entry)[0],
            phrases.when(entry.occurred_at, page.reader.zone),
            Text(shown(phrases.who(entry, page.names))),
            Text(shown(entry.kind)),
            _said(phrases.what(entry, page.names, INLINE, ids=True), entry, page),
        )
    return table


def _stacked(page: Page) -> Table:
    """For a narrow terminal: what the columns hold, below each other."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for entry in page.entries:
        about = f"{phrases.when(entry.occurred_at, page.reader.zone)} · {entry.kind}"
        said = _said(phrases.line(entry, page.names, INLINE, ids=True), entry, page)
        table.add_row(str(entry.seq), phrases.icon(entry)[0], Text.assemble((shown(about), "dim"), "\n", said))
    return table


def _said(line: str, entry: Activity, page: Page) -> Text:
    said = Text(shown(line))
    if entry.seq in page.query.opened:
        for detail in _details(entry, page):
            said.append("\n  " + shown(detail).replace("\n", "\n  "))
    return said


def _details(entry: Activity, page: Page) -> Iterator[str]:
    """All of an entry, its values in full."""
    for change in entry.changes:
        yield f"{change.field}: {_sides(change, page.names)}"
    if entry.text and not entry.redacted:
        yield f"text: {entry.text}"
    if entry.onboarding_id:
        yield f"onboarding: {entry.onboarding_id}"
    happened, recorded = (_exactly(instant, page) for instant in (entry.occurred_at, entry.recorded_at))
    yield f"by way of {SOURCES[entry.source]} · happened {happened} · recorded {recorded}"


def _sides(change: Change, names: phrases.Names) -> str:
    if isinstance(change.old, tuple) and isinstance(change.new, tuple):
        return phrases.list_diff(change.old, change.new)
    old, new = (_apart(printed(side, names)) for side in (change.old, change.new))
    if change.field in phrases.OBJECT_FIELDS and not (old and new):
        return new or old or phrases.NOTHING
    return f"{old or phrases.NOTHING} → {new or phrases.NOTHING}"


def _apart(text: str) -> str:
    """What is written from right to left, kept apart: otherwise old → new would be read as new, then old."""
    return f"{ISOLATE}{text}{END_ISOLATE}" if is_right_to_left(text) else text


def _exactly(instant: datetime, page: Page) -> str:
    return f"{instant.astimezone(page.reader.zone):%Y-%m-%d %H:%M:%S}"


def _leading_on(page: Page, asked: HistoryQuery) -> Iterator[tuple[str, HistoryQuery]]:
    more = [each.seq for each in page.entries if each.seq not in page.query.opened and _holds_back(each, page.names)]
    if more:
        yield "Details", asked.toggled(more[0])
    if page.newer is not None:
        yield "Newer", asked.newer_than(page.newer)
    if page.older is not None:
        yield "Older", asked.older_than(page.older)


def _holds_back(entry: Activity, names: phrases.Names) -> bool:
    """Whether its line tells less than there is: it counts the fields, or cuts a value."""
    told = [change for change in entry.changes if change.field not in phrases.OBJECT_FIELDS]
    values = [printed(side, names) for change in entry.changes for side in (change.old, change.new)]
    return len(told) > phrases.INLINE_CHANGES or any(len(value) > INLINE for value in (*values, entry.text or ""))
