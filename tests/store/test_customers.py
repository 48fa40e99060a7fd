"""Customers: the words that name one, and those that only look as if they did."""

import pytest

from store import Store
from store.customers import SLUG_LENGTH, slug_of
from store.domain.errors import Ambiguous, NotFound
from store.domain.query import CustomerName
from tests.builders import a_customer, imported


async def the_one(store: Store, workspace: str, words: str, *, writing: bool = False) -> str:
    """The id of the one customer that the words name."""
    return (await store.find_customer(workspace, words, writing=writing)).id


async def test_a_customer_goes_by_id_slug_ref_domain_and_name(store: Store, workspace: str) -> None:
    acme = await a_customer(store, workspace, "Ácme Corp & Söhne", ref="crm-17", domain="Acme.com")
    await a_customer(store, workspace, "Globex")
    for words in (
        acme, "acme-corp-sohne", "ACME-CORP-SOHNE", "crm-17", "acme.com", "ACME.COM", "Ácme Corp & Söhne",
        "ácme corp & SÖHNE", "A\u0301cme Corp & So\u0308hne", "  Ácme   Corp & Söhne ",
    ):  # fmt: skip
        for writing in (True, False):
            assert await the_one(store, workspace, words, writing=writing) == acme, words
    found = await store.find_customer(workspace, "crm-17")
    assert found == CustomerName(acme, "acme-corp-sohne", "Ácme Corp & Söhne", "acme.com")


async def test_what_stands_earlier_in_the_order_wins(store: Store, workspace: str) -> None:
    """Id, slug, import ref, domain, name to the letter, name whatever its case."""
    ids = {}
    for step, line in {
        "slug": {"name": "X", "ref": "1"},
        "ref": {"name": "Second", "ref": "x"},
        "domain": {"name": "Third", "ref": "3", "domain": "x"},
        "letter": {"name": "Ex", "ref": "4", "domain": "ex.org"},
        "case": {"name": "EX", "ref": "5"},
    }.items():
        ids[step] = await a_customer(store, workspace, **line)
    assert await the_one(store, workspace, "x") == ids["slug"]
    by_ref = await a_customer(store, workspace, "Sixth", ref="third")
    assert await the_one(store, workspace, "third") == ids["domain"]  # by its slug
    assert await the_one(store, workspace, by_ref) == by_ref
    by_domain = await a_customer(store, workspace, "Seventh", domain="zed")
    by_name = await a_customer(store, workspace, "Zed!")
    assert await the_one(store, workspace, "zed") == by_name  # by its slug
    assert await the_one(store, workspace, "seventh") == by_domain
    assert await the_one(store, workspace, "Ex") == ids["letter"]


async def test_a_name_to_the_letter_wins_over_one_in_another_case(store: Store, workspace: str) -> None:
    """Where the words are no slug; a slug always is in lower case, and comes first."""
    first = await a_customer(store, workspace, "Big & Bold")
    second = await a_customer(store, workspace, "BIG & BOLD")
    assert await the_one(store, workspace, "Big & Bold", writing=True) == first
    assert await the_one(store, workspace, "BIG & BOLD", writing=True) == second
    with pytest.raises(Ambiguous) as raised:
        await store.find_customer(workspace, "big & bold")
    assert "Big & Bold (`big-bold`)" in str(raised.value)
    assert "BIG & BOLD (`big-bold-2`)" in str(raised.value)


async def test_two_that_fit_are_listed_and_never_picked(store: Store, workspace: str) -> None:
    for number in range(8):
        await a_customer(store, workspace, f"Acme {number}", domain="acme.com")
    for words in ("acme.com", "acme"):
        with pytest.raises(Ambiguous) as raised:
            await store.find_customer(workspace, words)
        said = str(raised.value)
        assert said.count("`acme-") == 5
        assert "and more" in said
    with pytest.raises(NotFound):
        await store.find_customer(workspace, "acme", writing=True)
    assert (await store.find_customer(workspace, "acme 3")).slug == "acme-3"


async def test_a_beginning_is_enough_to_read_but_never_to_write(store: Store, workspace: str) -> None:
    acme = await a_customer(store, workspace, "Acme Corp", ref="crm-17", domain="acme.example")
    await a_customer(store, workspace, "Globex")
    for words in ("ac", "Acme", "ACME C", "acme-c"):
        assert await the_one(store, workspace, words) == acme
        with pytest.raises(NotFound):
            await store.find_customer(workspace, words, writing=True)
    for words in ("cme", "orp", "crm", "acme.ex"):
        with pytest.raises(NotFound):
            await store.find_customer(workspace, words)


async def test_an_unknown_name_is_answered_with_the_nearest(store: Store, workspace: str) -> None:
    for name in ("Acme Corp", "Globex", "Initech", "Umbrella Health"):
        await a_customer(store, workspace, name)
    for typed, meant in {
        "Amce Corp": "acme-corp",
        "glibex": "globex",
        "inietch": "initech",
        "umbrela": "umbrella-health",
    }.items():
        with pytest.raises(NotFound, match=f"Did you mean .*`{meant}`"):
            await store.find_customer(workspace, typed)
    with pytest.raises(NotFound) as raised:
        await store.find_customer(workspace, "zzzzzz")
    assert "Did you mean" not in str(raised.value)


@pytest.mark.promise(id="S20")
async def test_wildcards_and_sql_are_only_text(store: Store, workspace: str, full: bool) -> None:
    await a_customer(store, workspace, "Customer 1", ref="1", domain="one.example")
    await a_customer(store, workspace, "Acme", ref="acme", domain="acme.com")
    for words in sql_like(full):
        for writing in (True, False):
            with pytest.raises(NotFound):
                await store.find_customer(workspace, words, writing=writing)
        if words.strip():
            assert await store.customer_choices(workspace, words) == [], words
    assert {one.name for one in await store.customer_choices(workspace, "")} == {"Customer 1", "Acme"}


def sql_like(full: bool) -> list[str]:
    """Text that means something to LIKE, GLOB, SQL, or a shell; 500 of them at full size."""
    marks = (
        "%",
        "_",
        "*",
        "?",
        "\\",
        "'",
        '"',
        "`",
        ";",
        "--",
        "/*",
        "*/",
        "[a-z]",
        "^",
        "$",
        "|",
        "\0",
        "\ud800",
        "::",
        "%s",
        "{0}",
        ":x",
        "\n",
    )
    names = ("acme", "customer", "Acme", "Customer 1", "acme.com")
    tails = ("' OR '1'='1", '" OR ""="', "'; DROP TABLE activity; --", "') UNION SELECT * FROM customer --", "' AND 1=randomblob(1) --",
             "\\' OR 1=1 --", "' OR slug LIKE '%", "%00", "' || (SELECT 'x') || '", "'||pg_sleep(9)--", "$1", "?1", ":slug", "@@version")  # fmt: skip
    found = ["", " ", *marks, *tails, *(f"{mark}{mark}" for mark in marks)]
    found += [f"{name}{tail}" for name in names for tail in (*tails, *marks) if tail != "\n"]
    found += [f"{mark}{name}" for name in names for mark in marks if mark != "\n"]
    found += [f"{name[:2]}{mark}{name[3:]}" for name in names for mark in marks]
    return found if full else found[::3]


@pytest.mark.promise(id="S20")
async def test_a_name_with_wildcards_is_found_by_them(store: Store, workspace: str) -> None:
    percent = await a_customer(store, workspace, "100% Pure", ref="1")
    under = await a_customer(store, workspace, "100_ Pure", ref="2")
    await a_customer(store, workspace, "100x Pure", ref="3")
    assert await the_one(store, workspace, "100%") == percent
    assert await the_one(store, workspace, "100_") == under
    assert [one.id for one in await store.customer_choices(workspace, "% p")] == [percent]
    assert [one.id for one in await store.customer_choices(workspace, "0_")] == [under]


@pytest.mark.parametrize(
    "name, slug",
    [
        ("Acme Corp", "acme-corp"),
        ("  --Acme__Corp!! ", "acme-corp"),
        ("Ångström & Søn GmbH", "angstrom-søn-gmbh"),
        ("Straße", "strasse"),
        ("ŁÓDŹ", "łodz"),
        ("Яндекс", "яндекс"),
        ("株式会社 東京", "株式会社-東京"),
        ("شركة", "شركة"),
        ("ＦＵＬＬ　ｗｉｄｔｈ", "full-width"),
        ("🦄", "customer"),
        ("100 %", "100"),
        ("a" * 200, "a" * SLUG_LENGTH),
        ("\ufdfa" * 200, None),
    ],
)
def test_a_slug_is_what_can_be_typed(name: str, slug: str | None) -> None:
    found = slug_of(name)
    assert slug is None or found == slug
    assert len(found) <= SLUG_LENGTH
    assert slug_of(found) == found


async def test_slugs_are_unique_and_survive_a_rename(store: Store, workspace: str) -> None:
    for number in range(4):
        await imported(store, workspace, {"type": "customer", "ref": f"{number}", "name": "Acme!"})
    slugs = [(await store.find_customer(workspace, f"{number}")).slug for number in range(4)]
    assert slugs == ["acme", "acme-2", "acme-3", "acme-4"]
    await imported(store, workspace, {"type": "customer", "ref": "1", "name": "Umbrella"})
    assert (await store.find_customer(workspace, "Umbrella")).slug == "acme-2"
    await imported(store, workspace, {"type": "customer", "ref": "new", "name": "ACME"})
    assert (await store.find_customer(workspace, "new")).slug == "acme-5"


async def test_names_as_long_as_they_come_are_kept(store: Store, workspace: str) -> None:
    """The longest name of an import, of the letter that folds into most."""
    name = "\ufdfa" * 200
    await imported(store, workspace, {"type": "customer", "ref": name, "name": name, "domain": name, "plan": name})
    assert (await store.find_customer(workspace, name)).name == name
    assert (await store.customer_choices(workspace, name[:5]))[0].name == name


async def test_choices_begin_with_what_was_typed_then_contain_it(store: Store, workspace: str) -> None:
    for name, domain in {
        "Acme": "acme.com",
        "Big Acme": "big.example",
        "Globex": "acme-globex.io",
        "Ácme Two": None,
    }.items():
        await a_customer(store, workspace, name, **({"domain": domain} if domain else {}))
    assert [one.name for one in await store.customer_choices(workspace, "ACM")] == [
        "Acme",
        "Globex",
        "Ácme Two",
        "Big Acme",
    ]
    assert [one.name for one in await store.customer_choices(workspace, "acme", 2)] == ["Acme", "Globex"]
    assert [one.name for one in await store.customer_choices(workspace, "big.ex")] == ["Big Acme"]
    assert len(await store.customer_choices(workspace, "")) == 4
    assert [one.name for one in await store.customer_choices(workspace, " ", 1)] == ["Acme"]


async def test_many_customers_are_found_by_their_beginning(store: Store, workspace: str) -> None:
    """Prefixes on the border of what sorts beside them."""
    for name in ("aa", "ab", "abc", "abz", "ab\U0010fffd", "ac", "ab é"):
        await a_customer(store, workspace, name)
    found = [one.name for one in await store.customer_choices(workspace, "ab")]
    assert sorted(found) == sorted(["ab", "abc", "abz", "ab\U0010fffd", "ab é"])
