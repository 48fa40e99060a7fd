"""What people, syncs and attackers write into names and values, and pages made of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from hypothesis import strategies as st

from store.domain.activity import KINDS, Activity, ActorType, Change, Ref, Source
from store.domain.query import MAX_DAYS, Cursor, CustomerName, HistoryQuery, Page, Window
from tests.blocks.pages import NOW, a_page, an_activity, in_the_middle

LONG: Final[Mapping[str, str]] = {
    "ASCII": "The quick brown fox jumps over the lazy dog. ",
    "CJK": "株式会社アクメ顧客成功部門担当者",
    "emoji": "🚀👩\u200d👩\u200d👧\u200d👦🇩🇪👍🏽❤️\u200d🔥5\ufe0f\u20e3",
    "RTL": "שלום עולם, مرحبا بالعالم ",
    "combining": "Z͑ͫ̓ͪ̂ḁ̴̵̞l̶͎g̡̕o",
    "control": "\x01\x02\x1b[31m\x7f\u202e\u2028\ufeff\t",
    "quotes": '"\\',
    "markup": "<!channel> <@U123> <http://evil.example|bank> &lt;!here&gt; *b* _i_ ~s~ `c` ```code``` :tada: > q @here #general ",
}
"""By kind; each is repeated to the length that a test asks for."""

NEWLINES: Final = "first\nsecond\r\nthird\n\n\n\tfourth\u2028fifth"

LIVE: Final = (
    "<!channel>",
    "<!here|here>",
    "<!everyone>",
    "<!subteam^S123>",
    "<@U0PIVOTAL>",
    "<@U123|sam>",
    "<#C123|general>",
    "<http://evil.example|https://bank.example>",
    "<mailto:a@b.example|write>",
    "<!date^0^{date}|never>",
    "https://evil.example/?q=<x>",
    "evil.example",
    "@channel @here @everyone @sam #general",
    "&lt;!channel&gt;",
    "&amp;lt;!channel&amp;gt;",
    "```\n<!channel>\n```",
    "> <!channel>",
    "*<!channel>*",
    ":tada: :slightly_smiling_face:",
    "<",
    "<!channel",
    ">&<",
)
"""What Slack would make mentions, broadcasts, links, dates or emoji of, if it read it as its own markup."""


def long(kind: str, length: int) -> str:
    text = LONG[kind]
    return (text * (length // len(text) + 1))[:length]


def ten(kind: str, length: int) -> tuple[Activity, ...]:
    """Ten entries: names of 100 characters, two changes of this kind and length on both sides, a text and an onboarding."""
    who = Ref(ActorType.API, "key_1")
    return tuple(
        an_activity(
            "customer.field_changed",
            ("first", long(kind, length), long(kind, length)[::-1]),
            ("second", long(kind, length), long(kind, length)),
            seq=seq,
            actor=who,
            text=long(kind, length),
            onboarding_id=long(kind, 200),
        )
        for seq in range(999_999_999, 999_999_989, -1)
    )


def many_fields(count: int, length: int, kind: str = "ASCII") -> Activity:
    """One edit of so many fields."""
    return an_activity(
        "customer.field_changed",
        *((f"field_{number}", long(kind, length), long(kind, length)[::-1]) for number in range(count)),
        seq=50,
    )


def crowded(kind: str, count: int, length: int = 100) -> HistoryQuery:
    """A query that names so many actors, types and fields, with names of this kind."""
    people = tuple(f"user:usr_{number:012d}" for number in range(count))
    return HistoryQuery(
        actors=people,
        not_actors=people[::-1],
        types=tuple(f"namespace{number}.{'v' * 60}" for number in range(count)),
        not_types=tuple(f"other{number}.{'v' * 60}" for number in range(count)),
        fields=tuple(f"{number} {long(kind, length)}" for number in range(count)),
        window=Window(days=MAX_DAYS),
    )


def names_of(query: HistoryQuery, kind: str, length: int = 100) -> Mapping[str, str]:
    return {word: f"{number} {long(kind, length)}"[:length] for number, word in enumerate(query.actors)} | {
        "api:key_1": long(kind, length)
    }


def the_worst(kind: str, *, opened: int = 0, count: int = 100) -> Page:
    """Ten entries of 4,000-character values below 100 actors, types and fields, of a customer whose name has 1,000 characters."""
    entries = ten(kind, 4000)
    query = replace(crowded(kind, count), opened=tuple(each.seq for each in entries[:opened]))
    customer = CustomerName("cus_acmeacmeacme", "acme", long(kind, 1000), "acme.com")
    return in_the_middle(entries, query=query, names=names_of(query, kind), customer=customer)


# --- at random --------------------------------------------------------------------------------------------------------

typed = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40),
    st.sampled_from(LIVE),
    st.builds(long, st.sampled_from(sorted(LONG)), st.integers(1, 4000)),
)
named = typed.map(lambda text: text[:200]).filter(str.strip)
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False, allow_infinity=False),
    typed,
    st.lists(typed, max_size=5).map(tuple),
)
actors = st.sampled_from([Ref(kind, ident) for kind in ActorType for ident in ("one", "hubspot", "pi", "x" * 200)])
changes = st.builds(Change, named, values, values)


@st.composite
def activities(draw: st.DrawFn, seq: int) -> Activity:
    happened = draw(
        st.builds(
            an_activity,
            st.sampled_from(KINDS)
            | st.from_regex(r"[a-z][a-z0-9_]{0,30}(\.[a-z][a-z0-9_]{0,20}){1,2}", fullmatch=True),
            seq=st.just(seq),
            actor=actors,
            source=st.sampled_from(list(Source)),
            text=st.none() | typed,
            onboarding_id=st.none() | named,
            redacted=st.booleans(),
        )
    )
    changed = () if happened.redacted else tuple(draw(st.lists(changes, max_size=3)))
    many: bool = draw(st.booleans())
    if changed and many:
        changed += tuple(replace(changed[0], field=f"{number}") for number in range(draw(st.integers(1, 100))))
    return replace(happened, changes=changed)


@st.composite
def pages(draw: st.DrawFn, *, most: int = 10) -> Page:
    """Pages as the store gives them: up to ten entries, twice as many of a table, with any filter and any of them opened."""
    table = draw(st.booleans())
    count = draw(st.integers(0, 2 * most if table else most))
    entries = tuple(draw(activities(seq)) for seq in range(count, 0, -1))
    words = draw(st.lists(st.sampled_from(["me", "pi", "slack", *(f"user:usr_{n}" for n in range(30))]), unique=True))
    kinds = draw(st.lists(st.sampled_from(KINDS), unique=True))
    query = HistoryQuery(
        actors=tuple(words),
        not_actors=tuple(words[:3]),
        types=tuple(kinds),
        not_types=tuple(kinds[:3]),
        fields=tuple(draw(st.lists(named, unique=True, max_size=4))),
        window=draw(
            st.sampled_from([None, Window(days=7), Window(days=45), Window(since=NOW.date()), Window(until=NOW.date())])
        ),
        opened=tuple(draw(st.lists(st.integers(1, 25), unique=True))),
        table=table,
    )
    has_older: bool = draw(st.booleans())
    has_newer: bool = draw(st.booleans())
    after = bool(entries) and has_newer
    if after:
        query = replace(query, after=Cursor.of(entries[-1]))
    name = draw(named)
    return a_page(
        *entries,
        query=query,
        names={word: name for word in words if ":" in word} | {f"{kind}:one": name for kind in ActorType},
        customer=CustomerName("cus_1", "c", draw(typed.filter(str.strip))[:1000]),
        total=draw(st.integers(len(entries), 1001)),
        older=Cursor.of(entries[-1]) if entries and has_older else None,
        newer=Cursor.of(entries[0]) if after else None,
        widen=()
        if entries
        else tuple(draw(st.lists(st.sampled_from(["actor", "type", "field", "window"]), unique=True))),
        last_at=draw(st.sampled_from([None, NOW])),
    )
