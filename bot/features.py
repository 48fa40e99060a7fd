"""The features, put together: what each command, click, form and event of Slack's leads to."""

from functools import partial

from slack_bolt.async_app import AsyncApp

from bot.answers import Answers
from bot.blocks.controls import EXPORT
from bot.directory import Clock, Directory
from bot.listeners import (
    command,
    customer,
    edit,
    export,
    forms,
    history,
    home,
    leaving,
    nudges,
    people,
    unlinked,
    watches,
)
from bot.listeners.form_kinds import form_kinds
from bot.listeners.form_kinds.nudge import nudge_forms
from bot.listeners.typed import Writing
from bot.slack import Slack
from bot.workers import Workers
from store import Store


def register(
    bolt: AsyncApp,
    *,
    store: Store,
    slack: Slack,
    directory: Directory,
    answers: Answers,
    writing: Writing,
    shown: history.History,
    workers: Workers,
    clock: Clock,
    program: str,
) -> None:
    wake = workers.jobs.wake
    asking = forms.Forms(writing, slack)
    asking.add(form_kinds(writing))
    edits = edit.Edits(writing, asking, partial(wake, "recall"))
    customers = customer.Customers(writing, asking)
    exporting = export.Exporting(writing, shown, slack, workers.export_is_due)
    strangers = unlinked.Unlinked(writing, partial(wake, "apply"))
    woken = nudges.Woken(look=partial(wake, "nudge"), send=partial(wake, "deliver"))
    nudging = nudges.Nudges(writing, asking, slack, shown, clock, woken)
    asking.add(nudge_forms(nudging, clock))
    watching = watches.Watches(writing, slack)
    handlers = {
        "help": command.helping(program),
        "history": shown.typed,
        **edits.handlers(),
        **customers.handlers(),
        **strangers.handlers(),
        **exporting.handlers(),
        **nudging.handlers(),
        **watching.handlers(),
    }
    command.register(bolt, program, answers, handlers)
    history.register(bolt, answers, shown, workers.deliverer, store, program, {EXPORT: exporting.clicked})
    export.register(bolt, answers, exporting)
    edit.register(bolt, answers, edits)
    forms.register(bolt, answers, asking)
    customer.register(bolt, answers, shown, asking)
    home.register(bolt, answers, home.Home(asking, slack))
    unlinked.register(bolt, answers, strangers, writing)
    nudges.register(bolt, answers, nudging)
    watches.register(bolt, answers, watching)
    people.register(bolt, directory)
    leaving.register(bolt, store, directory, partial(wake, "purge"))
