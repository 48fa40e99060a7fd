"""Signatures of webhooks: HMAC over the raw body, with a clock, in constant time. Whatever is not exactly a signature is none."""

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Final

WINDOW_SECONDS: Final = 300
MILLISECONDS: Final = re.compile(r"[0-9]{1,15}")
SECONDS: Final = re.compile(r"[0-9]{1,12}")
HEX: Final = re.compile(r"[0-9a-f]{64}")
BASE64: Final = re.compile(r"[A-Za-z0-9+/]{43}=")

DECODED: Final = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
"""The percent codes that HubSpot decodes in the address before it signs; no others."""


def stripe_is_genuine(secrets: Sequence[str], header: Sequence[str], body: bytes, now: datetime) -> bool:
    """`Stripe-Signature: t=…,v1=…[,v1=…]`: hex HMAC-SHA256 over `t.body`. Any v1 by any of the secrets may match, as while one is rolled.

    header  every value of the header; two are one too many
    """
    if len(header) != 1:
        return False
    parts = [part.strip().partition("=") for part in header[0].split(",")]
    times = [value for name, _, value in parts if name == "t"]
    given = [value for name, _, value in parts if name == "v1" and HEX.fullmatch(value)]
    if len(times) != 1 or not SECONDS.fullmatch(times[0]) or abs(now.timestamp() - int(times[0])) > WINDOW_SECONDS:
        return False
    signed = times[0].encode() + b"." + body
    wanted = [hmac.digest(secret.encode(), signed, "sha256").hex() for secret in secrets]
    return any([hmac.compare_digest(one, other) for one in wanted for other in given])  # noqa: C419 - all are compared, whichever matches


def hubspot_is_genuine(
    secret: str,
    timestamps: Sequence[str],
    signatures: Sequence[str],
    method: str,
    address: str,
    body: bytes,
    now: datetime,
) -> bool:
    """`X-HubSpot-Signature-v3`: base64 HMAC-SHA256 over method, full public address, body and timestamp (milliseconds).

    address  from the public address that is configured, never from the Host header
    """
    if len(timestamps) != 1 or len(signatures) != 1:
        return False
    if not (MILLISECONDS.fullmatch(timestamps[0]) and BASE64.fullmatch(signatures[0])):
        return False
    if abs(now.timestamp() - int(timestamps[0]) / 1000) > WINDOW_SECONDS:
        return False
    for code, char in DECODED.items():
        address = re.sub(code, lambda _: char, address, flags=re.IGNORECASE)  # noqa: B023 - used at once
    signed = method.encode() + address.encode() + body + timestamps[0].encode()
    wanted = b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest())
    return hmac.compare_digest(wanted, signatures[0].encode())
