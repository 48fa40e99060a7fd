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
from store.nudging import Settling, Terms
from store.nudging.schedules import DIGEST, NUDGES

MOST_REASON: Final = 300
WEEK: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WHEN: Final = (
    ("Every weekday", "weekdays"),
    ("Every day", "daily"),
    *((f"Every {day}", f"weekly {day}") for day in WEEK),
    ("Every hour", "hourly"),
)
THEIRS: Final = "theirs"
ALL: Final = "all"
KINDS: Final = (("Risk and attention", ALL), ("Risk only", "risk"), ("Attention only", "attention"))
NEW: Final = Terms(kind=NUDGES, cadence="weekdays 09:00")


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

    async def schedule(asker: Asker, _customer: str, given: Given) -> Built:
        now = await nudges.schedule(asker, int(given["id"])) if given.get("id") else NEW
        when, _, at = now.cadence.rpartition(" ")
        places = [("Where each customer belongs: its channel, else its owner", THEIRS)]
        if now.channel is not None:
            places.append(("In the channel where it is", now.channel))
        elif asker.channel is not None and asker.channel.startswith(("C", "G")):
            places.append(("In this channel", asker.channel))
        owner = now.scope.owner and (now.scope.owner, await nudges.name(asker, now.scope.owner))
        kind = form.choice([("Nudges", NUDGES), ("A digest of what stands", DIGEST)], now.kind)
        hint = "Hours and minutes, such as 09:00; for every hour it does not matter."
        return [
            form.asked("kind", "What", kind, optional=False),
            form.asked("when", "When", form.choice(WHEN, when or at), optional=False),
            form.asked("at", "At", form.text(at if when else "09:00", most=5), optional=False, hint=hint),
            form.asked("where", "Where", form.choice(places, now.channel or THEIRS), optional=False),
            form.asked(
                "kinds", "Which", form.choice(KINDS, now.kinds[0].value if len(now.kinds) == 1 else ALL), optional=False
            ),
            form.asked("owner", "Of customers of", form.person((owner[1], owner[0]) if owner else None)),
            form.asked("tag", "Of customers tagged", form.text(now.scope.tag, most=100)),
        ], {"id": given.get("id", ""), "about": now.scope.customer or ""}

    async def scheduled(asked: Asked) -> str:
        answers, asker = asked.answers, asked.asker
        typed = answers["when"] if answers["when"] == "hourly" else f"{answers['when']} {answers['at'].strip()}"
        terms = Terms(
            kind=answers["kind"],
            cadence=format_cadence(parse_cadence(typed)),
            channel=None if answers["where"] == THEIRS else answers["where"],
            kinds=() if answers["kinds"] == ALL else (NudgeKind(answers["kinds"]),),
            scope=Scope(
                customer=asked.extra["about"] or None,
                owner=answers["owner"] or None,
                tag=answers["tag"].strip() or None,
            ),
        )
        number = int(asked.extra["id"]) if asked.extra["id"] else None
        return (await nudges.scheduled(asker, terms, number)).text

    return {
        "nudge_dismiss": Form("Dismiss", dismiss, dismissed, needs_customer=False, submit="Dismiss"),
        "nudge_assign": Form("Assign", assign, assigned, needs_customer=False, submit="Assign"),
        "nudge_snooze": Form("Snooze", snooze, snoozed, needs_customer=False, submit="Snooze"),
        "schedule": Form("Schedule", schedule, scheduled, needs_customer=False),
    }
