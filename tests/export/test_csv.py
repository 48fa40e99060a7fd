"""CSV that a spreadsheet opens as it was meant, to be read back by a CSV reader of somebody else."""

import csv as standard
import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.domain import csv

pytestmark = pytest.mark.promise(id="S10")

DANGEROUS = "=+-@\t\r\n'＝＋－＠"
UNSEEN = " \u00a0\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
CELLS = 200_000


def is_active(cell: str) -> bool:
    """What a spreadsheet might run: the rule of reliability.md S10, written down a second time."""
    for char in cell:
        if char not in UNSEEN:
            return char in DANGEROUS.replace("'", "")
    return False


def random_cell(r: random.Random) -> str:
    letters = DANGEROUS + UNSEEN + "ab1\"',;\0\v\f株👩\u0301\ud7ff"
    return "".join(r.choice(letters) for _ in range(r.randint(0, 8)))


def test_of_200_000_random_cells_none_is_active_and_all_can_be_had_back() -> None:
    r = random.Random(10)
    for _ in range(CELLS):
        typed = random_cell(r)
        guarded = csv.guarded(typed)
        assert not is_active(guarded), repr(typed)
        assert csv.original(guarded) == typed


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=8), min_size=1))
def test_another_csv_reader_reads_every_cell_as_it_was(records: list[list[str]]) -> None:
    written = "".join(csv.line(record) for record in records)
    read = standard.reader(io.StringIO(written, newline=""), strict=True)
    assert [[csv.original(cell) for cell in row] for row in read] == [
        [cell.replace("\0", "\ufffd") for cell in record] for record in records
    ]


def test_every_cell_is_quoted_and_lines_end_as_rfc_4180_says() -> None:
    assert (
        csv.line(["plain", "", 'say "hi"', "a,b", "two\r\nlines"]) == '"plain","","say ""hi""","a,b","two\r\nlines"\r\n'
    )


def test_a_minus_sign_is_guarded_too() -> None:
    assert csv.cell("-5") == '"\'-5"'
    assert csv.cell("\u202a\u202e-5") == '"\'\u202a\u202e-5"'
