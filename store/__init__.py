"""The memory: customers and what happened to them. It has never heard of Slack."""

from store.store import Store

__all__ = ["Store"]
