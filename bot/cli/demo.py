"""`pivotal demo`: the app and a stand-in for Slack, started from a terminal."""

from pathlib import Path

from rich.text import Text

from bot import log
from bot.cli import terminal
from bot.demo import run as run_demo


def run(*, port: int, browser: bool, reset: bool) -> None:
    log.set_up("WARNING")
    console = terminal.output()
    terminal.run(
        run_demo(
            port=port,
            browser=browser,
            reset=reset,
            folder=Path(),
            say=lambda told: console.print(Text(told), soft_wrap=True),
        )
    )
