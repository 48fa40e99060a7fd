"""Schedules of nudges, and what takes more than a press to do with one."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from bot.blocks import forms as form
from bot.directory import Asker
from bot.listeners.form_kinds.kinds import Built
from bot.listeners.forms import Asked, Form, Given, required
from bot.listeners.nudges import Nudges
from store.domain.errors import Refused
from store.domain.grammar.nudges import format_cadence, parse_cadence
from store.domain.nudge import NudgeKind, NudgeState
from store.domain.query import day_start
from store.domain.scope import Scope
from store.nudging import Settling
from store.nudging.schedules import DIGEST, NUDGES

MOST_REASON: Final = 300
WEEK: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WHEN: Final = (
    ("Every weekday", "weekdays"),
    ("Every day", "daily"),
    *((f"Every {day}", f"weekly {day}") for day in WEEK),
)
HERE, THEIRS = "here", "theirs"


def nudge_forms(nudges: Nudges, clock: Callable[[], datetime]) -> dict[str, Form]:
    async def dismiss(_asker: Asker, _customer: str, given: Given) -> Built:
        asked = form.asked(
            "reason", "Why?", form.text(long=True, most=MOST_REASON), optional=False, hint="Pi's rules are tuned by it."
        )
        return [asked], {"id": given["id"]}

    async def dismissed(asked: Asked) -> str:
        note = required(asked.answers, "reason", "The reason").strip()
        await nudges.settle(asked.asker, asked.extra["id"], Settling(state=NudgeState.DISMISSED, note=note))
        return "Dismissed. It does not come back before something new happens."

    async def assign(_asker: Asker, _customer: str, given: Given) -> Built:
        return [form.asked("person", "To whom?", form.person(), optional=False)], {"id": given["id"]}

    async def assigned(asked: Asked) -> str:
        await nudges.assign(asked.asker, asked.extra["id"], required(asked.answers, "person", "The person"))
        return "Assigned."

    async def snooze(asker: Asker, _customer: str, given: Given) -> Built:
        tomorrow = asker.reader.now.astimezone(asker.reader.zone).date() + timedelta(days=1)
        return [form.asked("day", "Until which day?", form.day(tomorrow.isoformat()), optional=False)], {
            "id": given["id"]
        }

    async def snoozed(asked: Asked) -> str:
        until = day_start(date.fromisoformat(required(asked.answers, "day", "The day")), asked.asker.reader.zone)
        if until <= clock():
            raise Refused("That day has begun already.", "Choose a later one.")
        await nudges.settle(asked.asker, asked.extra["id"], Settling(state=NudgeState.SNOOZED, until=until))
        return "Snoozed."

    async def schedule(asker: Asker, _customer: str, _given: Given) -> Built:
        places = [("Where each customer belongs: its channel, else its owner", THEIRS)]
        if asker.channel is not None and asker.channel.startswith(("C", "G")):
            places.append(("In this channel", HERE))
        kinds = [("Risk and attention", ""), ("Risk only", "risk"), ("Attention only", "attention")]
        return [
            form.asked(
                "kind",
                "What",
                form.choice([("Nudges", NUDGES), ("A digest of what stands", DIGEST)], NUDGES),
                optional=False,
            ),
            form.asked("when", "When", form.choice(WHEN, "weekdays"), optional=False),
            form.asked(
                "at", "At", form.text("09:00", most=5), optional=False, hint="Hours and minutes, such as 09:00."
            ),
            form.asked("where", "Where", form.choice(places, THEIRS), optional=False),
            form.asked(
                "kinds",
                "Which",
                form.choice([(label, value or "all") for label, value in kinds], "all"),
                optional=False,
            ),
            form.asked("owner", "Of customers of", form.person()),
            form.asked("tag", "Of customers tagged", form.text(most=100)),
        ], {}

    async def scheduled(asked: Asked) -> str:
        answers, asker = asked.answers, asked.asker
        cadence = format_cadence(parse_cadence(f"{answers['when']} {answers['at'].strip()}"))
        channel = asker.channel if answers["where"] == HERE else None
        kinds = () if answers["kinds"] == "all" else (NudgeKind(answers["kinds"]),)
        scope = Scope(owner=answers["owner"] or None, tag=answers["tag"].strip() or None)
        return (await nudges.scheduled(asker, answers["kind"], cadence, channel, kinds, scope)).text

    return {
        "nudge_dismiss": Form("Dismiss", dismiss, dismissed, needs_customer=False, submit="Dismiss"),
        "nudge_assign": Form("Assign", assign, assigned, needs_customer=False, submit="Assign"),
        "nudge_snooze": Form("Snooze", snooze, snoozed, needs_customer=False, submit="Snooze"),
        "schedule": Form("New schedule", schedule, scheduled, needs_customer=False),
    }
