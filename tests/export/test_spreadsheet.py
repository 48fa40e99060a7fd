"""S10: an export, opened by a spreadsheet that people have: every cell is text, as it was typed, and none is run."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest

from store import Store
from store.domain import csv
from store.domain.query import HistoryQuery
from store.domain.rows import COLUMNS
from tests.builders import a_reader, an_activity, imported
from tests.export.slices import lines
from tests.export.test_csv import DANGEROUS, UNSEEN
from tests.export.test_slices import Bytes

SOFFICE: Final = shutil.which("soffice")
AS_TEXT: Final = "CSV:44,34,76,1,,0,true"
"""Comma, double quote, UTF-8, from the first line, what is quoted is text: as the import's dialog offers it."""
AS_IT_LIKES: Final = "CSV:44,34,76,1,,0,false,true"
"""What looks like a number or a day becomes one, as by a double click."""
OFFICE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
RUN: Final = ("=1+1", '=HYPERLINK("http://x","y")', "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1)", "＝1+1")
"""What a spreadsheet would run."""

pytestmark = [
    pytest.mark.skipif(SOFFICE is None, reason="LibreOffice Calc is not installed: there is no `soffice` here"),
    pytest.mark.promise(id="S10"),
]


@pytest.fixture
async def export(store: Store, workspace: str) -> bytes:
    """Everything that begins badly, after everything that is not seen; in a history that leaves nothing out."""
    await imported(store, workspace, *lines(seed=10))
    acme = (await store.find_customer(workspace, "acme")).id
    texts = [f"{unseen}{cell}" for unseen in ("", *UNSEEN) for cell in (*RUN, *DANGEROUS, "\t=1+1", "'=1+1")]
    await store.record(workspace, acme, [an_activity("acme.rang_up", changes=(), text=text) for text in texts])
    taken = Bytes()
    await store.exports.write(workspace, HistoryQuery("acme"), a_reader(), taken)
    return taken.content


async def test_every_cell_is_the_text_that_was_typed(export: bytes, tmp_path: Path) -> None:
    opened = await cells(export, tmp_path, AS_TEXT)
    (header, *found), written = opened, read(export)
    assert [text for _, _, text in header] == list(COLUMNS)
    assert len(found) == len(written)
    for row, typed in zip(found, written, strict=True):
        assert {kind for kind, _, text in row if text} <= {"string"}
        assert [formula for _, formula, _ in row if formula] == []
        assert [as_lines(csv.original(text)) for _, _, text in row] == [as_lines(cell) for cell in typed]


async def test_no_cell_is_run_by_a_double_click(export: bytes, tmp_path: Path) -> None:
    opened = await cells(export, tmp_path, AS_IT_LIKES)
    assert len(opened) == len(read(export)) + 1
    assert [cell for row in opened for cell in row if cell[1]] == []


async def test_an_unguarded_cell_would_be_run(tmp_path: Path) -> None:
    """Otherwise the other tests say nothing."""
    ((cell,),) = await cells(csv.MARK + b"=1+1\r\n", tmp_path, AS_IT_LIKES)
    assert cell[1] == "of:=1+1"


def read(export: bytes) -> list[list[str]]:
    """What was typed, by another reader of CSV."""
    taken = Bytes()
    taken.content = export
    return [list(row) for row in taken.read]


def as_lines(text: str) -> list[str]:
    """A spreadsheet keeps no carriage return."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


Cell = tuple[str | None, str | None, str]
"""Its type, its formula, its text."""


async def cells(content: bytes, folder: Path, how: str) -> list[list[Cell]]:
    """Open it as LibreOffice does. A row per record, without what is empty at the end."""
    source = folder / "history.csv"
    source.write_bytes(content)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    arguments = ("--headless", profile, f"--infilter={how}", "--convert-to", "fods", "--outdir", str(folder))
    assert SOFFICE is not None
    process = await asyncio.create_subprocess_exec(
        SOFFICE, *arguments, str(source), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    async with asyncio.timeout(120):
        assert await process.wait() == 0
    tree = ET.parse(folder / "history.fods")
    return [list(_row(row)) for row in tree.iter(f"{TABLE}table-row") for _ in range(_times(row, "rows")) if _any(row)]


def _row(row: ET.Element) -> Iterator[Cell]:
    for cell in row.iter(f"{TABLE}table-cell"):
        for _ in range(_times(cell, "columns")):
            text = "\n".join(_text(each) for each in cell.findall(f"{TEXT}p"))
            yield cell.get(f"{OFFICE}value-type"), cell.get(f"{TABLE}formula"), text


def _any(row: ET.Element) -> bool:
    return any(cell.get(f"{OFFICE}value-type") for cell in row.iter(f"{TABLE}table-cell"))


def _times(element: ET.Element, what: str) -> int:
    return int(element.get(f"{TABLE}number-{what}-repeated", "1"))


def _text(element: ET.Element) -> str:
    """Runs of spaces, tabs and links are elements of their own there."""
    said = element.text or ""
    for child in element:
        match child.tag.removeprefix(TEXT):
            case "s":
                said += " " * int(child.get(f"{TEXT}c", "1"))
            case "tab":
                said += "\t"
            case "line-break":
                said += "\n"
            case _:
                said += _text(child)
        said += child.tail or ""
    return said
