"""How values are printed, the same in feed, export and terminal; and whose names that takes."""

import json
from datetime import UTC, datetime

import pytest

from store.domain.activity import (
    HUBSPOT,
    KIND_LENGTH,
    KIND_SHAPE,
    KINDS,
    OWN_NAMES,
    PI,
    STRIPE,
    Activity,
    ActorType,
    Change,
    Ref,
    Source,
    Value,
    mention,
    printed,
    refs_in,
)

SAM = Ref(ActorType.USER, "usr_sam")
ANN = Ref(ActorType.CONTACT, "con_ann")
NAMES = {"user:usr_sam": "Sam Lee", "contact:con_ann": "Ann, the Ångström"}
AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "value, expected",
    [
        (None, ""),
        ("", ""),
        ("Growth", "Growth"),
        (" spaced\nout ", " spaced\nout "),
        ("2026-02-28", "2026-02-28"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (72, "72"),
        (-5, "-5"),
        (10**30, "1" + "0" * 30),
        (72.0, "72.0"),
        (72.5, "72.5"),
        (0.1, "0.1"),
        (-0.0, "-0.0"),
        (1e15, "1000000000000000.0"),
        (1e21, "1e+21"),
        (1e-7, "1e-07"),
        ((), ""),
        (("vip",), "vip"),
        (("vip", "Trial", "álamo", "apple"), "Trial, apple, vip, álamo"),
        (("a, b", "a"), "a, a, b"),
        (SAM, "Sam Lee"),
        (ANN, "Ann, the Ångström"),
        (Ref(ActorType.CONTACT, "con_gone"), "removed contact"),
        (Ref(ActorType.USER, "usr_unknown"), "usr_unknown"),
        (Ref(ActorType.API, "key_1"), "key_1"),
        (Ref(ActorType.SYSTEM, "migration"), "migration"),
    ],
)
def test_a_value_is_printed_as_people_read_it(value: Value, expected: str) -> None:
    assert printed(value, NAMES) == expected


@pytest.mark.parametrize("typed", ["0", "72", "-5", "72.0", "72.5", "0.1", "-0.0", "100.25", "1234567.891"])
def test_a_number_is_printed_as_it_was_typed(typed: str) -> None:
    """As JSON brought it: `72` and `72.0` stay apart. Only an exponent is spelled Python's way."""
    assert printed(json.loads(typed), {}) == typed


@pytest.mark.parametrize(
    "text, expected",
    [
        ("ask @<user:usr_sam>, please", "ask @Sam Lee, please"),
        ("@<contact:con_ann>@<contact:con_gone>", "@Ann, the Ångström@removed contact"),
        ("@<user:usr_unknown>", "@usr_unknown"),
        ("@<api:key_1> @<user:> @<user:usr_sam", "@<api:key_1> @<user:> @<user:usr_sam"),
        ("<@U123> @sam user:usr_sam", "<@U123> @sam user:usr_sam"),
    ],
)
def test_people_mentioned_in_a_text_are_printed_by_name(text: str, expected: str) -> None:
    assert printed(text, NAMES) == expected
    assert {printed(mention(ref), NAMES) for ref in (SAM, ANN)} == {"@Sam Lee", "@Ann, the Ångström"}


def activity(actor: Ref, *changes: Change, text: str | None = None) -> Activity:
    return Activity(
        seq=1,
        occurred_at=AT,
        recorded_at=AT,
        kind="customer.field_changed",
        actor=actor,
        source=Source.SLACK,
        changes=changes,
        text=text,
    )


def test_everybody_whom_activities_name_is_found() -> None:
    found = refs_in(
        [
            activity(SAM, Change("owner", None, Ref(ActorType.USER, "usr_kim")), Change("plan", "Trial", "Growth")),
            activity(PI, Change("contact", ANN, None), Change("tags", ("user:usr_text",), ("vip",))),
            activity(SAM, Change("health_score", 72, 71.5), Change("active", True, False)),
            activity(SAM, Change("note", "", "for @<user:usr_lou>"), text="with @<contact:con_eve> and <@U123>"),
        ]
    )
    mentioned = {Ref(ActorType.USER, "usr_lou"), Ref(ActorType.CONTACT, "con_eve")}
    assert found == {SAM, Ref(ActorType.USER, "usr_kim"), PI, ANN, *mentioned}
    assert refs_in([]) == frozenset()


def test_pi_and_the_integrations_have_names_of_their_own() -> None:
    assert {printed(ref, {str(ref): name for ref, name in OWN_NAMES.items()}) for ref in (PI, HUBSPOT, STRIPE)} == {
        "Pi",
        "HubSpot",
        "Stripe",
    }


@pytest.mark.parametrize("text", ["user:usr_1", "contact:con_1", "pi:pi", "api:My key: old", "system:a b"])
def test_a_reference_comes_back_from_its_text(text: str) -> None:
    assert str(Ref.parse(text)) == text


@pytest.mark.parametrize("text", ["", "user", "user:", ":usr_1", "User:usr_1", "person:1", " user:1", "slack:x"])
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        Ref.parse(text)


def test_our_own_event_types_have_the_shape_that_we_ask_of_others() -> None:
    assert all(KIND_SHAPE.fullmatch(kind) and len(kind) <= KIND_LENGTH for kind in KINDS)
    assert len(set(KINDS)) == len(KINDS)
