"""Promises that tests prove: `pytest` at full size, of one promise. The quick size is what every run of the tests does anyway."""

import ast
import asyncio
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from tests.bench.places import Place

ROOT: Final = Path(__file__).parents[2]
OTHER: Final = {"sqlite": "postgresql", "postgresql": "sqlite"}
NONE_FOUND: Final = 5
"""What pytest ends with when nothing was to be run."""


class NotProved(Exception):
    """What pytest says in the end."""


@cache
def promises() -> Mapping[str, Sequence[str]]:
    """Which are proved by tests, and in which files: those that a marker names."""
    found = defaultdict[str, list[str]](list)
    for path in sorted(ROOT.joinpath("tests").rglob("test_*.py")):
        for promise in set(_named(ast.parse(path.read_text()))):
            found[promise].append(str(path.relative_to(ROOT)))
    return found


def _named(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="promise"), keywords=[ast.keyword(arg="id", value=ast.Constant(str(ident)))]
            ):
                yield ident


async def run(promise: str, place: Place, seed: int) -> str:
    """On one database; what needs none is run with either. Raises NotProved, with the tests that failed."""
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            f"--randomly-seed={seed}",
        ),
        *("-m", f"promise(id={promise!r})", "-k", f"not {OTHER[place.dialect]}"),
        *promises()[promise],
        cwd=ROOT,
        env={**os.environ, "HYPOTHESIS_PROFILE": "full"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = (await process.communicate())[0].decode(errors="replace")
    if process.returncode not in {0, NONE_FOUND}:
        raise NotProved("; ".join(re.findall(r"^(?:FAILED|ERROR) (\S+)", said, re.MULTILINE)) or said[-500:])
    return _summary(said)


def _summary(said: str) -> str:
    found = re.findall(r"(\d+ (?:passed|skipped))", said.strip().rpartition("\n")[2])
    return f"by tests: {', '.join(found)}" if found else "by tests: none on this database"
