"""Text → words: what people type, phones rewrite and Slack wraps."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store.domain.errors import UsageError
from store.domain.words import EDGES, INVISIBLE, QUOTES, after, from_arguments, quote, words
from tests.domain.queries import names, readable, text

SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2003\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


def texts(typed: str) -> list[str]:
    return [word.text for word in words(typed)]


@pytest.mark.parametrize(
    "typed, expected",
    [
        ("", []),
        ("   ", []),
        ("acme --30d", ["acme", "--30d"]),
        # dashes that phones make of two hyphens, at the start of a word only
        ("—30d", ["--30d"]),
        ("–30d", ["--30d"]),
        ("―30d −30d ‒30d", ["--30d", "--30d", "--30d"]),
        ("——30d -—30d —-30d", ["--30d", "--30d", "--30d"]),
        ("a—b a–b", ["a—b", "a–b"]),
        ("— – -", ["—", "–", "-"]),
        ("-30d ---30d", ["-30d", "---30d"]),
        ('"—30d"', ["—30d"]),
        # quotes, straight and curly
        ('"Sam Lee"', ["Sam Lee"]),
        ("“Sam Lee”", ["Sam Lee"]),
        ("„Sam Lee“", ["Sam Lee"]),
        ("‘Sam Lee’", ["Sam Lee"]),
        ("‚Sam Lee‘", ["Sam Lee"]),
        ("'Sam Lee'", ["Sam Lee"]),
        ('“Sam Lee"', ["Sam Lee"]),
        ('"it\'s ’fine’"', ["it's ’fine’"]),
        ("'say \"hello\" now'", ['say "hello" now']),
        ('""', [""]),
        ('" "', [" "]),
        # apostrophes
        ("O'Brien O’Brien D‘Arcy", ["O'Brien", "O’Brien", "D‘Arcy"]),
        ("'O'Brien & Sons'", ["O'Brien & Sons"]),
        ("‘O’Brien’", ["O’Brien"]),
        ("rock'n'roll James' 5\"", ["rock'n'roll", "James'", '5"']),
        # lists
        ('pi,"Lee, Sam",O\'Brien', ["pi,Lee, Sam,O'Brien"]),
        ('--actor="Sam Lee"', ["--actor=Sam Lee"]),
        # backslashes mean something in quotes only, and only before what they can free
        (r"a\b \"x", [r"a\b", r"\"x"]),
        (r'"a \"b\" c"', ['a "b" c']),
        (r'"a\\"', ["a\\"]),
        (r'"a\nb"', [r"a\nb"]),
        (r'"\<@U123>"', ["<@U123>"]),
        (r'"&lt\;"', ["&lt;"]),
        # Slack's entities, decoded once
        ("AT&amp;T", ["AT&T"]),
        ("a&lt;b&gt;c", ["a<b>c"]),
        ("&amp;lt; &amp;amp;", ["&lt;", "&amp;"]),
        ("&nbsp; &quot; &#38; &amp", ["&nbsp;", "&quot;", "&#38;", "&amp"]),
        ("AT&T", ["AT&T"]),
        # people, channels, groups
        ("<@U123>", ["<@U123>"]),
        ("<@U123|sam>", ["<@U123>"]),
        ("<@U123|sam lee>", ["<@U123>"]),
        ("<#C123|general> <#C123|> <#C123>", ["<#C123>", "<#C123>", "<#C123>"]),
        ("<!here> <!subteam^S1|@cs>", ["<!here>", "<!subteam^S1>"]),
        ("<@U1>,<@U2|kim>", ["<@U1>,<@U2>"]),
        ('"<@U123|sam>"', ["<@U123>"]),
        # links and addresses
        ("<http://acme.com|acme.com>", ["acme.com"]),
        ("<https://acme.com/a?b=c&amp;d>", ["https://acme.com/a?b=c&d"]),
        ("<http://acme.com|>", ["http://acme.com"]),
        ("<mailto:sam@acme.com|sam@acme.com>", ["sam@acme.com"]),
        ("<tel:+491234|+49 1234>", ["+491234"]),
        ('"Acme <http://acme.com|acme.com> Inc"', ["Acme acme.com Inc"]),
        ("www.<http://acme.com|acme.com>/x", ["www.acme.com/x"]),
        # what only looks like it
        ("<", ["<"]),
        ("<> <b> a<b <@ <@>", ["<>", "<b>", "a<b", "<@", "<@>"]),
        ("<http://acme.com", ["<http://acme.com"]),
        ("<javascript:alert(1)|acme>", ["<javascript:alert(1)|acme>"]),
        # zero-width characters at the edges of words
        ("\u200bacme\u200b \ufeff--30d\ufeff", ["acme", "--30d"]),
        ("\u2068“Sam Lee”\u2069", ["Sam Lee"]),
        ("\u200b—30d", ["--30d"]),
        ("\u200b \ufeff", []),
        ("a\u200bb 👩\u200d👧", ["a\u200bb", "👩\u200d👧"]),
        ('"\u200bacme\u200b"', ["\u200bacme\u200b"]),
    ],
)
def test_words_are_cut_where_they_were_meant(typed: str, expected: list[str]) -> None:
    assert texts(typed) == expected


@pytest.mark.parametrize("space", SPACES, ids=lambda space: f"U+{ord(space):04X}")
def test_every_unicode_space_separates_words_and_stays_inside_quotes(space: str) -> None:
    assert texts(f"acme{space}--30d") == ["acme", "--30d"]
    assert texts(f"{space}acme{space}{space}") == ["acme"]
    assert texts(f'"Acme{space}Corp"') == [f"Acme{space}Corp"]


@pytest.mark.parametrize("mark", INVISIBLE, ids=lambda mark: f"U+{ord(mark):04X}")
def test_every_invisible_mark_goes_at_the_edge_of_a_word_or_value(mark: str) -> None:
    assert texts(f"{mark}{mark}acme{mark}") == ["acme"]
    (word,) = words(f"{mark}pi{mark},{mark}sam{mark},{mark}“Sam Lee”{mark},x{mark}y")
    assert [value.text for value in word.split(",")] == ["pi", "sam", "Sam Lee", f"x{mark}y"]


@pytest.mark.parametrize(
    "typed, opens",
    [
        ('"', '`"`'),
        ('"Acme', '`"Acme`'),
        ("“Acme --30d", "`“Acme --30d`"),
        ("'Tis the season", "`'Tis the season`"),
        ("\"Acme'", "`\"Acme'`"),
        ('"Acme"--30d', '`"Acme"--30d`'),
        ('acme --actor pi,"Sam', '`"Sam`'),
        ('"Acme\\"', '`"Acme\\"`'),
        ('"' + "x" * 200, '`"' + "x" * 79 + "…`"),
        ('"`reboot`', '`"ˋrebootˋ`'),
    ],
)
def test_a_quote_that_is_not_closed_is_shown(typed: str, opens: str) -> None:
    with pytest.raises(UsageError) as refused:
        words(typed)
    assert refused.value.sentence == f"The quote that opens at {opens} is not closed."


def test_a_command_has_up_to_4000_characters() -> None:
    assert texts("x" * 4000) == ["x" * 4000]
    with pytest.raises(UsageError, match=r"That command has 4,001 characters; I read up to 4,000\."):
        words("x" * 4001)


def test_what_slack_writes_for_one_character_counts_as_one() -> None:
    assert texts("&lt;" * 4000) == ["<" * 4000]
    with pytest.raises(UsageError, match=r"4,001 characters"):
        words("&amp;" * 4001)
    with pytest.raises(UsageError, match=r"16,000 characters"):
        words("&lt;" * 4000, escaped=False)


@pytest.mark.parametrize("code_point", [0, 0xD800, 0xDBFF, 0xDC00, 0xDFFF], ids=hex)
def test_what_no_database_keeps_is_no_text(code_point: int) -> None:
    for typed in ("{}", "acme{}", '"a{}b"', "<@U1{}>"):
        with pytest.raises(UsageError, match="not text"):
            words(typed.format(chr(code_point)))
        with pytest.raises(UsageError, match="not text"):
            from_arguments(["acme", typed.format(chr(code_point))])


def test_a_separator_in_quotes_is_only_text() -> None:
    (word,) = words('pi,"a,b",<http://c,d|c,d>,e')
    assert [value.text for value in word.split(",")] == ["pi", "a,b", "c,d", "e"]
    (word,) = words('owner="a=b"')
    assert [value.text for value in word.split("=")] == ["owner", "a=b"]
    (word,) = words("owner=a=b")
    assert [value.text for value in word.split("=", 1)] == ["owner", "a=b"]


def test_an_empty_value_is_not_the_same_as_empty_quotes() -> None:
    (word,) = words('a,,""')
    assert [value.parts == () for value in word.split(",")] == [False, True, False]


def test_entities_stay_as_they_are_where_nobody_escaped() -> None:
    assert [word.text for word in words("a&lt;b&amp;c", escaped=False)] == ["a&lt;b&amp;c"]


# --- a terminal's arguments ---


@pytest.mark.parametrize(
    "argument, expected",
    [
        ("acme", "acme"),
        ("Acme Corp", "Acme Corp"),
        ("Acme, Inc.", "Acme, Inc."),
        ("", ""),
        ("O'Brien's Bar", "O'Brien's Bar"),
        ('"Acme Corp"', "Acme Corp"),
        ("—30d", "--30d"),
        ("AT&amp;T", "AT&amp;T"),
        ("<@U123|sam>", "<@U123>"),
        ("a\nb", "a\nb"),
        ("--actor=Sam Lee", "--actor=Sam Lee"),
    ],
)
def test_an_argument_is_one_word_whatever_the_shell_left_in_it(argument: str, expected: str) -> None:
    assert [word.text for word in from_arguments([argument, "x"])] == [expected, "x"]


@pytest.mark.parametrize(
    "argument, expected",
    [
        ("pi,me", ["pi", "me"]),
        ("Sam Lee, pi", ["Sam Lee", "pi"]),
        ("  Sam Lee ,  pi ", ["Sam Lee", "pi"]),
        ('pi, "Lee, Sam" , me', ["pi", "Lee, Sam", "me"]),
        ("“Lee, Sam”,pi", ["Lee, Sam", "pi"]),
        ("O'Brien, 'Sam Lee'", ["O'Brien", "Sam Lee"]),
        ("pi,,me", ["pi", "", "me"]),
        ("pi, ", ["pi", ""]),
    ],
)
def test_the_values_of_an_argument_are_cut_as_in_a_message(argument: str, expected: list[str]) -> None:
    (word,) = from_arguments([argument])
    assert [value.text for value in word.split(",")] == expected


def test_a_terminals_command_has_up_to_4000_characters_as_well() -> None:
    assert len(from_arguments(["a" * 1999, "b" * 2000])) == 2
    with pytest.raises(UsageError, match="4,001 characters"):
        from_arguments(["a" * 2000, "b" * 2000])


# --- what is not cut at all ---


@pytest.mark.parametrize(
    "typed, count, expected",
    [
        ("comment acme hello", 2, "hello"),
        ("comment acme   hello  “world”,\n\n  it's — me ", 2, "hello  “world”,\n\n  it's — me"),
        ('comment "Acme Corp" "quoted" text', 2, '"quoted" text'),
        ("\u200bcomment\xa0acme\u3000hello", 2, "hello"),
        ("comment <http://acme.com|acme.com> see <@U1|sam> at <https://x.com/a>", 2, "see <@U1> at https://x.com/a"),
        ("comment acme a &lt; b &amp;amp; 'c", 2, "a < b &amp; 'c"),
        ("comment acme", 2, ""),
        ("comment", 2, ""),
        ("", 2, ""),
        (" comment acme", 0, "comment acme"),
    ],
)
def test_what_stands_behind_some_words_stays_as_it_was_typed(typed: str, count: int, expected: str) -> None:
    assert after(typed, count) == expected


def test_a_text_behind_words_is_refused_as_words_are() -> None:
    assert after("&lt;" * 3998 + " a", 1) == "a"
    for typed, why in (("&lt;" * 4001, "4,001 characters"), ("a \0", "not text"), ('"a b', "is not closed")):
        with pytest.raises(UsageError, match=why):
            after(typed, 1)


# --- text → word → text ---


@given(text)
@example("&lt;")
@example("&amp;lt;")
@example("\\")
@example('\\"')
@example("<@U1>")
@example("<http://acme.com|acme.com>")
@example("--30d")
@example("")
def test_what_is_quoted_reads_as_itself(name: str) -> None:
    for always in (False, True):
        for escaped in (False, True):
            (word,) = words(quote(name, always=always), escaped=escaped)
            assert word.text == name
            assert [value.text for value in word.split(",")] == [name]
            assert not word.is_flag


@given(names)
def test_a_quoted_name_survives_between_others(name: str) -> None:
    typed = f"acme --actor pi,{quote(name)},sam --30d"
    _, _, values, last = words(typed)
    assert [value.text for value in values.split(",")] == ["pi", name, "sam"]
    assert last.text == "--30d"


@given(st.text(readable, max_size=30))
def test_plain_names_are_written_bare(name: str) -> None:
    """So that a copied command looks as a person would have typed it."""
    bare = "".join(char for char in name if char.isalnum())
    assert not bare or quote(bare) == bare


@given(st.lists(text, max_size=6))
def test_arguments_are_as_many_words(arguments: list[str]) -> None:
    closed = [argument for argument in arguments if not QUOTES & set(argument)]
    assert len(from_arguments(closed)) == len(closed)
    assert [word.text for word in from_arguments([quote(each, always=True) for each in arguments])] == arguments


def test_edges_are_the_invisible_and_every_space_there_is() -> None:
    assert {char for char in map(chr, range(0x110000)) if char.isspace()} == set(EDGES) - set(INVISIBLE)
