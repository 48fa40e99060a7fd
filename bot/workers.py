"""The jobs, put together: who works off what is due, and by which name it is woken."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.answers import Tasks
from bot.directory import Clock, Directory
from bot.jobs.apply import Applier
from bot.jobs.audience import Audience
from bot.jobs.deliver import Deliverer, Timing
from bot.jobs.exports import Exporter, Leases
from bot.jobs.nudges import Nudger
from bot.jobs.outside import Outside
from bot.jobs.recall import Recaller
from bot.jobs.retention import Retainer
from bot.jobs.schedule import Jobs, Work
from bot.jobs.speaking import Speaking
from bot.jobs.watches import Watcher
from bot.listeners.history import History
from bot.slack import Slack
from bot.uploads import Uploads
from store import Store
from store.domain.erasure import RETOLD, SHARED, TAKEN_BACK, WITHDRAW
from store.domain.nudge import NUDGED, POST
from store.domain.watch import WATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    deliverer: Deliverer
    nudger: Nudger
    watcher: Watcher
    recaller: Recaller
    exporter: Exporter
    jobs: Jobs

    def export_is_due(self) -> None:
        self.jobs.wake("export")
        self.exporter.look()


def workers(
    *,
    store: Store,
    slack: Slack,
    directory: Directory,
    uploads: Uploads,
    shown: History,
    clock: Clock,
    tasks: Tasks,
    timing: Timing,
    leases: Leases,
    removed: Callable[[int], None],
    more: Mapping[str, Work],
) -> Workers:
    """shown: by which a shared history is rendered as it is sent. removed: told of entries that retention has removed. more: other jobs,
    by name.
    """

    def send() -> None:
        jobs.wake("deliver")

    watcher = Watcher(store, directory, send)
    outside = Outside(store)
    recaller = Recaller(store, slack, send)
    renderers = {
        SHARED: shown.shared,
        WITHDRAW: shown.withdrawn,
        NUDGED: outside.nudge,
        RETOLD: outside.retold,
        WATCH: watcher.told,
        **Speaking(store).renderers(),
    }
    deliverer = Deliverer(store, slack, renderers, timing, {POST}, {TAKEN_BACK: recaller.delete_file})
    exporter = Exporter(store, slack, uploads, Audience(store, slack, directory), leases=leases)
    nudger = Nudger(store, clock, send, lease=timing.lease)
    jobs = Jobs(
        tasks,
        {
            "nudge": nudger.drain,
            "watch": watcher.drain,
            "recall": recaller.drain,
            "deliver": deliverer.drain,
            "export": exporter.drain,
            "apply": Applier(store, lease=timing.lease).drain,
            "forget": store.deliveries.forget,
            "forget answers": store.programs.forget,
            "purge": store.installing.purge,
            "retain": Retainer(store, removed).drain,
            **more,
        },
    )
    return Workers(deliverer=deliverer, nudger=nudger, watcher=watcher, recaller=recaller, exporter=exporter, jobs=jobs)
