"""Slack's signature: its published vector, and everything that is not quite it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.signature import is_genuine, signed

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TIMESTAMP = "1531420618"
NOW = datetime.fromtimestamp(int(TIMESTAMP), UTC)
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


def test_slacks_own_example_holds() -> None:
    assert signed(SECRET, TIMESTAMP, BODY) == SIGNATURE
    assert is_genuine(SECRET, [TIMESTAMP], [SIGNATURE], BODY, NOW)


def test_any_flipped_bit_breaks_it() -> None:
    for place in range(len(BODY)):
        flipped = bytearray(BODY)
        flipped[place] ^= 1 << place % 8
        assert not is_genuine(SECRET, [TIMESTAMP], [SIGNATURE], bytes(flipped), NOW)
    for place in range(len(SIGNATURE)):
        flipped_text = SIGNATURE[:place] + chr(ord(SIGNATURE[place]) ^ 1) + SIGNATURE[place + 1 :]
        assert not is_genuine(SECRET, [TIMESTAMP], [flipped_text], BODY, NOW)
    for place in range(len(TIMESTAMP)):
        flipped_text = TIMESTAMP[:place] + chr(ord(TIMESTAMP[place]) ^ 1) + TIMESTAMP[place + 1 :]
        assert not is_genuine(SECRET, [flipped_text], [SIGNATURE], BODY, NOW)


@pytest.mark.parametrize("seconds, holds", [(-301, False), (-300, True), (0, True), (300, True), (301, False)])
def test_a_request_is_believed_for_five_minutes(seconds: int, holds: bool) -> None:
    assert is_genuine(SECRET, [TIMESTAMP], [SIGNATURE], BODY, NOW + timedelta(seconds=seconds)) is holds


@pytest.mark.parametrize(
    "timestamps, signatures",
    [
        ([], [SIGNATURE]),
        ([TIMESTAMP], []),
        ([TIMESTAMP, TIMESTAMP], [SIGNATURE]),
        ([TIMESTAMP], [SIGNATURE, SIGNATURE]),
        (["abc"], [SIGNATURE]),
        ([""], [SIGNATURE]),
        (["1531420618.0"], [SIGNATURE]),
        ([f"{TIMESTAMP}\n"], [SIGNATURE]),
        ([f"+{TIMESTAMP}"], [SIGNATURE]),
        (["9" * 400], [SIGNATURE]),
        (["١٥٣١٤٢٠٦١٨"], [SIGNATURE]),
        ([TIMESTAMP], [SIGNATURE.upper()]),
        ([TIMESTAMP], [SIGNATURE.removeprefix("v0=")]),
        ([TIMESTAMP], [f"{SIGNATURE} "]),
        ([TIMESTAMP], ["v0=é"]),
        ([TIMESTAMP], ["v0=\udcff"]),
    ],
)
def test_odd_headers_are_no_signature(timestamps: list[str], signatures: list[str]) -> None:
    assert not is_genuine(SECRET, timestamps, signatures, BODY, NOW)
