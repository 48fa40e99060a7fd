"""`pivotal demo`: the whole app on this machine, against a stand-in for Slack, with a page to use it on. Nothing to configure."""

from bot.demo.run import run

__all__ = ["run"]
