"""A page on loopback that looks and works like Slack, for the workspace of a stand-in; and beside it what goes over the wire."""

from bot.sandbox.page.completion import Completion, Completions, Vocabulary
from bot.sandbox.page.declared import Cast, Declared, Shortcut
from bot.sandbox.page.page import Page

__all__ = ["Cast", "Completion", "Completions", "Declared", "Page", "Shortcut", "Vocabulary"]
