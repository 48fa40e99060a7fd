"""What README shows of a run: one small table and one chart, of every line that was to be reached."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

from tests.bench.report import Line

ROOT: Final = Path(__file__).parents[2]
README: Final = ROOT / "README.md"
CHART: Final = Path(__file__).with_name("figures.svg")
PLACES: Final = ("SQLite", "PostgreSQL")
LEFT, WIDTH, ROW = 450, 900, 30
"""Pixels: of the words, of the whole, and of a line of both databases."""
DECADES: Final = 1.5
"""Powers of ten to either side of the line to reach."""
COLOURS: Final = {"SQLite": "#2f6f9f", "PostgreSQL": "#7a5ea8"}

Rows = Mapping[str, Mapping[str, Line]]
"""By what was measured, and by database."""


def rows(lines: Iterable[Line]) -> Rows:
    """Without what is lost, which has no ratio."""
    found: dict[str, dict[str, Line]] = {}
    for line in lines:
        place, _, what = line.key.partition(": ")
        if line.need:
            found.setdefault(what, {})[place] = line
    return found


def table(lines: Sequence[Line]) -> str:
    """In Markdown; what does not reach its line is in brackets."""

    def cell(line: Line | None) -> str:
        if line is None:
            return ""
        return f"{line.found:.2f}" if line.held else f"({line.found:.2f})"

    said = ["| | SQLite | PostgreSQL | to reach |", "| --- | ---: | ---: | ---: |"]
    for what, of in rows(lines).items():
        needs = dict.fromkeys(f"{'≤' if one.at_most else '≥'} {one.need:g}" for one in of.values())
        said.append(f"| {what} | {cell(of.get('SQLite'))} | {cell(of.get('PostgreSQL'))} | {', '.join(needs)} |")
    return "\n".join(said)


def chart(lines: Sequence[Line]) -> str:
    """An SVG: how far each ratio is from its line. To the right of the middle is better."""
    found = rows(lines)
    height = 50 + ROW * len(found)
    middle = (LEFT + WIDTH) / 2
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for power in (-1, 0, 1):
        x = middle + power * (WIDTH - LEFT) / 2 / DECADES
        word = "the line to reach" if power == 0 else f"{10.0**power:g} times"
        drawn.append(f'<line x1="{x:.1f}" y1="30" x2="{x:.1f}" y2="{height - 10}" stroke="#999999" stroke-width="1"/>')
        drawn.append(f'<text x="{x:.1f}" y="22" text-anchor="middle" fill="#444444">{word}</text>')
    for number, (what, of) in enumerate(found.items()):
        top = 40 + ROW * number
        drawn.append(f'<text x="{LEFT - 12}" y="{top + 15}" text-anchor="end" fill="#222222">{escape(what)}</text>')
        for below, place in enumerate(PLACES):
            if place in of:
                drawn.append(_bar(of[place], COLOURS[place], middle, top + 1 + below * 11))
    for number, place in enumerate(PLACES):
        x = 12 + number * 90
        drawn.append(f'<rect x="{x}" y="12" width="10" height="10" fill="{COLOURS[place]}"/>')
        drawn.append(f'<text x="{x + 15}" y="22" fill="#222222">{place}</text>')
    return "\n".join([*drawn, "</svg>", ""])


def _bar(line: Line, colour: str, middle: float, top: int) -> str:
    better = line.need / max(line.found, 1e-9) if line.at_most else line.found / line.need
    power = max(-DECADES, min(DECADES, math.log10(max(better, 1e-9))))
    x = middle + power * (WIDTH - LEFT) / 2 / DECADES
    return (
        f'<rect x="{min(x, middle):.1f}" y="{top}" width="{max(abs(x - middle), 1):.1f}" height="9" fill="{colour}"'
        f' fill-opacity="{1 if line.held else 0.45}"/>'
    )


def written(lines: Sequence[Line], machine: str, command: str) -> None:
    """Put both in their places."""
    CHART.write_text(chart(lines))
    said = (
        f"`{command}` on {machine}: {sum(line.held for line in lines)} of {len(lines)} lines held; those in brackets are not.\n\n"
        f"{table(lines)}\n\n![How far each of these ratios is from its line](tests/bench/figures.svg)"
    )
    text, count = re.subn(
        r"(<!-- figures -->\n).*?(\n<!-- /figures -->)",
        lambda marks: f"{marks[1]}{said}{marks[2]}",
        README.read_text(),
        flags=re.DOTALL,
    )
    assert count == 1, "README has no place for them"
    README.write_text(text)
