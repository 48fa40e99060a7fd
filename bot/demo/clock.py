"""The demo's clock: this machine's, and as far ahead of it as somebody moved it."""

from datetime import UTC, datetime, timedelta


class MovedClock:
    """What the app and the stand-in take for now. Leases and what is recorded go by the database's own clock."""

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        self.ahead = ahead

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, by: timedelta) -> datetime:
        """Forward only: what was posted stays in the past."""
        assert by > timedelta()
        self.ahead += by
        return self()
