"""What can be typed, in tables: one source for help in Slack, `--help` in a terminal and the hints of errors.

Examples start with the command's word; `typed` puts `/pivotal` before them. Where the command has another name, or in a terminal,
`called` rewrites a finished sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PROGRAM: Final = "/pivotal"


@dataclass(frozen=True, slots=True)
class Usage:
    """One command: how it is typed, what it does in one line, examples to copy."""

    word: str
    synopsis: str
    purpose: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: its flags' names without dashes, how it is typed, what it does in one line, an example to copy."""

    flags: tuple[str, ...]
    synopsis: str
    purpose: str
    example: str


USAGE: Final = (
    Usage(
        "history",
        "history [CUSTOMER] [FILTER…]",
        "What happened to a customer, newest first. In a linked channel CUSTOMER may be left out.",
        (
            "history acme",
            "history acme --actor pi --30d",
            'history "Acme Corp" --actor me,"Sam Lee" --type task,nudge',
            "history acme.com --field plan --from 2026-01-01 --to 2026-03-31",
        ),
    ),
    Usage(
        "customer",
        "customer CUSTOMER | customer add NAME [field=value …] | customer list [words]",
        "A customer's card with its fields, tasks, contacts and buttons to change them; or a new customer; or which there are.",
        ("customer acme", 'customer add "Acme Corp" plan=Starter owner=@sam', "customer list"),
    ),
    Usage(
        "set",
        "set [CUSTOMER] field=value …",
        "Change fields, all at once: name, domain, owner, plan, health, tags, or your own. An empty value clears.",
        ('set acme plan="Growth Plus" owner=@sam', "set acme tags=+vip,-trial", "set acme health=72"),
    ),
    Usage(
        "status",
        "status [CUSTOMER] STATUS [reason]",
        "Move a customer to active, at_risk, churned or archived.",
        ("status acme at_risk their champion has left",),
    ),
    Usage(
        "comment",
        "comment [CUSTOMER] text",
        "Write something down. @Ann names a contact or a person.",
        ("comment acme Called them, all is well",),
    ),
    Usage(
        "phase",
        "phase [CUSTOMER] [ONBOARDING] PHASE",
        "Move an onboarding to another phase.",
        ("phase acme Training", 'phase acme "Acme onboarding" Go-live'),
    ),
    Usage("onboarding", "onboarding start [CUSTOMER] [NAME]", "Begin an onboarding.", ("onboarding start acme",)),
    Usage(
        "task",
        "task add|done|reopen [CUSTOMER] title or #id [due=DATE] [@person]",
        "Add a task, complete it, reopen it.",
        ('task add acme "Send the contract" due=2026-12-01 @sam', 'task done acme "Send the contract"'),
    ),
    Usage(
        "contact",
        "contact add|archive|restore [CUSTOMER] name [email] [primary]",
        "Add a person at the customer, archive them, bring them back.",
        ('contact add acme "Ann Lee" ann@acme.com primary', 'contact archive acme "Ann Lee"'),
    ),
    Usage(
        "blame",
        "blame [CUSTOMER] [field]",
        "Who last set each field, when, and from what.",
        ("blame acme", "blame acme plan"),
    ),
    Usage(
        "show",
        "show [CUSTOMER] --at DATE",
        "The record as it was when that day ended, and what has changed since.",
        ("show acme --at 2026-02-28",),
    ),
    Usage(
        "export",
        "export [CUSTOMER] [FILTER…]",
        "What history shows, as a CSV file in your direct messages: one row per changed field.",
        ("export acme", "export acme --actor hubspot --7d"),
    ),
    Usage("verify", "verify [CUSTOMER]", "Whether a history is as it was recorded, entry for entry.", ("verify acme",)),
    Usage("undo", "undo", "Take back your last edit, within the hour.", ("undo",)),
    Usage("link", "link CUSTOMER", "Make this channel a customer's: here CUSTOMER may be left out.", ("link acme",)),
    Usage("unlink", "unlink", "This channel is no customer's any more.", ("unlink",)),
    Usage(
        "field",
        "field add NAME TYPE [choices] | field list",
        "Your own fields: text, number, date, choice, person or link.",
        ("field add Segment choice SMB,Enterprise", "field list"),
    ),
    Usage(
        "unlinked",
        "unlinked",
        "What HubSpot and Stripe told of customers that are not known here, to link or to create them.",
        ("unlinked",),
    ),
    Usage(
        "nudges",
        "nudges [[digest] hourly|daily|weekdays|weekly DAY HH:MM [#channel] [FILTER…]] | nudges run now | nudges pause|resume|delete N | nudges health",
        "When Pi looks at the customers, and posts what needs somebody: --risk, --attention, --customer, --owner me, --tag vip.",
        ("nudges weekdays 09:00", "nudges weekly Mon 09:00 --risk --owner me", "nudges run now", "nudges health"),
    ),
    Usage(
        "watch",
        "watch [CUSTOMER] [#channel] [FILTER…] | watch --owner O | --tag T | --all …",
        "Have what is recorded of a customer, or of several, told as it comes: in a channel, or to you in direct messages.",
        (
            "watch acme --type status_changed,pi.nudge",
            "watch --owner me --not-actor me",
            "watch --tag vip --field plan",
        ),
    ),
    Usage("watches", "watches", "The watches of channels, and your own.", ("watches",)),
    Usage("unwatch", "unwatch N", "Remove a watch, by its number.", ("unwatch 2",)),
    Usage("settings", "settings", "Who may do what, and the phases of an onboarding. For admins.", ("settings",)),
    Usage("help", "help [COMMAND]", "What you can type, or more about one command.", ("help", "help history")),
)

FILTERS: Final = (
    Filter(
        ("actor", "not-actor"),
        "--actor A[,A…]",
        "By whom: me, @person or a name, pi, hubspot, stripe, slack (all that came through Slack), api. --not-actor leaves them out.",
        'history acme --actor pi,"Sam Lee"',
    ),
    Filter(
        ("type", "not-type"),
        "--type T[,T…]",
        "Of which kind: a full name (pi.nudge), its last part (nudge) or its family (task). --not-type leaves it out.",
        "history acme --type nudge,task",
    ),
    Filter(
        ("field",),
        "--field F[,F…]",
        "Only what changed this field; status and phase are fields too.",
        "history acme --field plan,status",
    ),
    Filter(("30d",), "--7d, --30d, --90d, --Nd", "The last N days, 1 to 3650.", "history acme --30d"),
    Filter(
        ("from", "to"),
        "--from DATE [--to DATE]",
        "Your days, both included. Without a window: all time.",
        "history acme --from 2026-02-01 --to 2026-02-28",
    ),
    Filter(
        ("before", "after"),
        "--before PLACE, --after PLACE",
        "The page that is older or newer than a place in the history, as the page buttons write it.",
        "history acme --before 1763900000123456.12",
    ),
    Filter(("open",), "--open N[,N…]", "Show these entries with their details.", "history acme --open 12,15"),
    Filter(("table",), "--table", "As a table.", "history acme --30d --table"),
)

EXAMPLE: Final = "history acme --actor pi --30d"

ELSEWHERE: Final[Mapping[str, str]] = {
    **dict.fromkeys(("by", "user", "users", "who", "author", "person", "people"), "actor"),
    **dict.fromkeys(("me", "pi", "hubspot", "stripe", "slack", "api"), "actor"),
    **dict.fromkeys(("event", "events", "kind", "action"), "type"),
    **dict.fromkeys(("column", "property", "attribute"), "field"),
    **dict.fromkeys(("since", "start", "begin", "after"), "from"),
    **dict.fromkeys(("until", "till", "end", "before"), "to"),
    **dict.fromkeys(("last", "days", "day", "window", "range", "period", "date"), "30d"),
}
"""What our flags are called elsewhere: which one to suggest for it."""


def example_of(flag: str | None) -> str:
    """The example to show for a flag's name; for none, or one that we do not have, an example of several."""
    return next((each.example for each in FILTERS if flag in each.flags), EXAMPLE)


def typed(example: str) -> str:
    """An example as people type it, to stand in a sentence."""
    return f"`{PROGRAM} {example}`"


def called(sentence: str, program: str) -> str:
    """A sentence whose commands read `/pivotal …`, for where the program goes by another name: `pivotal`, `/pivotal-test`."""
    return sentence.replace(f"`{PROGRAM} ", f"`{program} ").replace(f"`{PROGRAM}`", f"`{program}`")
