"""Signatures of webhooks: the published vectors hold, and nothing that is not quite them."""

import hashlib
import hmac
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest

from bot.webhooks.signatures import hubspot_is_genuine, stripe_is_genuine

pytestmark = [pytest.mark.promise(id="S4"), pytest.mark.promise(id="S5")]

STRIPE_SECRET = "whsec_test_secret"
STRIPE_BODY = b'{"id":"evt_1","type":"invoice.paid"}'
STRIPE_V1 = "4bdb5c9d159e353341cd503699ef7836d66ab07344a66bb2fa07de092c7a7d5d"
STRIPE_HEADER = f"t=1767225600,v1={STRIPE_V1}"
HUBSPOT_SECRET = "hs-client-secret"
HUBSPOT_BODY = b'[{"eventId":1,"objectId":5}]'
HUBSPOT_URL = "https://app.example.com/webhooks/hubspot"
HUBSPOT_SIGNATURE = "vSCBgBf/IqpyNEuU9LxgOt241KqvCRaGWXAdRyn+ZWs="
NOW = datetime.fromtimestamp(1767225600, UTC)


def stripe(
    header: str, body: bytes = STRIPE_BODY, now: datetime = NOW, secrets: tuple[str, ...] = (STRIPE_SECRET,)
) -> bool:
    return stripe_is_genuine(secrets, [header], body, now)


def hubspot(
    signature: str = HUBSPOT_SIGNATURE,
    timestamp: str = "1767225600000",
    url: str = HUBSPOT_URL,
    body: bytes = HUBSPOT_BODY,
    now: datetime = NOW,
    method: str = "POST",
) -> bool:
    return hubspot_is_genuine(HUBSPOT_SECRET, [timestamp], [signature], method, url, body, now)


def test_the_vectors_hold() -> None:
    assert stripe(STRIPE_HEADER)
    assert hubspot()


@pytest.mark.parametrize("seconds, holds", [(-301, False), (-300, True), (0, True), (300, True), (301, False)])
def test_a_delivery_is_believed_for_five_minutes(seconds: int, holds: bool) -> None:
    now = NOW + timedelta(seconds=seconds)
    assert stripe(STRIPE_HEADER, now=now) is holds
    assert hubspot(now=now) is holds


def test_any_flipped_bit_breaks_it() -> None:
    for place in range(len(STRIPE_BODY)):
        flipped = bytearray(STRIPE_BODY)
        flipped[place] ^= 1
        assert not stripe(STRIPE_HEADER, bytes(flipped))
    for place in range(len(HUBSPOT_SIGNATURE)):
        other = HUBSPOT_SIGNATURE[:place] + chr(ord(HUBSPOT_SIGNATURE[place]) ^ 1) + HUBSPOT_SIGNATURE[place + 1 :]
        assert not hubspot(other)


def test_while_a_secret_is_rolled_either_signs() -> None:
    assert stripe(f"t=1767225600,v1={'0' * 64},v1={STRIPE_V1}")
    assert stripe(STRIPE_HEADER, secrets=("whsec_new", STRIPE_SECRET))
    assert not stripe(STRIPE_HEADER, secrets=("whsec_new",))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=,v1=",
        f"v1={STRIPE_V1}",
        f"t=1767225600,v0={STRIPE_V1}",
        f"t=1767225600,t=1767225600,v1={STRIPE_V1}",
        f"t=1767225600.0,v1={STRIPE_V1}",
        f"t=1767225600,v1={STRIPE_V1.upper()}",
        f"t=١٧٦٧٢٢٥٦٠٠,v1={STRIPE_V1}",
        "t=1767225600,v1=\udcff",
        "=" * 1000,
    ],
)
def test_odd_stripe_headers_are_no_signature(header: str) -> None:
    assert not stripe(header)


def test_json_that_was_written_again_is_not_what_was_signed() -> None:
    assert not stripe(STRIPE_HEADER, b'{"id": "evt_1", "type": "invoice.paid"}')


@pytest.mark.parametrize(
    "given",
    [
        {"url": HUBSPOT_URL.replace("https", "http")},
        {"url": HUBSPOT_URL.replace("app.", "evil.")},
        {"url": f"{HUBSPOT_URL}?a=1"},
        {"method": "PUT"},
        {"timestamp": "1767225600"},
        {"timestamp": "abc"},
        {"timestamp": ""},
        {"signature": "é" * 44},
    ],
)
def test_odd_hubspot_requests_are_not_genuine(given: dict[str, str]) -> None:
    assert not hubspot(**given)  # type: ignore[arg-type]  # one of the texts


def test_hubspot_decodes_only_the_codes_that_it_lists() -> None:
    signed = b"POST" + b"https://app.example.com/webhooks/hubspot?a=x/y%20z" + HUBSPOT_BODY + b"1767225600000"
    signature = b64encode(hmac.new(HUBSPOT_SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert hubspot(signature, url="https://app.example.com/webhooks/hubspot?a=x%2Fy%20z")
    assert hubspot(signature, url="https://app.example.com/webhooks/hubspot?a=x%2fy%20z")
    assert not hubspot(signature, url="https://app.example.com/webhooks/hubspot?a=x%2Fy z")
