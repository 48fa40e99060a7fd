"""GET /metrics, for Prometheus: what this process has answered, and what the database has waiting. Counts and times; nobody's names, no ids."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import SecretStr

from bot.caller import Caller
from store.domain.errors import PivotalError
from store.figures import Figures
from store.replica import Served

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.5, 3.0, 10.0)
"""Upper ends of what is counted together. 3 s is what Slack waits for an ack, 1.5 s what we take of it."""
TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The metrics of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._acks = Histogram(
            "pivotal_ack_seconds",
            "From a request of Slack to its ack.",
            ["kind"],
            registry=self._registry,
            buckets=SECONDS,
        )
        self._queries = Histogram(
            "pivotal_query_seconds",
            "One transaction, its waiting included, by the method that asked for it.",
            ["what"],
            registry=self._registry,
            buckets=SECONDS,
        )

        self._reads = Counter(
            "pivotal_history_reads",
            "Reads of a customer's history where there is a replica, by who served them; behind and away: the primary, as the replica was.",
            ["by"],
            registry=self._registry,
        )

        self._removed = Counter(
            "pivotal_history_removed",
            "Entries of histories that this process has removed, since their workspaces keep them for so long only.",
            registry=self._registry,
        )

    def acked(self, kind: str, seconds: float) -> None:
        self._acks.labels(kind).observe(seconds)

    def queried(self, what: str, seconds: float) -> None:
        self._queries.labels(what).observe(seconds)

    def removed(self, count: int) -> None:
        self._removed.inc(count)

    def read_by(self, served: Served) -> None:
        self._reads.labels(served.value).inc()

    def text(self, figures: Figures | None, rejected: Mapping[str, int], turned_away: int) -> bytes:
        """figures: None while the database does not answer. rejected: by who is said to have sent it."""
        of_now = CollectorRegistry()
        of_now.register(_OfNow(figures, rejected, turned_away))
        return generate_latest(self._registry) + generate_latest(of_now)


class _OfNow(Collector):
    """What is counted when somebody asks."""

    def __init__(self, figures: Figures | None, rejected: Mapping[str, int], turned_away: int) -> None:
        self._figures = figures
        self._rejected = rejected
        self._turned_away = turned_away

    def collect(self) -> Iterator[Metric]:
        refused = CounterMetricFamily(
            "pivotal_rejected_signatures", "Requests whose signature did not hold.", labels=["sender"]
        )
        for sender, count in self._rejected.items():
            refused.add_metric([sender], count)
        yield refused
        yield CounterMetricFamily(
            "pivotal_turned_away", "Requests whose turn did not come in time.", value=self._turned_away
        )
        yield GaugeMetricFamily(
            "pivotal_database_up", "Whether the database answers.", value=float(self._figures is not None)
        )
        if self._figures is not None:
            yield from _of_database(self._figures)


def _of_database(figures: Figures) -> Iterator[Metric]:
    yield _counted(
        "outbox_deliveries", "Deliveries to Slack that are not sent.", ["kind", "state"], figures.outbox.items()
    )
    yield GaugeMetricFamily(
        "pivotal_outbox_oldest_seconds",
        "Age of the oldest that is still to be sent.",
        value=figures.outbox_age.total_seconds(),
    )
    yield _counted(
        "inbox_deliveries",
        "Deliveries from HubSpot and Stripe not applied.",
        ["provider", "state"],
        figures.inbox.items(),
    )
    yield GaugeMetricFamily(
        "pivotal_clock_ahead_seconds",
        "How far this process's clock is ahead of the database's.",
        value=(datetime.now(UTC) - figures.now).total_seconds(),
    )
    yield GaugeMetricFamily(
        "pivotal_inbox_oldest_seconds",
        "Age of the oldest that is still to be applied.",
        value=figures.inbox_age.total_seconds(),
    )
    yield _counted("nudges", "Pi's nudges.", ["rule", "state"], figures.nudges.items())
    exports = {(state,): count for state, count in figures.exports.items()}
    yield _counted("exports", "Exports that people asked for.", ["state"], exports.items())


def _counted(name: str, what: str, labels: Sequence[str], counts: Iterable[tuple[Sequence[str], int]]) -> Metric:
    family = GaugeMetricFamily(f"pivotal_{name}", what, labels=labels)
    for values, count in counts:
        family.add_metric(values, count)
    return family


def route(
    metrics: Metrics,
    key: SecretStr | None,
    figures: Callable[[], Awaitable[Figures]],
    rejected: Mapping[str, Callable[[], int]],
    turned_away: Callable[[], int],
) -> web.RouteDef:
    """key: whoever brings it is told; None: whoever asks on this machine is."""
    caller = Caller(key)

    async def shown(request: web.Request) -> web.Response:
        caller.admit(request)
        try:
            found = await figures()
        except PivotalError:
            found = None
        text = metrics.text(found, {sender: count() for sender, count in rejected.items()}, turned_away())
        return web.Response(body=text, headers={"Content-Type": TEXT})

    return web.get("/metrics", shown)
