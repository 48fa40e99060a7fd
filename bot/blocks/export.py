"""An export on its way: that it was taken on, how far it is, what it holds in the end, or why there is none."""

from datetime import datetime

from bot.blocks import kit, phrases
from bot.blocks.kit import Element, Message
from bot.blocks.problem import problem
from store.domain.errors import PivotalError
from store.domain.export import Export, Made
from store.domain.query import Page

CANCEL = "export:cancel"
HERE = "export:here"
"""Of the button that sends the same file to the channel besides."""

NAME = 80
"""Characters of a customer's name."""


def taken_on(export: Export, page: Page, *, offered: bool, is_new: bool) -> Message:
    """The answer to whoever asked. offered: whether the channel may have it, too."""
    name = phrases.shown(page.customer.name, NAME)
    text = f"{name}: the export is on its way; the file comes to your direct messages with me."
    if not is_new:
        text = f"{name}: that export {'was sent' if export.state == 'done' else 'is on its way'} already."
    buttons = [kit.button("To this channel, too", HERE, export.id)] if offered else []
    return _with(text, [*buttons, _cancel(export)])


def under_way(export: Export, page: Page, rows: int, about: int | None) -> Message:
    name = phrases.shown(page.customer.name, NAME)
    far = "being prepared" if about is None else f"{rows:,} of about {about:,} rows"
    return _with(f"Export of {name}: {far}.", [_cancel(export)])


def taken_back() -> Message:
    return _with("That export was deleted, since a contact was removed. Export it again for how it reads now.", [])


def receipt(export: Export, page: Page, made: Made, kept_since: datetime | None) -> str:
    """What exactly the file holds, in one line of plain text; with the digest, by which it can be told from any other.

    kept_since  what was recorded up to then is no longer kept; None: everything is
    """
    what = " ".join([counted(made.rows), ", ".join(phrases.filters(page, NAME))]).rstrip()
    asked_at = phrases.when(export.reader.now, export.reader.zone)
    name = phrases.shown(page.customer.name, NAME)
    holds = f"{name}: {what}, {phrases.window(page)}, as of {asked_at}, up to entry {export.upto}."
    if kept_since is not None and (page.since is None or page.since <= kept_since):
        holds += f" {phrases.kept(kept_since, export.reader.zone)}"
    return f"{holds} SHA-256 {made.sha256}"


def delivered(page: Page, made: Made, aside: str | None) -> Message:
    """aside: why the file is not where it was asked to go."""
    name = phrases.shown(page.customer.name, NAME)
    text = f"Export of {name}: done, {counted(made.rows)}."
    return _with(f"{text} {aside}" if aside else text, [])


def cancelled(page: Page) -> Message:
    return _with(f"Export of {phrases.shown(page.customer.name, NAME)}: cancelled. No file was sent.", [])


def failed(page: Page, error: PivotalError) -> Message:
    name = phrases.shown(page.customer.name, NAME)
    return problem(PivotalError(f"Export of {name}: there is no file. {error.sentence}", error.hint))


def counted(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows:,} rows"


def _cancel(export: Export) -> Element:
    return kit.button("Cancel", CANCEL, export.id)


def _with(text: str, buttons: list[Element]) -> Message:
    return Message(text, (kit.section(kit.plain(text)), *([kit.actions(*buttons)] if buttons else [])))
