"""Some 400 odd commands, as people, phones, other programs and attackers type them, and what must become of each.

The text is what follows `/pivotal `, as typed or as Slack delivers it; Slack's escaping on top changes no outcome.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Final


class Outcome(Enum):
    """What the grammar makes of a command. An error's value stands in its sentence."""

    HELP = "help"
    HISTORY = "history"
    """It was understood: a feed, a picker, or a sentence about a name that nobody has."""

    NOT_A_COMMAND = "which is not a command."
    NOT_A_FILTER = "which is not a filter."
    ONE_DASH = "filters begin with two dashes."
    STRAY = "where a filter should stand."
    NO_VALUE = "needs a value."
    EMPTY_VALUE = "There is an empty value in"
    UNWANTED_VALUE = "takes no value."
    SEVERAL_VALUES = "takes one value;"
    TOO_MANY = " up to 100."
    TWICE = "There are two `--"
    TWO_WINDOWS = "There are two windows:"
    NO_WINDOW = "which is no window."
    UNSURE_DATE = "which is not a date I can be sure of."
    NO_SUCH_DAY = "there is no such day."
    OUT_OF_REACH = "which is out of reach."
    REVERSED = "That range ends before it begins:"
    NO_PLACE = "which is not a place in a history."
    NO_ENTRY = "which is not an entry's number."
    TWO_PAGES = "lead to different pages."
    UNCLOSED = "is not closed."
    NO_CUSTOMER = "The customer's name is empty."
    TOO_LONG = "I read up to 4,000."
    NO_TEXT = "that is not text."


_LINES: Final[Mapping[Outcome, str]] = {
    Outcome.HELP: """
help
HELP
Help
hElP me
--help
—help
–help
“help”
'help'
help history
help nothing of the kind
help --help
help help help
help 'history'
""",
    Outcome.HISTORY: r"""
history «"
history ""Acme""Corp"
history acme';--
history acme —–—
history
History
HISTORY acme
--history acme
—history acme
"history" acme
history acme
history ACME
history Acme Corp
history “Acme Corp”
history ‘Acme Corp’
history „Acme Corp“
history "Acme Corp"
history 'Acme Corp'
history Acme Corp, Inc.
history Acme, Inc. --30d
history "Acme, Inc." --30d
history O'Brien
history O’Brien
history O'Brien's Bar & Grill
history O&apos;Brien
history 'O'Brien & Sons'
history rock'n'roll --7d
history L’Oréal
history D'Angelo's "Pizza"
history 5"
history 19"-Racks Ltd
history Smith – Jones
history Smith — Jones --30d
history Smith - Jones
history - acme
history —
history -
history - - -
history a-b
history a--b
history a—b
history acme– --30d
history 株式会社アクメ
history Ακμή
history شركة
history חברה בע"מ
history 🚀
history 👩‍👩‍👧‍👦 --7d
history Ångström AB
history ﷽
history Z͑ͫ̓ͪ̂a̴̵̞l̶͎g̡̕o
history 100%
history %
history _
history %%% --30d
history acme%' --30d
history acme\
history acme\%
history \
history \\server\share
history "back\\slash"
history "a \"quoted\" name"
history *
history ?
history .
history ..
history ../../etc/passwd
history /etc/passwd
history ~
history $HOME
history $(reboot)
history `reboot`
history ${jndi:ldap://example.com/a}
history {{7*7}}
history {% raw %}
history %s%s%s%n
history %00
history null
history None
history undefined
history NaN
history true
history 0
history -1
history 1e309
history 1/0
history 0x10
history acme; rm -rf x
history acme | cat
history acme && reboot
history acme > out
history acme'; DROP TABLE activity; --30d
history acme") OR 1=1
history acme' UNION SELECT name FROM customer
history 1;SELECT pg_sleep(10)
history acme/**/OR/**/1=1
history acme' AND SLEEP(5)#
history <script>alert(1)</script>
history <img src=x onerror=alert(1)>
history <b>acme</b>
history <acme>
history acme <
history acme > acme
history <>
history <<<>>>
history <@U123>
history <@U123|sam>
history <@W0123ABC|sam.lee>
history <#C123|general>
history <#C123|>
history <!channel>
history <!here|here>
history <!subteam^S123|@team>
history <!date^1392734382^{date}|x>
history <http://acme.com|acme.com>
history <http://acme.com|acme.com> --30d
history <https://acme.com>
history <https://acme.com/a?b=c&amp;d=e>
history <mailto:sam@acme.com|sam@acme.com>
history <tel:+491234|+49 1234>
history "<http://acme.com|acme.com>"
history <http://evil.example|acme>
history <javascript:alert(1)|acme>
history acme.com
history sam@acme.com
history http://acme.com
history https://acme.com/path
history @sam
history #general
history @channel
history @here @everyone
history &amp;
history &amp;amp;
history &amp;lt;b&amp;gt;
history &lt;acme&gt;
history &lt;@U123&gt;
history &lt;!channel&gt;
history AT&amp;T
history AT&T
history &
history &nbsp;acme
history acme --actor pi
history acme --actor=pi
history acme --ACTOR PI
history acme —actor pi
history acme –actor pi
history acme ―actor pi
history acme −actor pi
history acme ——actor pi
history acme -—actor pi
history acme --actor pi,sam
history acme --actor pi, sam
history acme --actor pi ,sam
history acme --actor pi , sam
history acme --actor pi --actor sam
history acme --actor pi,pi,pi
history acme --actor "pi"
history acme --actor “Sam Lee”
history acme --actor "Lee, Sam",pi
history acme --actor 'O'Brien',pi
history acme --actor O'Brien,D’Angelo
history acme --actor @sam
history acme --actor <@U123>
history acme --actor <@U123|sam>,<@U124|kim>
history acme --actor "<@U123|sam>"
history acme --actor=<@U123|sam>
history acme --actor me
history acme --actor ME,Slack,aPi
history acme --actor user:usr_000000000000
history acme --actor user:
history acme --actor :
history acme --actor "api:My key"
history acme --actor pi=sam
history acme --actor a=b=c
history acme --actor pi;sam
history acme --actor pi|sam
history acme --actor -pi
history acme --actor pi,--30d
history acme --actor "--30d"
history acme --actor %
history acme --actor '; DROP TABLE actor;'
history acme --actor *
history acme --not-actor pi --not-actor hubspot
history acme --actor pi --not-actor pi
history acme --type nudge
history acme --type Nudge,TASK
history acme --type pi.nudge,task.,.task
history acme --type …
history acme --type "field changed"
history acme --type customer.field_changed --not-type customer
history acme --field plan,status
history acme --field "Service level"
history acme --field plan --field=tags
history acme --7d
history acme --30D
history acme --1d
history acme --3650d
history acme --007d
history acme —30d
history acme –30d
history --30d
history —30d
history --table
history acme --TABLE --table
history acme --from 2026-01-01
history acme --to 2026-01-01
history acme --from 2026-01-01 --to 2026-01-01
history acme --to 2026-12-31 --from 2026-01-01
history acme —from 2024-02-29
history acme --from=1900-01-01 --to=2999-12-31
history acme --from "2026-01-01"
history acme --before 1763900000123456.12
history acme --after 0.0
history acme --before -1.1
history acme --before 253402300799999999.999999999999999999
history acme --open 1,2,3
history acme --open 3,3,3
history acme --open 999999999999999999
history acme "--30d"
history "--actor" pi
history acme -x
history acme -30
history acme +30d
history acme 30d
history acme last 30 days
history acme actor=pi
history acme=pi
history what did pi do at acme yesterday?
history history
history history acme
history help
history cus_000000000000
""",
    Outcome.NOT_A_COMMAND: """
acme
acme --30d
histroyy-of acme
/pivotal
/pivotal history acme
pivotal history acme
hilfe
?
-h
--
—
--30d
--actor pi
""
“”
0
-1
history,acme
history=acme
history: acme
historyacme
history;help
<@U123>
<#C123|general>
<http://acme.com|acme.com>
&lt;script&gt;
drop table customer
'; DROP TABLE customer; --'
../history
🚀
помощь
ヘルプ
hi
delete everything
sudo history acme
%
*
.
null
SELECT * FROM activity
""",
    Outcome.NOT_A_FILTER: """
history acme --actr pi
history acme --actors pi
history acme --Acotr=pi
history acme --typ nudge
history acme --types nudge
history acme --event nudge
history acme --feild plan
history acme --fields plan
history acme --form 2026-01-01
history acme --since 2026-01-01
history acme --until 2026-01-01
history acme --user sam
history acme --by sam
history acme --pi
history acme --me
history acme --last 30d
history acme --days 30
history acme --30
history acme --30 d
history acme --30=d
history acme --7
history acme --30days
history acme --1w
history acme --30d5
history acme --3.5d
history acme --+30d
history acme ---30d
history acme -- 30d
history acme --
history acme -- --
history acme --=
history acme --=pi
history acme --=30d
history acme --"30d"
history acme --'actor' pi
history acme --actor:pi
history acme --actor,pi
history acme --٣٠d
history acme --３０d
history acme --help
history acme --version
history acme --format csv
history acme --limit 5
history acme --sort name
history acme --order-by 1;--
history acme --workspace T2
history acme --workspace_id=1
history acme --customer other
history acme --as sam
history acme --<@U123>
history acme --<script>
history acme --no-actor pi
history acme --!actor pi
history acme --not pi
history acme --nottype nudge
history acme --d
history acme --🚀
history acme --%
history acme --';
history acme --30d;
history acme --30d, --actor pi
history acme --30d --actor pi --x
history acme --tables
history acme --opened 1
history acme --befor 1.1
""",
    Outcome.ONE_DASH: """
history acme -30d
history acme -7d --actor pi
history acme -actor pi
history acme -actor=pi
history acme -ACTOR=pi
history -table
history -type nudge acme
history acme -from 2026-01-01
history acme -to=2026-01-01
""",
    Outcome.STRAY: """
history --30d acme
history --actor pi acme
history acme --30d please
history acme --30d ""
history acme --30d “ ”
history acme --30d acme --7d
history acme --actor pi sam
history acme --actor Sam Lee
history acme --actor Sam Lee --30d
history acme --actor @"Sam Lee"
history acme --actor pi and sam
history acme --actor pi; sam
history acme --actor pi -actor sam
history acme --actor pi -30d
history acme --actor pi 30d
history acme --actor pi — sam
history acme --type nudge task
history acme --type field changed
history acme --field Service level
history acme --from 2026-01-01 2026-02-01
history acme --from 2026-01-01 to 2026-02-01
history acme --from 2026-01-01 - 2026-02-01
history acme --30d <@U123>
history acme --table yes
history acme --open 1 2
history acme --30d ,
history acme --30d =
history acme --7d |30d
""",
    Outcome.NO_VALUE: """
history acme --before --1.1x
history acme --actor
history acme --actor --30d
history acme --actor —30d
history acme --30d --actor
history acme --type
history acme --not-type --type nudge
history acme --field
history acme --from
history acme --from --to 2026-01-01
history acme --to
history --not-actor
history acme --before
history acme --open
""",
    Outcome.EMPTY_VALUE: """
history acme --from Jan,
history acme --actor=
history acme --actor= pi
history acme --actor ""
history acme --actor “”
history acme --actor ''
history acme --actor " "
history acme --actor ,
history acme --actor ,,,
history acme --actor pi,
history acme --actor ,pi
history acme --actor pi,,sam
history acme --actor pi, ,sam
history acme --actor pi, --30d
history acme --actor pi,""
history acme --actor="",pi
history acme --type ""
history acme --type=,
history acme --field plan,
history acme --from ""
history acme --to=
history acme --open 1,,2
history acme --before ""
""",
    Outcome.UNWANTED_VALUE: """
history acme --30d=
history acme --30d=5
history acme --30d="x"
history acme --7d=true
history acme --table=1
history acme --table=
""",
    Outcome.SEVERAL_VALUES: """
history acme --before 1,5
history acme --from 2026-01-01,2026-02-01
history acme --from 2026-01-01, 2026-02-01
history acme --to=2026-01-01,x
history acme --before 1.1,2.2
""",
    Outcome.TWICE: """
history acme --from 2026-01-01 --from 2026-01-02
history acme --to 2026-01-01 --to 2026-01-01
history acme --before 1.1 --before 1.1
history acme --open 1 --open 2
""",
    Outcome.TWO_WINDOWS: """
history acme --7d --30d
history acme --30d --30d
history acme —30d –7d
history acme --30d --from 2026-01-01
history acme --to 2026-01-01 --30d
history acme --from 2026-01-01 --to 2026-02-01 --90d
""",
    Outcome.NO_WINDOW: """
history acme --0d
history acme --0d=5
history acme --000d
history acme --3651d
history acme --9999d
history acme --9999
history acme --0
history acme --2147483648d
history acme --18446744073709551616d
history acme --00000000000000000030d
history acme —99999999999999999999999999999999999999999999999d
""",
    Outcome.UNSURE_DATE: """
history acme --from 01/02/2026
history acme --from 1.2.2026
history acme --from 2026/01/02
history acme --from 2026-1-2
history acme --from 26-01-02
history acme --from 20260102
history acme --from 2026-W01-1
history acme --from 2026-001
history acme --from 2026-01
history acme --from 2026
history acme --from 2026-01-02T00:00
history acme --from 2026-01-02Z
history acme --from 12026-01-02
history acme --from -2026-01-02
history acme --from 2026–01–02
history acme --from ２０２６-01-02
history acme --from ٢٠٢٦-01-02
history acme --from yesterday
history acme --from today --to today
history acme --to now
history acme --from Monday
history acme --from 30d
history acme --from 1767312000
history acme --from 2026-01-0a
history acme --to "2026-01-02 "
history acme --to <!date^1392734382^{date}|2026-01-02>
history acme --to '2026-01-02'x'
history acme --from 2026-01-02;--
""",
    Outcome.NO_SUCH_DAY: """
history acme --from 2026-02-29
history acme --from 2026-02-30
history acme --from 2026-04-31
history acme --from 1900-02-29
history acme --from 2026-13-01
history acme --from 2026-00-01
history acme --from 2026-01-00
history acme --to 2026-01-32
history acme --to 9999-99-99
history acme --to 0000-01-01
""",
    Outcome.OUT_OF_REACH: """
history acme --from 1899-12-31
history acme --from 0001-01-01
history acme --to 3000-01-01
history acme --to 9999-12-31
""",
    Outcome.REVERSED: """
history acme --from 2026-02-01 --to 2026-01-31
history acme --to 2026-01-01 --from 2026-01-02
history acme --from 2999-12-31 --to 1900-01-01
""",
    Outcome.NO_PLACE: """
history acme --before x
history acme --before 2026-01-01
history acme --after 2026-01-01
history acme --before 1
history acme --before 1.
history acme --before .1
history acme --before 1.-1
history acme --before 1.1.1
history acme --before ١.١
history acme --before 1e5.1
history acme --before 9999999999999999999.1
history acme --before 999999999999999999.1
history acme --after -999999999999999999.1
history acme --after 1.9999999999999999999
""",
    Outcome.NO_ENTRY: """
history acme --open 0
history acme --open -1
history acme --open 1.5
history acme --open x
history acme --open all
history acme --open 1,x
history acme --open 01
history acme --open ١
history acme --open 1000000000000000000
""",
    Outcome.TWO_PAGES: """
history acme --before 1.1 --after 1.1
history acme --after 1.1 --30d --before 2.2
""",
    Outcome.UNCLOSED: r"""
{"command": "history"}
history acme' OR '1'='1
history "
history '
history “
history "Acme
history “Acme Corp --30d
history 'Acme
history 'Tis the season
history '90s Diner
history "Acme' --30d
history "Acme"--30d
history "Acme".
history acme --actor "Sam
history acme --actor pi,"Sam
history acme --actor="Sam
history acme --actor "Sam"Lee
history "Acme\"
history 'OR 1=1--
help "me
"
'
""",
    Outcome.NO_CUSTOMER: """
history ""
history ''
history “”
history " "
history "" --30d
history "" ""
history "" --actor pi
""",
}

_MADE: Final[Mapping[Outcome, tuple[str, ...]]] = {
    Outcome.HELP: (
        "",
        " ",
        "\n",
        "\t\t",
        "\xa0",
        "\u3000\u2003",
        "\u200b",
        "\ufeff",
        "\u200b\u200d\ufeff",
        "\u200bhelp",
        "\ufeffhelp\u200b",
        "\n\nhelp\n",
        "\u202ehelp",
        "help " + "a" * 3_995,
        "\u3000help\u3000",
    ),
    Outcome.HISTORY: (
        'history """',
        "history " + '"' * 3_000,
        "\u200bhistory\ufeff acme",
        "history\xa0acme\xa0--30d",
        "history\tacme\t--30d",
        "history\nacme\n--30d",
        "history\r\nacme",
        "history\u2028acme\u2029--30d",
        "history acme\u3000--30d",
        "history acme \u200b--30d",
        "history acme \ufeff—30d\u200b",
        "history acme \u2066--actor\u2069 \u2068pi\u2069,\u2068sam\u2069",
        "history acme --actor pi\u200b,\u200bsam",
        "history acme --actor \u200bpi\u200b, sam",
        "history “Acme Corp”\u200b --30d",
        "history a\u200bc\u200bm\u200be",
        "history \u202eemca",
        "history acme\x07",
        "history \x1b[31macme\x1b[0m",
        "history \x7f\x80\x9f",
        "history \ue000\uf8ff\ufffd\uffff",
        "history \U0010ffff",
        "history \U000e0041",
        "history a\u0301cme",
        "history \u0301",
        "history " + "a" * 3_992,
        "history " + "é" * 3_000,
        "history " + "👩‍👧" * 1_300,
        "history " + "a " * 1_990,
        "history " + "<@U1>" * 700,
        "history " + "&amp;" * 798,
        "history " + "\\" * 3_000,
        "history acme --actor " + ",".join(f"a{n}" for n in range(100)),
        "history acme --actor " + "pi," * 1_000 + "pi",
        "history acme --open " + ",".join(str(n) for n in range(1, 101)),
        "history acme " + "--actor pi " * 300,
        "history acme" + " " * 3_900 + "--30d",
    ),
    Outcome.NOT_A_COMMAND: ("\x01", "h\u200bistor\u200by", "\u202e\x07", "a" * 4_000),
    Outcome.NOT_A_FILTER: (
        "history acme --\u200bactr pi",
        "history acme --actor\u200b.pi",
        "history acme --" + "x" * 3_900,
        "history acme " + "--" * 1_900,
        "history acme --30d\x07",
    ),
    Outcome.STRAY: ("history acme --30d \U0001f680", "history acme --30d " + "x " * 1_900),
    Outcome.EMPTY_VALUE: (
        'history acme --actor "\u200b"',
        "history acme --actor \u200b,pi",
        "history acme --actor pi,\u200b",
        "history acme --actor " + "," * 3_900,
        "history acme --actor " + ", " * 1_900,
    ),
    Outcome.TOO_MANY: (
        "history acme --actor " + ",".join(f"a{n}" for n in range(101)),
        "history acme --type " + ",".join(f"t{n}" for n in range(700)),
        "history acme " + " ".join(f"--field f{n}" for n in range(250)),
        "history acme --open " + ",".join(str(n) for n in range(1, 102)),
    ),
    Outcome.NO_WINDOW: ("history acme --" + "9" * 3_900 + "d", "history acme --" + "0" * 3_900),
    Outcome.UNCLOSED: (
        'history "' + "a" * 3_900,
        "history " + '" ' * 1_501,
        "history " + "<@U1>" * 10 + ' "' + "<@" * 1_800,
        'history "' + "\\" * 3_901 + '"',
        'history "Acme\u200bCorp',
    ),
    Outcome.NO_CUSTOMER: ('history "\u200b"', "history “\xa0”", 'history "\ufeff" --30d'),
    Outcome.TOO_LONG: (
        "a" * 4_001,
        "history " + "a" * 3_993,
        "history acme " + "--30d " * 1_000,
        " " * 4_001,
        "history " + '"' * 10_000,
        "history " + "<@" * 5_000,
        "help " + "&" * 4_000,
        "🚀" * 4_001,
    ),
    Outcome.NO_TEXT: ("\0", "history\0acme", "history acme\0", "history acme --30d \0", "help \0", 'history "a\0b"'),
}


def odd_commands() -> Iterator[tuple[str, Outcome]]:
    """Each command with its outcome."""
    for outcome, lines in _LINES.items():
        for line in lines.strip("\n").split("\n"):
            yield line, outcome
    for outcome, made in _MADE.items():
        for text in made:
            yield text, outcome
