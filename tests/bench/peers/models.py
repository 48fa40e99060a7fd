"""One row of a customer, once as it is and once for each peer that keeps its history."""

from importlib import import_module
from typing import Any

# By name, so that neither the bench nor the type checker needs the optional packages.
settings: Any = import_module("django.conf").settings
models: Any = import_module("django.db.models")
auditlog: Any = import_module("auditlog.registry").auditlog
history: Any = import_module("simple_history.models")


class Base(models.Model):  # type: ignore[misc]  # Any: see above
    name = models.TextField()
    plan = models.TextField()
    status = models.TextField(default="active")
    owner = models.TextField(default="Sam")

    class Meta:
        abstract = True


class Audited(Base):
    pass


class Historied(Base):
    history = history.HistoricalRecords()


auditlog.register(Audited)

if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
    track: Any = import_module("pghistory").track

    @track()
    class Tracked(Base):
        pass
