"""Snapshots of messages: the text, what a person reads of it, and the blocks, one JSON file each."""

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from bot.blocks import kit
from bot.blocks.kit import Message
from bot.sandbox.reading import read


@pytest.fixture
def messages(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(JSONSnapshotExtension)


def as_sent(message: Message) -> dict[str, Any]:
    """What Slack gets, and before it what a person reads; then the same of the fallback."""
    found = {
        "reads": read(message.blocks, message.text, {}).splitlines(),
        "text": kit.spoken(message.text),
        "blocks": list(message.blocks),
    }
    return found if message.fallback is None else found | {"fallback": as_sent(message.fallback)}
