"""Who and what is in the demo's workspace: three people, three channels, the sample history, and a first message."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from bot.sandbox import Channel, Message, StandInSlack
from bot.sandbox.page import Cast
from store import Store, sample
from store.actors import Person
from store.domain.activity import Ref, Source
from store.domain.record import By
from store.importing import Importer, parse_line
from store.nudging import Terms
from store.nudging.schedules import NUDGES

HINTS: Final = (
    "/pivotal history acme --actor pi --30d",
    "/pivotal history globex",
    "/pivotal customer acme",
    "/pivotal set acme health=72",
    "/pivotal nudges run now",
)
LINKED: Final = "acme"
"""The customer whose channel it is; there its name may be left out."""

WELCOME: Final = """\
**Welcome.** This is Pivotal as your team would use it, with six customers and their last 90 days. Slack itself is played by this page; \
the app behind it is the real one.

1. Type `/pivotal history acme --actor pi --30d` to see what Pi did at Acme Corp, or use one of the commands below.
2. Filter, page and open entries with the controls of the answer. Only you see it, until you share it.
3. In #acme, which is linked to Acme Corp, `/pivotal history` is enough.
4. Type `/pivotal set acme health=72`, move the clock a day, and see Pi's nudge in #acme: snooze it, assign it, or be done with it.
5. Act as somebody else at the top right, move the clock forward beside it, and watch each request in the inspector.
"""


@dataclass(slots=True)
class Stage:
    """What the page has to know of the workspace besides what stands in it."""

    cast: list[Cast] = field(default_factory=list)
    topics: dict[str, str] = field(default_factory=dict)


def set_up(slack: StandInSlack) -> Stage:
    """An empty workspace → people, channels, and a welcome."""
    editor = slack.add_user("Robin Hale", tz="Europe/Berlin", admin=True)
    viewer = slack.add_user("Ines Duarte", tz="America/New_York")
    guest = slack.add_user("Gus Novak", tz="Asia/Kolkata", restricted=True)
    team = slack.add_channel("customer-success", members=[editor, viewer])
    linked = slack.add_channel("acme", members=[editor, viewer])
    shared = slack.add_channel("acme-shared", members=[editor, guest], ext_shared=True)
    for each in (editor, viewer, guest):
        slack.dm(each)
    _post(slack, team, "Welcome to the demo", [{"type": "markdown", "text": WELCOME}])
    return Stage(
        [Cast(editor.id, "editor and admin"), Cast(viewer.id, "viewer"), Cast(guest.id, "guest")],
        {
            team.id: "Where the team talks about its customers",
            linked.id: "Linked to Acme Corp",
            shared.id: "With people of Acme Corp; Pivotal posts nothing here for all to see",
        },
    )


async def fill(store: Store, slack: StandInSlack, now: datetime) -> None:
    """The sample history, what each of the three may do, and the channel of one customer."""
    workspace = (await store.default_workspace()).id
    lines = [parse_line(number, line) for number, line in enumerate(sample.lines(now), start=1)]
    _, bad = await store.import_lines(Importer(workspace), lines)
    if bad is not None:
        raise bad
    # Whoever moves the clock wants to see what comes of it, be it night there or Sunday.
    anytime = {"nudges.quiet_from": "00:00", "nudges.quiet_to": "00:00", "nudges.quiet_weekends": False}
    await store.set_settings(workspace, {"edit": "admins", **anytime})
    customer = await store.find_customer(workspace, LINKED)
    channel = next(each for each in slack.workspace.channels.values() if each.name == LINKED)
    editor = next(each for each in slack.workspace.users.values() if each.admin)
    known = await store.remember(
        workspace, Person(slack_user_id=editor.id, name=editor.name, zone=editor.tz, is_admin=True)
    )
    by = By(actor=Ref.parse(known.ref), source=Source.SLACK)
    await store.records.link(workspace, channel.id, customer.id, by)
    daily = Terms(kind=NUDGES, cadence="daily 09:00")
    await store.nudging.add_schedule(workspace, daily, zone=editor.tz or "UTC", by=by, now=now)


def _post(slack: StandInSlack, channel: Channel, text: str, blocks: list[dict[str, Any]]) -> None:
    workspace = slack.workspace
    slack.core.check_message("welcome", text, blocks)
    workspace.post(
        Message(channel.id, workspace.new_ts(), workspace.bot_user.id, text, blocks, workspace.clock()),
    )
