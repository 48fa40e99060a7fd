"""Text ↔ values: what a command means. Every parse has its format, and `parse(format(value)) == value`."""

from store.domain.grammar.command import Command, parse_command
from store.domain.grammar.history import format_filter, format_history, parse_export, parse_filter, parse_history

__all__ = [
    "Command",
    "format_filter",
    "format_history",
    "parse_command",
    "parse_export",
    "parse_filter",
    "parse_history",
]
