"""A terminal of a given width, as a process meets it."""

import os
import re
import select
import struct
import subprocess
from fcntl import ioctl
from termios import TIOCSWINSZ

from rich.cells import cell_len

from tests.cli.conftest import PATIENCE, environment

STYLE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def on_screen(*arguments: str, width: int) -> tuple[int, str]:
    """Run a program there. Returns what it exits with, and all that it printed, on stdout and stderr, styles included."""
    ours, theirs = os.openpty()
    ioctl(theirs, TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    process = subprocess.Popen(
        arguments, stdin=theirs, stdout=theirs, stderr=theirs, env=environment(TERM="xterm-256color")
    )
    os.close(theirs)
    printed = b""
    while select.select([ours], [], [], PATIENCE)[0]:
        try:
            some = os.read(ours, 65536)
        except OSError:  # Linux says so when the other side is closed
            break
        if not some:
            break
        printed += some
    os.close(ours)
    return process.wait(PATIENCE), printed.decode().replace("\r\n", "\n")


def widest(screen: str) -> int:
    """Cells of the longest line."""
    return max(cell_len(STYLE.sub("", line)) for line in screen.splitlines())
