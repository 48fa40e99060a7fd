"""Slack's clock and the database's are not the same."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.bot.conftest import QUICK, Pivotal
from tests.builders import NEVER_QUIET


@pytest.mark.promise(id="R17")
async def test_a_message_of_unknown_outcome_is_found_though_slacks_clock_is_behind(installed: Pivotal) -> None:
    """The connection was lost once Slack had accepted it; by the database's clock that was in Slack's future."""
    pivotal, room = installed, installed.room
    pivotal.clock.now = datetime.now(UTC) - timedelta(minutes=10)
    await pivotal.starts(timing=QUICK)
    await pivotal.store.set_settings(
        pivotal.workspace, {**NEVER_QUIET, "nudges.zone": "UTC", "nudges.channel": room.id}
    )
    await pivotal.says('/pivotal customer add "Acme Corp" health=90')
    await pivotal.says("/pivotal set acme-corp health=50")
    pivotal.slack.faults.drop("chat.postMessage")
    await pivotal.says("/pivotal nudges run now")
    await pivotal.looks()
    assert len([each for each in pivotal.slack.messages_in(room) if "Acme Corp" in each.text]) == 1
