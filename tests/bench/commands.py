"""A command of ours as somebody types it: how long it takes from start to end, and the most memory that it has at once."""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

_UNIT: Final = 1024 if sys.platform == "linux" else 1024**2


class Ran(NamedTuple):
    seconds: float
    peak: float
    """MiB."""


def ran(url: str, *arguments: str) -> Ran:
    """Run `pivotal` with these arguments on the database of this URL. Raises RuntimeError, when it fails.

    A small process stands between: a child's peak is at least what its parent had when it was started.
    """
    command = (sys.executable, "-m", "tests.bench.commands", sys.executable, "-m", "bot", *arguments)
    done = subprocess.run(command, env=os.environ | {"DATABASE_URL": url}, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise RuntimeError(f"`pivotal {' '.join(arguments)}` ended with {done.returncode}; what it said stands above.")
    return Ran(**json.loads(done.stdout))


def own_peak() -> float:
    """MiB: the most memory that this process has had. Of `ru_maxrss` a part may be its parent's."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _UNIT
    [highest] = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(highest) / 1024  # it is in kB


def main() -> int:
    began = time.perf_counter()
    status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=False).returncode
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / _UNIT
    sys.stdout.write(json.dumps(Ran(time.perf_counter() - began, peak)._asdict()))
    return status


if __name__ == "__main__":
    sys.exit(main())
