"""Every parse of an edit has its format: what is written reads the same."""

from hypothesis import example, given
from hypothesis import strategies as st

from store.domain.customer import CUSTOM_TYPES, STATUSES, Assignment
from store.domain.grammar import edits
from store.domain.grammar.edits import ContactWords, FieldWords, PhaseMove, StatusMove, TaskWords
from store.domain.words import words

ANYTHING = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30)
VISIBLE = ANYTHING.filter(lambda text: bool(text.strip()) and text == text.strip() and text.isprintable())
"""What a person can see, no space at its edges, as the parse of a list takes it."""
ID = st.from_regex(r"[A-Z][A-Z0-9]{2,8}", fullmatch=True)
HANDLE = st.one_of(
    ID.map(lambda each: f"<@U{each}>"), st.from_regex(r"@[a-z][a-z.]{0,10}[a-z]", fullmatch=True)
)  # as Slack sends it, or as a person types it
MAIL = st.from_regex(r"[a-z0-9.+]{1,12}@[a-z]{1,8}\.[a-z]{2,3}", fullmatch=True)
FIELD_NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,20}", fullmatch=True)


def assignment(field: str, items: tuple[str, ...]) -> Assignment:
    """As `parse_assignments` makes it of these values between commas."""
    return Assignment(field, ",".join(items), items if any(items) else ())


ASSIGNMENTS = st.builds(
    assignment, FIELD_NAME, st.lists(VISIBLE.filter(lambda text: "," not in text), max_size=4).map(tuple)
)


@given(st.lists(ASSIGNMENTS, max_size=4).map(tuple))
@example((assignment("tags", ("+two words", "-old one", "=x")),))
@example((assignment("plan", ("+1 for them",)), assignment("owner", ("<@U123>",)), assignment("domain", ())))
def test_assignments(asked: tuple[Assignment, ...]) -> None:
    assert edits.parse_assignments(words(edits.format_assignments(asked), escaped=False)) == asked


@given(st.builds(StatusMove, st.sampled_from(STATUSES), st.one_of(st.none(), ANYTHING)))
@example(StatusMove("at_risk", 'they said "no",  twice'))
def test_status_moves(move: StatusMove) -> None:
    assert edits.parse_status(words(edits.format_status(move), escaped=False)) == move


@given(st.builds(PhaseMove, ANYTHING, st.one_of(st.none(), ANYTHING)))
def test_phase_moves(move: PhaseMove) -> None:
    assert edits.parse_phase(words(edits.format_phase(move), escaped=False)) == move


@given(st.builds(TaskWords, ANYTHING, st.one_of(st.none(), st.dates()), st.one_of(st.none(), HANDLE)))
@example(TaskWords("due=2026-01-01 @sam"))
def test_tasks(task: TaskWords) -> None:
    assert edits.parse_task(words(edits.format_task(task), escaped=False)) == task


@given(st.builds(ContactWords, ANYTHING, st.one_of(st.none(), MAIL), st.booleans()))
@example(ContactWords("primary", None, primary=True))
@example(ContactWords("ann@acme.com", "ann@acme.com"))
def test_contacts(contact: ContactWords) -> None:
    assert edits.parse_contact(words(edits.format_contact(contact), escaped=False)) == contact


@given(st.builds(FieldWords, VISIBLE, st.sampled_from(CUSTOM_TYPES), st.lists(VISIBLE, max_size=4).map(tuple)))
@example(FieldWords("text", CUSTOM_TYPES[0], ("a, b", '"c"')))
def test_fields(field: FieldWords) -> None:
    assert edits.parse_field(words(edits.format_field(field), escaped=False)) == field
