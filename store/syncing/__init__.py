"""Applying what a provider told: `apply` for one delivery, `bind` to say whose an id is."""

from store.syncing.applying import apply
from store.syncing.told import Applied
from store.syncing.whose import bind

__all__ = ["Applied", "apply", "bind"]
