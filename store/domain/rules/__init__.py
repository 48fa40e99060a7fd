"""The rules by which Pi speaks, in the order in which they are told. Each is a file of its own."""

from datetime import datetime
from typing import Final

from store.domain.nudge import Account, Nudge, Rule, Thresholds
from store.domain.rules import (
    at_risk_untouched,
    health_dropped,
    onboarding_stalled,
    payment_failed,
    plan_downgraded,
    primary_contact_gone,
    silence,
    tasks_overdue,
)

RULES: Final[tuple[Rule, ...]] = (
    health_dropped.RULE,
    at_risk_untouched.RULE,
    payment_failed.RULE,
    plan_downgraded.RULE,
    primary_contact_gone.RULE,
    onboarding_stalled.RULE,
    tasks_overdue.RULE,
    silence.RULE,
)

_BY_NAME: Final = {rule.name: rule for rule in RULES}


def due(account: Account, now: datetime, thresholds: Thresholds) -> list[Nudge]:
    """All that there is to say of a customer, at most one nudge of each rule."""
    return [nudge for rule in RULES if (nudge := rule.find(account, now, thresholds)) is not None]


def rule_named(name: str) -> Rule:
    """raises KeyError, when there is none of that name."""
    return _BY_NAME[name]
