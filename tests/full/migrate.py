"""`pivotal migrate`, ended by SIGKILL so many milliseconds after its Nth statement has begun; without arguments it is not ended, and says
at last how many there were. A commit counts as a statement.
"""

import os
import signal
import sys
import threading

import sqlalchemy as sa
from sqlalchemy import event

from bot.cli.program import main as pivotal


def main() -> int:
    at, after_ms = (int(each) for each in sys.argv[1:] or ("0", "0"))
    begun = 0

    def one(*_about: object) -> None:
        nonlocal begun
        begun += 1
        if begun == at:
            threading.Timer(after_ms / 1000, _end).start()

    for moment in ("before_cursor_execute", "commit"):
        event.listen(sa.Engine, moment, one)
    code = pivotal(["migrate"])
    print(begun)
    return code


def _end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
