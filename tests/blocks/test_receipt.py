"""The answer to an edit."""

from typing import Any

from syrupy.assertion import SnapshotAssertion

from bot.blocks.receipt import receipt
from store.domain.query import CustomerName
from store.domain.record import Receipt
from tests.blocks.conftest import as_sent
from tests.blocks.pages import BERLIN, NAMES, an_activity
from tests.blocks.slack_rules import checked

ACME = CustomerName("cus_1", "acme-corp", "Acme Corp", "acme.com")


def test_a_drop_is_told_once_with_the_edit_that_made_it(messages: SnapshotAssertion) -> None:
    edit = an_activity("customer.field_changed", ("plan", "Growth", "Scale"), ("health_score", 88, 55))
    drop = an_activity("customer.health_score_dropped", ("health_score", 88, 55))
    answer = receipt(Receipt(customer=ACME, recorded=(edit, drop), names=NAMES), BERLIN)
    checked(answer)
    sent: dict[str, Any] = as_sent(answer)
    assert "\n".join(sent["reads"]).count("55") == 1
    assert sent == messages
