"""What the browser of somebody who installs the app is shown. Pure: text in, HTML out, nothing loaded from anywhere."""

from collections.abc import Sequence
from html import escape
from typing import Final

from bot.manifest import WITHOUT, missing
from store.install_states import Return

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""The address of the page has secrets in it that are used up by then, and goes nowhere."""

STRAYED: Final = {
    Return.UNKNOWN: "This installation was not begun here, or was finished before.",
    Return.EXPIRED: "This installation was begun more than ten minutes ago.",
    Return.ELSEWHERE: "This installation was begun in another browser.",
}
DENIED: Final = "Slack says that the installation was cancelled."
UNFINISHED: Final = "Slack did not let the installation through."
NOTHING: Final = "Nothing was installed."
BUSY: Final = "Too many installations are begun at this moment. Wait a minute."


def installed(team: str, scopes: Sequence[str]) -> str:
    """Done; with what cannot be done for want of a scope."""
    needed, optional = missing(scopes)
    told = [f"Type /pivotal history and a customer's name in Slack. Now {team} has a place of its own here."]
    if needed:
        told.append(f"Not granted, and needed: {', '.join(needed)}. Install it again, or some commands will fail.")
    told += [f"Not granted: {scope}. Without it {WITHOUT[scope]}." for scope in optional]
    return page(f"Pivotal is installed in {team}", told)


def refused(*sentences: str) -> str:
    """Nothing was done, and why."""
    return page("Pivotal was not installed", [*sentences, NOTHING], again=True)


def page(title: str, paragraphs: Sequence[str], *, again: bool = False) -> str:
    """again: with a link to the beginning, beside this page."""
    said = "\n".join(f"<p>{escape(each)}</p>" for each in paragraphs)
    link = '\n<p><a href="install">Begin again</a></p>' if again else ""
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title>\n<h1>{escape(title)}</h1>\n{said}{link}\n</html>\n"
    )
