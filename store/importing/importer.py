"""The values of lines → rows, a batch in its caller's transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import sqlalchemy as sa

from store import bulk, customers, tables
from store.actors import folded, new_id
from store.bulk import Happened
from store.domain.errors import BadLine, code
from store.engine import database_clock
from store.importing.known import Known, Unfit
from store.importing.lines import (
    ActivityLine,
    ContactLine,
    CustomerLine,
    Numbered,
    OnboardingLine,
    TaskLine,
    content_key,
)
from store.stating import encoded, kept, spelled
from store.tables import plain
from store.tombstones import entombed


@dataclass(slots=True)
class Imported:
    """How many lines of each outcome."""

    lines: int = 0
    activities: int = 0
    repeated: int = 0

    def __iadd__(self, other: "Imported") -> Self:
        self.lines += other.lines
        self.activities += other.activities
        self.repeated += other.repeated
        return self


class Importer:
    """Applies batches of lines. It remembers which ids the file's own names got; when a batch fails, it has to forget them."""

    def __init__(self, workspace: str) -> None:
        self.workspace = workspace
        self._known = Known(workspace)

    def apply(self, connection: sa.Connection, lines: Sequence[Numbered]) -> Imported:
        """Apply these lines in the caller's transaction.

        raises  BadLine, when a line refers to what no line before it introduced.
        """
        _one_at_a_time(connection, self.workspace)
        setters: Mapping[type, Callable[[sa.Connection, Any], None]] = {
            CustomerLine: self._set_customer,
            ContactLine: self._set_contact,
            OnboardingLine: self._set_onboarding,
            TaskLine: self._set_task,
        }
        happened: list[Happened] = []
        for number, line in lines:
            try:
                if isinstance(line, ActivityLine):
                    happened.append(self._activity(connection, line))
                else:
                    setters[type(line)](connection, line)
            except Unfit as unfit:
                raise BadLine(number, str(unfit)) from None
        added = bulk.append_many(connection, self.workspace, happened)
        return Imported(len(lines), added, len(happened) - added)

    def forget(self) -> None:
        """Drop the ids that a batch got which was not committed: they are looked up again."""
        self._known.forget()

    # --- what lines set ---

    def _set_customer(self, connection: sa.Connection, line: CustomerLine) -> None:
        owner = None if line.owner is None else str(self._known.person(connection, line.owner))
        name = plain(line.name)
        record: dict[str, Any] = {
            "name": name,
            "name_key": folded(name),
            "domain": None if line.domain is None else folded(line.domain),
            "status": line.status,
            "owner": owner,
            "plan": line.plan,
            "health_score": line.health_score,
            "health_high": line.health_score,
            "tags": sorted(set(line.tags)),
        }
        try:
            customer_id = self._known.customer(connection, line.ref)
        except Unfit:
            customer_id = self._new_customer(connection, line.ref, record)
        custom = {
            name: encoded(self._known.value(connection, value, customer_id)) for name, value in line.fields.items()
        }
        self._define_fields(connection, line.fields)
        c = tables.customer.c
        mine = sa.and_(c.workspace_id == self.workspace, c.id == customer_id)
        connection.execute(tables.customer.update().where(mine).values(**record, fields=custom, version=c.version + 1))

    def _new_customer(self, connection: sa.Connection, ref: str, record: Mapping[str, Any]) -> str:
        customer_id = new_id("cus")
        connection.execute(
            tables.customer.insert(),
            {
                **record,
                "workspace_id": self.workspace,
                "id": customer_id,
                "slug": customers.free_slug(connection, self.workspace, record["name"]),
                "fields": {},
                "version": 0,
                "last_seq": 0,
                "last_hash": bytes(32),
                "created_at": database_clock(connection),
            },
        )
        connection.execute(
            tables.external_id.insert(),
            {
                "workspace_id": self.workspace,
                "provider": "import",
                "account": "",
                "external_id": ref,
                "customer_id": customer_id,
            },
        )
        self._known.introduce(ref, customer_id)
        return customer_id

    def _define_fields(self, connection: sa.Connection, names: Iterable[str]) -> None:
        f = tables.custom_field.c
        for name in names:
            known = sa.select(f.name_key).where(f.workspace_id == self.workspace, f.name_key == folded(name))
            if connection.execute(known).first() is None:
                defined = {
                    "workspace_id": self.workspace,
                    "name_key": folded(name),
                    "name": plain(name),
                    "type": "text",
                }
                connection.execute(tables.custom_field.insert(), defined)

    def _set_contact(self, connection: sa.Connection, line: ContactLine) -> None:
        removed = line.state == "removed"
        if not removed and line.name is None:
            raise Unfit(f"the contact {code(line.ref)} has no name; only a removed one may go without.")
        if self._is_erased(connection, line):
            return
        name = None if removed or line.name is None else plain(line.name)
        self._set(
            connection,
            tables.contact,
            "con",
            line.customer,
            line.ref,
            {
                "name": name,
                "name_key": None if name is None else folded(name),
                "email": None if removed else line.email,
                "state": line.state,
                "is_primary": line.primary and not removed,
                "erased_at": database_clock(connection) if removed else None,
            },
        )

    def _is_erased(self, connection: sa.Connection, line: ContactLine) -> bool:
        """Whether the contact was erased before: an old file does not bring it back."""
        c = tables.contact.c
        customer_id = self._known.customer(connection, line.customer)
        mine = sa.and_(c.workspace_id == self.workspace, c.customer_id == customer_id, c.import_ref == line.ref)
        if connection.execute(sa.select(c.id).where(mine, c.erased_at.is_not(None))).first() is not None:
            return True
        email = line.email
        return entombed(connection, self.workspace, customer_id=customer_id, ref=line.ref, email=email) is not None

    def _set_onboarding(self, connection: sa.Connection, line: OnboardingLine) -> None:
        record = {"name": plain(line.name), "phase": line.phase, "state": line.state}
        self._set(connection, tables.onboarding, "onb", line.customer, line.ref, record)

    def _set_task(self, connection: sa.Connection, line: TaskLine) -> None:
        customer_id = self._known.customer(connection, line.customer)
        onboarding_id = None
        if line.onboarding is not None:
            onboarding_id = self._known.id_of(connection, tables.onboarding, customer_id, line.onboarding)
            if onboarding_id is None:
                raise Unfit(f"no line before it introduces the onboarding {code(line.onboarding)} of this customer.")
        record = {
            "onboarding_id": onboarding_id,
            "title": plain(line.title),
            "state": line.state,
            "due": line.due,
            "assignee": None if line.assignee is None else str(self._known.person(connection, line.assignee)),
        }
        self._set(connection, tables.task, "tsk", line.customer, line.ref, record)

    def _set(
        self,
        connection: sa.Connection,
        table: sa.Table,
        prefix: str,
        customer: str,
        ref: str,
        record: Mapping[str, Any],
    ) -> None:
        """Insert the row that the file calls `ref`, or set it to what the line says now."""
        customer_id = self._known.customer(connection, customer)
        ident = self._known.id_of(connection, table, customer_id, ref)
        if ident is None:
            key = {"workspace_id": self.workspace, "id": new_id(prefix), "customer_id": customer_id, "import_ref": ref}
            connection.execute(table.insert(), {**key, **record})
        else:
            mine = sa.and_(table.c.workspace_id == self.workspace, table.c.id == ident)
            connection.execute(table.update().where(mine).values(**record))

    def _activity(self, connection: sa.Connection, line: ActivityLine) -> Happened:
        customer_id = self._known.customer(connection, line.customer)
        changes = [
            (
                change.field,
                encoded(self._known.value(connection, change.old, customer_id)),
                encoded(self._known.value(connection, change.new, customer_id)),
            )
            for change in line.changes
        ]
        return Happened(
            customer_id=customer_id,
            key=line.dedupe_key or content_key(line),
            occurred_at=line.occurred_at,
            kind=line.event_type,
            actor=str(self._known.actor(connection, line.actor, customer_id)),
            source=str(line.source),
            fields=list(dict.fromkeys(field for field, _, _ in changes)),
            changes=spelled(changes),
            text=kept(line.text),
            onboarding_id=kept(line.onboarding_id),
            edit_id=kept(line.edit_id),
        )


def _one_at_a_time(connection: sa.Connection, workspace: str) -> None:
    """Two imports into a workspace would introduce the same names; the second waits. On SQLite all writers do."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"import {workspace}", 0))))
