"""Slack's signature of a request: HMAC-SHA256 over the raw body, with a clock, in constant time.

Bolt's own check raises on headers that are merely odd, so that they answer 500 with a traceback. This one stands in front: whatever is
not the exact form of a signature is none.
"""

import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot import limits

TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")
SIGNATURE: Final = re.compile(r"v0=[0-9a-f]{64}")


def signed(secret: str, timestamp: str, body: bytes) -> str:
    """The value of `X-Slack-Signature` for a body sent at this time (seconds since 1970, as the header writes it)."""
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.digest(secret.encode(), base, "sha256").hex()


def is_genuine(secret: str, timestamps: Sequence[str], signatures: Sequence[str], body: bytes, now: datetime) -> bool:
    """Whether Slack sent this body, at most 300 s away from now, either way.

    timestamps, signatures  every value of `X-Slack-Request-Timestamp` and `X-Slack-Signature`; two of a kind are one too many
    """
    if len(timestamps) != 1 or len(signatures) != 1:
        return False
    timestamp, signature = timestamps[0], signatures[0]
    if not (TIMESTAMP.fullmatch(timestamp) and SIGNATURE.fullmatch(signature)):
        return False
    if abs(now.timestamp() - int(timestamp)) > limits.SIGNATURE_WINDOW.total_seconds():
        return False
    return hmac.compare_digest(signed(secret, timestamp, body).encode(), signature.encode())
