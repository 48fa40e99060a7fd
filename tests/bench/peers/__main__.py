"""The peers' process: `python -m tests.bench.peers URL writes|feed ROWS SHARE`, spoken to by peers/__init__.py."""

import itertools
import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import sqlalchemy as sa

CUSTOMERS = 1000
PAGE = 10
Peer = Callable[[int], None]


def database(url: sa.URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": url.database,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536",
            },
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.database,
        "USER": url.username,
        "HOST": url.query.get("host", url.host),
    }


def set_up(url: sa.URL) -> None:
    postgres = url.get_backend_name() == "postgresql"
    import_module("django.conf").settings.configure(
        DATABASES={"default": database(url)},
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        SECRET_KEY="bench",
        INSTALLED_APPS=[
            *("django.contrib.contenttypes", "django.contrib.auth", "auditlog", "simple_history"),
            *(("pgtrigger", "pghistory") if postgres else ()),
            "tests.bench.peers",
        ],
    )
    import_module("django").setup()
    call = import_module("django.core.management").call_command
    call("migrate", verbosity=0)
    call("migrate", run_syncdb=True, verbosity=0)
    if postgres:
        call("pgtrigger", "install", verbosity=0)


def saving(model: Any) -> Callable[[], None]:
    """Give the next customer another plan, in a transaction of its own."""
    atomic = import_module("django.db.transaction").atomic
    model.objects.bulk_create([model(name=f"Customer {n}", plan="Plan 0") for n in range(CUSTOMERS)])
    objects, numbers = list(model.objects.all()), itertools.count(CUSTOMERS)

    def save() -> None:
        number = next(numbers)
        one = objects[number * 7919 % CUSTOMERS]
        one.plan = f"Plan {number // CUSTOMERS}"
        with atomic():
            one.save()

    return save


def repeated(once: Callable[[], object]) -> Peer:
    def run(n: int) -> None:
        for _ in range(n):
            once()

    return run


def writes(*, postgres: bool) -> dict[str, Peer]:
    models = import_module("tests.bench.peers.models")
    sam = import_module("django.contrib.auth").get_user_model().objects.create(username="sam")
    set_actor = import_module("auditlog.context").set_actor
    audited = repeated(saving(models.Audited))

    def by_sam(n: int) -> None:
        with set_actor(sam):
            audited(n)

    found = {"django-auditlog": by_sam, "django-simple-history": repeated(saving(models.Historied))}
    if postgres:
        context = import_module("pghistory").context
        tracked = saving(models.Tracked)

        def in_context() -> None:
            with context(actor="sam"):
                tracked()

        found["django-pghistory"] = repeated(in_context)
    return found


def feed(rows: int, share: int, *, postgres: bool) -> dict[str, Peer]:
    """Pages of one object, which one of `share` entries is about."""
    models = import_module("tests.bench.peers.models")
    entry = import_module("auditlog.models").LogEntry
    one = models.Audited.objects.create(pk=1, name="Customer 1", plan="Plan 0")
    _load_auditlog(entry, rows, share, postgres=postgres)
    found = _pages("django-auditlog", entry.objects.get_for_object(one), rows // share)
    if postgres:
        event = next(iter(models.Tracked.pgh_event_models.values()))
        _load_pghistory(event, rows, share)
        found |= _pages("django-pghistory", event.objects.filter(pgh_obj_id=1).order_by("-pgh_id"), rows // share)
    return found


def _pages(name: str, entries: Any, rows: int) -> dict[str, Peer]:
    """Its first page, and its thousandth or last."""

    def page(number: int) -> Peer:
        start = (number - 1) * PAGE
        return repeated(lambda: list(entries[start : start + PAGE]))

    return {f"{name}, page {number:,}": page(number) for number in (1, min(1000, rows // PAGE))}


def _numbers(rows: int, *, postgres: bool) -> str:
    if postgres:
        return f"generate_series(1, {rows}) AS s(i)"
    return f"(WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {rows}) SELECT i FROM s)"


def _object(share: int) -> str:
    return f"CASE WHEN i % {share} = 0 THEN 1 ELSE 2 + i * 7 % {CUSTOMERS - 1} END"


def _load_auditlog(entry: Any, rows: int, share: int, *, postgres: bool) -> None:
    audited = import_module("tests.bench.peers.models").Audited
    content = import_module("django.contrib.contenttypes.models").ContentType.objects.get_for_model(audited).pk
    when = (
        "timestamptz '2024-01-01' + make_interval(secs => i)"
        if postgres
        else "strftime('%Y-%m-%d %H:%M:%S', 1704067200 + i, 'unixepoch')"
    )
    values = {
        "content_type_id": str(content),
        "object_pk": f"CAST({_object(share)} AS text)",
        "object_id": _object(share),
        "object_repr": "'Customer'",
        "action": "1",
        "changes": 'CAST(\'{"plan": ["Plan \' || i || \'", "Plan"]}\' AS ' + ("jsonb)" if postgres else "text)"),
        "changes_text": "''",
        "timestamp": when,
    }
    _load(entry, values, rows, postgres=postgres)


def _load_pghistory(event: Any, rows: int, share: int) -> None:
    values = {
        "pgh_created_at": "timestamptz '2024-01-01' + make_interval(secs => i)",
        "pgh_label": "'update'",
        "pgh_obj_id": _object(share),
        "id": _object(share),
        "name": "'Customer'",
        "plan": "'Plan ' || i",
        "status": "'active'",
        "owner": "'Sam'",
    }
    _load(event, values, rows, postgres=True)


def _load(model: Any, values: dict[str, str], rows: int, *, postgres: bool) -> None:
    columns = [field.column for field in model._meta.concrete_fields if field.column in values]
    source = ", ".join(values[column] for column in columns)
    table = model._meta.db_table
    with import_module("django.db").connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {source} FROM {_numbers(rows, postgres=postgres)}"
        )
        cursor.execute("VACUUM ANALYZE" if postgres else "ANALYZE")


def main() -> None:
    address, what, rows, share = sys.argv[1:]
    url = sa.make_url(address)
    postgres = url.get_backend_name() == "postgresql"
    set_up(url)
    found = writes(postgres=postgres) if what == "writes" else feed(int(rows), int(share), postgres=postgres)
    print(json.dumps(list(found)), flush=True)
    for line in sys.stdin:
        name, n = json.loads(line)
        began = time.perf_counter()
        found[name](n)
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
