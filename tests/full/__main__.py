"""`python -m tests.full [R1 …] [--size quick|full] [--db sqlite|postgres|both] [--seed N]`."""

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from functools import partial
from typing import Final

from tests.bench.places import Place, places
from tests.full import (
    backups,
    clocks,
    commands,
    crowding,
    disks,
    exporting,
    migrating,
    nudges,
    outages,
    proving,
    syncing,
    webhooks,
)

PROMISES: Final[Mapping[str, Callable[[Place, str, int], Awaitable[str]]]] = {
    **{promise: partial(nudges.run, promise) for promise in nudges.TRIALS},
    "R5": commands.run,
    "R8": syncing.run,
    "R9": webhooks.run,
    "R10": outages.away,
    "R11": outages.restarted,
    "R12": disks.run,
    "R13": exporting.stopped,
    "R14": exporting.grown,
    "R17": clocks.run,
    "R19": migrating.run,
    "R20": backups.run,
    "S22": crowding.noisy,
    "S23": crowding.slow,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.full", description=__doc__)
    parser.add_argument("promises", nargs="*", metavar="R1", help="which of them; all when left out")
    parser.add_argument("--size", choices=("quick", "full"), default="full")
    parser.add_argument("--db", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    asked = parser.parse_args()
    known = sorted({*PROMISES, *proving.promises()}, key=lambda name: (name[0], int(name[1:])))
    wanted = asked.promises or (list(PROMISES) if asked.size == "quick" else known)
    if unknown := [each for each in wanted if each not in known]:
        parser.error(f"nothing proves {', '.join(unknown)} by this command; there are {', '.join(known)}")
    failed = 0
    with places(asked.db) as found:
        for promise in wanted:
            for place in found:
                for proof in _proofs(promise, place, asked.size, asked.seed):
                    began = time.monotonic()
                    try:
                        told = asyncio.run(proof)
                    except Exception as error:  # noqa: BLE001 - whatever it is, the other trials go on
                        failed += 1
                        told = f"BROKEN, seed {asked.seed}: {type(error).__name__} {error}"
                    took = f"{time.monotonic() - began:6.1f} s"
                    print(f"{promise}  {place.name:<11} {asked.size:<6} {took}  {told}", flush=True)
    return 1 if failed else 0


def _proofs(promise: str, place: Place, size: str, seed: int) -> Iterator[Coroutine[None, None, str]]:
    """Its trial by real processes, and what tests prove of it at full size."""
    if promise in PROMISES:
        yield _tried(promise, place, size, seed)
    if promise in proving.promises() and size == "full":
        yield proving.run(promise, place, seed)


async def _tried(promise: str, place: Place, size: str, seed: int) -> str:
    return await PROMISES[promise](place, size, seed)


if __name__ == "__main__":
    sys.exit(main())
