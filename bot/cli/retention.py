"""`pivotal retention`: for how long each workspace keeps its histories, what would go now, and have it go."""

from collections.abc import Iterator, Sequence

from bot.cli import terminal
from bot.cli.named import WORKSPACE
from bot.cli.workspaces import opened_all
from store.domain.errors import NotFound, PivotalError, code
from store.installing import Installation
from store.retention import Done, Plan


def run(*, now: bool) -> None:
    terminal.run(_run(now=now))


async def _run(*, now: bool) -> None:
    done: list[Done] = []
    async with opened_all() as store:
        for each in _chosen(await store.installing.listed()):
            if now:
                done.append(await store.retention.remove(each.workspace))
            plan = await store.retention.plan(each.workspace)
            line = f"{each.workspace}  {each.name}  {_said(plan, done[-1] if now else None)}"
            terminal.output().print(terminal.shown(line), soft_wrap=True, markup=False)
    if faults := [f"{fault.customer_id}, entry {fault.seq}: {fault.what}." for one in done for fault in one.faults]:
        raise LeftAsItIs("\n".join([*faults, "Nothing more was removed there: see what `pivotal verify` says."]))


def _chosen(every: Sequence[Installation]) -> Sequence[Installation]:
    """Those that the command is about: the one that was named, else all."""
    named = WORKSPACE.get()
    found = [each for each in every if named in {None, each.workspace}]
    if named is not None and not found:
        raise NotFound(f"There is no workspace {code(named)}.", "`pivotal workspaces` lists them.")
    return found


def _said(plan: Plan, done: Done | None) -> str:
    return "; ".join(_parts(plan, done))


def _parts(plan: Plan, done: Done | None) -> Iterator[str]:
    """done: what has just been removed; None: nothing was to be."""
    yield "keeps everything" if plan.days is None else f"keeps {plan.days:,} days"
    yield f"{_activities(plan.kept)} kept, {plan.removed:,} removed so far"
    if done is not None and done.activities:
        yield f"{_activities(done.activities)} of {_customers(done.customers)} just now"
    elif done is None and plan.before is not None:
        before = f"recorded before {plan.before:%Y-%m-%d %H:%M} UTC"
        going = f"{_activities(plan.activities)} of {_customers(plan.customers)}" if plan.activities else "nothing"
        yield f"{going}, {before}, would go"


def _activities(count: int) -> str:
    return "1 activity" if count == 1 else f"{count:,} activities"


def _customers(count: int) -> str:
    return "1 customer" if count == 1 else f"{count:,} customers"


class LeftAsItIs(PivotalError):
    """A history is not whole."""
