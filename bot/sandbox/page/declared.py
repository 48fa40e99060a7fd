"""What the page has to be told of the app and of the workspace, since neither says it of itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Cast:
    """Somebody whom one can act as: their id, and what they may do, in a word or two."""

    user: str
    role: str


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One of the app's shortcuts, as its manifest names it. on: "global" or "message"."""

    name: str
    callback_id: str
    on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """cast     whom one can act as; the first at first
    topics   a line about a channel, by its id
    hints    commands to try
    commands, shortcuts, events  what the app's manifest declares; without app_home_opened among the events it has no Home tab
    """

    title: str = "Pivotal"
    cast: Sequence[Cast]
    topics: Mapping[str, str] = field(default_factory=dict)
    hints: Sequence[str] = ()
    commands: Sequence[str] = ("/pivotal",)
    shortcuts: Sequence[Shortcut] = ()
    events: Sequence[str] = ("app_home_opened",)
