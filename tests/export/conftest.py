"""The app as people meet it, for those tests here that begin with a person in Slack."""

from tests.bot.conftest import clock, installed, pivotal, slack

__all__ = ["clock", "installed", "pivotal", "slack"]
