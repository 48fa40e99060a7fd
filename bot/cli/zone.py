"""The zone of this machine: in a terminal, days and times are read and printed in it."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal import get_localzone

from bot.settings import Misconfigured


def system_zone() -> ZoneInfo:
    """What TZ says, else what this machine is set to. Raises Misconfigured for a TZ that is no zone's name."""
    try:
        return get_localzone()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Misconfigured("TZ must be the name of a zone.", "Write one such as `Europe/Berlin`.") from None
