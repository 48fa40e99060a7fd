"""JSON, as it is stored and hashed."""

import json

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(value: object) -> str:
    """JSON in one spelling: what is stored is, to the byte, what is hashed."""
    return _CANONICAL.encode(value)
