"""Text ↔ what is to be written. The customer that stands first has been taken off by then; each parse has its format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from store.domain.customer import CUSTOM_TYPES, STATUSES, Assignment, FieldType, day, key_of
from store.domain.errors import UsageError, code
from store.domain.words import Mark, Part, Word, quote

ADD, DONE, REOPEN = "add", "done", "reopen"
TASK_ACTIONS = (ADD, DONE, REOPEN)
CONTACT_ACTIONS = ("add", "archive", "restore", "delete")
PRIMARY = "primary"


@dataclass(frozen=True, slots=True)
class StatusMove:
    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PhaseMove:
    """onboarding: id or name; None for the only open one."""

    phase: str
    onboarding: str | None = None


@dataclass(frozen=True, slots=True)
class TaskWords:
    """title: for done and reopen also `#id`. assignee: a mention, or a name behind an @."""

    title: str
    due: date | None = None
    assignee: str | None = None


@dataclass(frozen=True, slots=True)
class ContactWords:
    name: str
    email: str | None = None
    primary: bool = False


@dataclass(frozen=True, slots=True)
class FieldWords:
    name: str
    type: FieldType
    choices: tuple[str, ...] = ()


def before_assignments(words: Sequence[Word]) -> tuple[Sequence[Word], Sequence[Word]]:
    """The words before the first `field=value`, which name a customer, and the rest."""
    at = next((at for at, word in enumerate(words) if _is_assignment(word)), len(words))
    return words[:at], words[at:]


def _is_assignment(word: Word) -> bool:
    return len(word.split("=", 1)) == 2


def parse_assignments(words: Sequence[Word]) -> tuple[Assignment, ...]:
    """`plan=Growth tags=+vip,-trial owner=@sam`.

    raises  UsageError, for a word that is none
    """
    found: list[Assignment] = []
    for word in words:
        if not _is_assignment(word):
            raise UsageError(
                f"I read {word.shown} where `field=value` should stand.",
                'Put a value of several words in quotes: `plan="Growth Plus"`.',
            )
        field, value = word.split("=", 1)
        name = field.text.strip()
        if not name:
            raise UsageError(f"There is no field in {word.shown}.", "Try `/pivotal set acme plan=Growth`.")
        items = tuple(each.text for each in value.split(","))
        found.append(Assignment(name, value.text, items if any(items) else ()))
    return tuple(found)


def format_assignments(asked: Sequence[Assignment]) -> str:
    """A field of several words is written with underscores, by which it is found too."""
    return " ".join(f"{'_'.join(each.field.split())}={_value(each)}" for each in asked)


def _value(asked: Assignment) -> str:
    if not asked.value:
        return ""
    return ",".join(map(quote, asked.items)) if len(asked.items) > 1 else quote(asked.value)


def parse_status(words: Sequence[Word]) -> StatusMove:
    """`STATUS [reason]`. `at risk` in two words is one status."""
    if not words:
        raise UsageError("Which status?", f"Write one of {', '.join(code(each) for each in STATUSES)}.")
    two = key_of(" ".join(word.text for word in words[:2]))
    taken = 2 if len(words) > 1 and two in STATUSES else 1
    status = key_of(" ".join(word.text for word in words[:taken]))
    if status not in STATUSES:
        raise UsageError(
            f"{words[0].shown} is not a status.", f"Write one of {', '.join(code(each) for each in STATUSES)}."
        )
    return StatusMove(status, " ".join(word.text for word in words[taken:]) or None)


def format_status(move: StatusMove) -> str:
    return " ".join([move.status, *([quote(move.reason)] if move.reason else [])])


def parse_phase(words: Sequence[Word]) -> PhaseMove:
    """`[ONBOARDING] PHASE`: two words, of which each may be quoted."""
    if not words:
        raise UsageError("Which phase?", "Try `/pivotal phase acme Kickoff`.")
    if len(words) > 2:
        raise UsageError(
            f"I read {len(words)} words where an onboarding and a phase should stand.",
            'Put names of several words in quotes: `/pivotal phase acme "Data import"`.',
        )
    return PhaseMove(words[-1].text, words[0].text if len(words) == 2 else None)


def format_phase(move: PhaseMove) -> str:
    return " ".join([*([quote(move.onboarding)] if move.onboarding else []), quote(move.phase)])


def parse_task(words: Sequence[Word]) -> TaskWords:
    """`title [due=DATE] [@person]`."""
    title: list[str] = []
    due: date | None = None
    assignee: str | None = None
    for word in words:
        name, *value = word.split("=", 1)
        if value and name.text.casefold() == "due":
            due = day(value[0].text, "due")
        elif _is_person(word):
            assignee = word.text
        else:
            title.append(word.text)
    if not title:
        raise UsageError("Which task?", 'Try `/pivotal task add acme "Send the contract" due=2026-12-01 @sam`.')
    return TaskWords(" ".join(title), due, assignee)


def _is_person(word: Word) -> bool:
    mentioned = word.parts[:1] and word.parts[0].mark is Mark.SLACK and word.text.startswith("<@")
    return bool(mentioned) or (word.starts_with("@") and len(word.text) > 1)


def format_task(task: TaskWords) -> str:
    words = [quote(task.title, always=True)]
    words += [f"due={task.due}"] if task.due else []
    words += [task.assignee] if task.assignee else []
    return " ".join(words)


def parse_contact(words: Sequence[Word]) -> ContactWords:
    """`name [email] [primary]`."""
    name: list[str] = []
    email: str | None = None
    primary = False
    for word in words:
        if "@" in word.text and not word.is_quoted and not word.text.startswith(("@", "<")):
            email = word.text
        elif name and not word.is_quoted and word.text.casefold() == PRIMARY:
            primary = True
        else:
            name.append(word.text)
    if not name:
        raise UsageError("Which contact?", 'Try `/pivotal contact add acme "Ann Lee" ann@acme.com primary`.')
    return ContactWords(" ".join(name), email, primary)


def format_contact(contact: ContactWords) -> str:
    words = [quote(contact.name, always=True)]
    words += [contact.email] if contact.email else []
    words += [PRIMARY] if contact.primary else []
    return " ".join(words)


def parse_field(words: Sequence[Word]) -> FieldWords:
    """`NAME TYPE [choices]`; the name may have several words, as the type tells where it ends."""
    kinds = {kind.value for kind in CUSTOM_TYPES}
    at = next((at for at, word in enumerate(words) if at and word.text.casefold() in kinds), None)
    if at is None:
        offered = ", ".join(code(kind) for kind in CUSTOM_TYPES)
        raise UsageError(
            "I did not find a name and a type.", f"Write `/pivotal field add NAME TYPE`, with TYPE one of {offered}."
        )
    choices = tuple(_commas(words[at + 1 :]))
    name = " ".join(word.text for word in words[:at])
    return FieldWords(name, FieldType(words[at].text.casefold()), choices)


def _commas(words: Sequence[Word]) -> Iterator[str]:
    """The values between commas, however they are spaced: `SMB, Mid market,Enterprise`."""
    line = [
        part for number, word in enumerate(words) for part in ((Part(" ", Mark.TYPED),) if number else ()) + word.parts
    ]
    for each in Word(tuple(line)).split(","):
        if each.text.strip():
            yield each.text.strip()


def format_field(field: FieldWords) -> str:
    return " ".join(
        [quote(field.name), field.type.value, *([",".join(map(quote, field.choices))] if field.choices else [])]
    )
