"""The memory: customers and what happened to them. It has never heard of Slack."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from store.store import Store

__all__ = ["Store"]


def __getattr__(name: str) -> object:
    """Loaded when it is first asked for: whoever needs only a value of `store.domain` does not wait for SQLAlchemy."""
    if name == "Store":
        from store.store import Store  # noqa: PLC0415 - see above

        return Store
    raise AttributeError(name)
