"""Import: JSON Lines → the record as it is now and the history as it was. The format is drawn in README, "Import".

Nothing is recorded about the import itself: an activity line is appended, a record line sets the record. A line that was imported before
adds nothing: activities count once by their dedupe_key, or, where they have none, by their whole content.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal, Self

import sqlalchemy as sa
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as shape
from pydantic_core import PydanticCustomError

from store import bulk, customers, tables
from store.actors import SLACK_USER_ID, folded, new_id
from store.bulk import Happened
from store.domain.activity import (
    EARLIEST,
    KIND_LENGTH,
    KIND_SHAPE,
    OWN_NAMES,
    PI,
    ActorType,
    Ref,
    Source,
    Value,
)
from store.domain.errors import BadLine, code
from store.engine import canonical, database_clock
from store.stating import encoded, kept, spelled
from store.tables import plain
from store.tombstones import entombed

Text = Annotated[str, Field(min_length=1, max_length=10_000)]
Word = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


def _in_utc(instant: datetime) -> datetime:
    if instant < EARLIEST:
        raise PydanticCustomError("too_early", "That is before {year}", {"year": EARLIEST.year})
    return min(instant, LATEST).astimezone(UTC)


LATEST = datetime(9999, 12, 31, tzinfo=UTC)
"""Later than that by a zone's hours there is no calendar; a time in the future is clamped in any case."""


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


# Dataclasses, not models: they are read in a third of the time (decisions/0011-import.md).
AS_WRITTEN: Final = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


@shape(config=AS_WRITTEN, frozen=True, slots=True, kw_only=True)
class UserRef:
    user: Word


@shape(config=AS_WRITTEN, frozen=True, slots=True, kw_only=True)
class ContactRef:
    contact: Word


# Tried in this order; since all are read strictly, no value fits two of them but a whole number, which `float` takes too.
GivenValue = Annotated[
    str | int | float | bool | list[str] | UserRef | ContactRef | None, Field(union_mode="left_to_right")
]


@shape(config=AS_WRITTEN, frozen=True, slots=True, kw_only=True)
class GivenChange:
    field: Word
    old: GivenValue = None
    new: GivenValue = None


@shape(config=AS_WRITTEN, frozen=True, slots=True, kw_only=True)
class GivenActor:
    type: ActorType
    id: Word
    name: Word | None = None


@shape(config=AS_WRITTEN, frozen=True, slots=True, kw_only=True)
class CustomerLine:
    type: Literal["customer"]
    ref: Word
    name: Word
    status: Literal["active", "at_risk", "churned", "archived"] = "active"
    domain: Word | None = None
    plan: Word | None = None
    owner: Word | None = None
    health_score: Annotated[int, Field(ge=0, le=100)] | None = None
    tags: list[Word] = field(default_factory=list)
    fields: dict[Word, GivenValue] = field(default_factory=dict)


@shape(config=AS_WRITTEN, frozen=True, slots=True, kw_only=True)
class ContactLine:
    type: Literal["contact"]
    customer: Word
    ref: Word
    name: Word | None = None
    email: Word | None = None
    state: Literal["active", "archived", "removed"] = "active"
    primary: bool = False


@shape(config=AS_WRITTEN, frozen=True, slots=True, kw_only=True)
class OnboardingLine:
    type: Literal["onboarding"]
    customer: Word
    ref: Word
    name: Word
    phase: Word | None = None
    state: Literal["open", "done"] = "open"


@shape(config=AS_WRITTEN, frozen=True, slots=True, kw_only=True)
class TaskLine:
    type: Literal["task"]
    customer: Word
    ref: Word
    title: Word
    onboarding: Word | None = None
    state: Literal["open", "done"] = "open"
    due: date | None = None
    assignee: Word | None = None


@shape(config=AS_WRITTEN, frozen=True, slots=True, kw_only=True)
class ActivityLine:
    type: Literal["activity"]
    customer: Word
    occurred_at: Moment
    actor: GivenActor
    source: Source
    event_type: Annotated[str, Field(pattern=f"^{KIND_SHAPE.pattern}$", max_length=KIND_LENGTH)]
    onboarding_id: Word | None = None
    edit_id: Word | None = None
    changes: list[GivenChange] = field(default_factory=list)
    text: Text | None = None
    dedupe_key: Word | None = None


AnyLine = Annotated[CustomerLine | ContactLine | OnboardingLine | TaskLine | ActivityLine, Field(discriminator="type")]
_LINE: TypeAdapter[AnyLine] = TypeAdapter(AnyLine)
_ACTIVITY = TypeAdapter(ActivityLine)

Numbered = tuple[int, AnyLine]


def parse_line(number: int, line: bytes | str) -> Numbered:
    """Raises BadLine, with the first thing that does not fit."""
    try:
        return number, _LINE.validate_json(_without_nul(line))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = [str(part) for part in first["loc"]]
        what = first["msg"]
        if where and where[0] in _TYPES:
            del where[0]
        if tried := next((part for part in where if part in _FORMS), None):
            del where[where.index(tried) :]
            what = 'A value is text, a number, true, false, null, a list of texts, {"user": …} or {"contact": …}'
        raise BadLine(number, f"{code('.'.join(where))}: {what}." if where else f"{what}.") from None


def _without_nul(line: bytes | str) -> bytes | str:
    """The same line as both databases can hold it, see tables.plain. In JSON a NUL can only be written as an escape."""
    if isinstance(line, bytes):
        return _NUL.sub(rb"\1\\ufffd", line) if rb"\u0000" in line else line
    return _without_nul(line.encode(errors="surrogatepass")) if r"\u0000" in line else line


_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")

_TYPES = {"customer", "contact", "onboarding", "task", "activity"}
_FORMS = {"bool", "int", "float", "str", "list[str]", "UserRef", "ContactRef"}
"""As pydantic names the line that it read, and each form of a value that it tried."""


class _Unfit(Exception):
    """Why a line that reads well cannot be applied, as the end of a sentence."""


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


@dataclass(slots=True)
class Importer:
    """Applies batches of lines. It remembers which ids the file's own names got; when a batch fails, it has to forget them."""

    workspace: str
    _customers: dict[str, str] = field(default_factory=dict)
    _actors: dict[tuple[ActorType, str], Ref] = field(default_factory=dict)
    _named: set[tuple[ActorType, str]] = field(default_factory=set)
    _contacts: dict[tuple[str, str], str] = field(default_factory=dict)

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
            except _Unfit as unfit:
                raise BadLine(number, str(unfit)) from None
        added = bulk.append_many(connection, self.workspace, happened)
        return Imported(len(lines), added, len(happened) - added)

    def forget(self) -> None:
        """Drop the ids that a batch got which was not committed: they are looked up again."""
        for remembered in (self._customers, self._actors, self._named, self._contacts):
            remembered.clear()

    # --- what lines refer to ---

    def _customer(self, connection: sa.Connection, ref: str) -> str:
        if ref not in self._customers:
            x = tables.external_id.c
            found = connection.execute(
                sa.select(x.customer_id).where(
                    x.workspace_id == self.workspace, x.provider == "import", x.account == "", x.external_id == ref
                )
            ).scalar_one_or_none()
            if found is None:
                raise _Unfit(f"no line before it introduces the customer {code(ref)}.")
            self._customers[ref] = found
        return self._customers[ref]

    def _contact(self, connection: sa.Connection, customer_id: str, ref: str) -> str:
        key = (customer_id, ref)
        if key not in self._contacts:
            found = self._id_of(connection, tables.contact, customer_id, ref) or entombed(
                connection, self.workspace, customer_id=customer_id, ref=ref
            )
            if found is None:
                raise _Unfit(f"no line before it introduces the contact {code(ref)} of this customer.")
            self._contacts[key] = found
        return self._contacts[key]

    def _id_of(self, connection: sa.Connection, table: sa.Table, customer_id: str, ref: str) -> str | None:
        c = table.c
        found: str | None = connection.execute(
            sa.select(c.id).where(c.workspace_id == self.workspace, c.customer_id == customer_id, c.import_ref == ref)
        ).scalar_one_or_none()
        return found

    def _actor(self, connection: sa.Connection, given: GivenActor, customer_id: str) -> Ref:
        if given.type is ActorType.PI:
            return PI
        if given.type is ActorType.CONTACT:
            return Ref(ActorType.CONTACT, self._contact(connection, customer_id, given.id))
        return self._acting(connection, given.type, given.id, given.name)

    def _person(self, connection: sa.Connection, ref: str) -> Ref:
        return self._acting(connection, ActorType.USER, ref, None)

    def _acting(self, connection: sa.Connection, kind: ActorType, ident: str, name: str | None) -> Ref:
        """The actor that the file calls so. Who is first met without a name is called by the file's word until a line gives one. A person whose
        word is an id of Slack's is that person, whether Slack or a file told of them first.
        """
        known = self._actors.get((kind, ident))
        if known is not None and (name is None or (kind, ident) in self._named):
            return known
        a = tables.actor.c
        # A person has a reference of ours; a program's word is its reference, whoever met it first.
        same = a.import_ref == ident if kind is ActorType.USER else a.id == str(Ref(kind, ident))
        in_slack = ident if kind is ActorType.USER and SLACK_USER_ID.fullmatch(ident) else None
        if in_slack is not None:
            same = sa.or_(same, a.slack_user_id == in_slack)
        found = sa.select(a.id, a.name).where(a.workspace_id == self.workspace, a.type == kind.value, same)
        row = connection.execute(found.order_by(a.slack_user_id.is_(None)).limit(1)).one_or_none()
        if row is None:
            ref = Ref(kind, new_id("usr") if kind is ActorType.USER else ident)
            shown = OWN_NAMES.get(ref) or name or ident
            connection.execute(
                tables.actor.insert(),
                {
                    "workspace_id": self.workspace,
                    "id": str(ref),
                    "type": kind.value,
                    "name": plain(shown),
                    "name_key": folded(plain(shown)),
                    "import_ref": ident,
                    "slack_user_id": in_slack,
                    "standing": "member",
                    "is_admin": False,
                },
            )
        else:
            ref = Ref.parse(row.id)
            mine = sa.and_(a.workspace_id == self.workspace, a.id == row.id)
            if in_slack is not None:
                connection.execute(tables.actor.update().where(mine).values(slack_user_id=in_slack))
            if name is not None and row.name == ident and ref not in OWN_NAMES:
                connection.execute(
                    tables.actor.update().where(mine).values(name=plain(name), name_key=folded(plain(name)))
                )
        self._actors[kind, ident] = ref
        if name is not None:
            self._named.add((kind, ident))
        return ref

    def _value(self, connection: sa.Connection, given: GivenValue, customer_id: str) -> Value:
        match given:
            case str() | None:
                return given
            case UserRef(user=user):
                return self._person(connection, user)
            case ContactRef(contact=contact):
                return Ref(ActorType.CONTACT, self._contact(connection, customer_id, contact))
            case list():
                return tuple(given)
            case _:
                return given

    # --- what lines set ---

    def _set_customer(self, connection: sa.Connection, line: CustomerLine) -> None:
        owner = None if line.owner is None else str(self._person(connection, line.owner))
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
            customer_id = self._customer(connection, line.ref)
        except _Unfit:
            customer_id = self._new_customer(connection, line.ref, record)
        custom = {name: encoded(self._value(connection, value, customer_id)) for name, value in line.fields.items()}
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
        self._customers[ref] = customer_id
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
            raise _Unfit(f"the contact {code(line.ref)} has no name; only a removed one may go without.")
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
        customer_id = self._customer(connection, line.customer)
        mine = sa.and_(c.workspace_id == self.workspace, c.customer_id == customer_id, c.import_ref == line.ref)
        if connection.execute(sa.select(c.id).where(mine, c.erased_at.is_not(None))).first() is not None:
            return True
        email = line.email
        return entombed(connection, self.workspace, customer_id=customer_id, ref=line.ref, email=email) is not None

    def _set_onboarding(self, connection: sa.Connection, line: OnboardingLine) -> None:
        record = {"name": plain(line.name), "phase": line.phase, "state": line.state}
        self._set(connection, tables.onboarding, "onb", line.customer, line.ref, record)

    def _set_task(self, connection: sa.Connection, line: TaskLine) -> None:
        customer_id = self._customer(connection, line.customer)
        onboarding_id = None
        if line.onboarding is not None:
            onboarding_id = self._id_of(connection, tables.onboarding, customer_id, line.onboarding)
            if onboarding_id is None:
                raise _Unfit(f"no line before it introduces the onboarding {code(line.onboarding)} of this customer.")
        record = {
            "onboarding_id": onboarding_id,
            "title": plain(line.title),
            "state": line.state,
            "due": line.due,
            "assignee": None if line.assignee is None else str(self._person(connection, line.assignee)),
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
        customer_id = self._customer(connection, customer)
        ident = self._id_of(connection, table, customer_id, ref)
        if ident is None:
            key = {"workspace_id": self.workspace, "id": new_id(prefix), "customer_id": customer_id, "import_ref": ref}
            connection.execute(table.insert(), {**key, **record})
        else:
            mine = sa.and_(table.c.workspace_id == self.workspace, table.c.id == ident)
            connection.execute(table.update().where(mine).values(**record))

    def _activity(self, connection: sa.Connection, line: ActivityLine) -> Happened:
        customer_id = self._customer(connection, line.customer)
        changes = [
            (
                change.field,
                encoded(self._value(connection, change.old, customer_id)),
                encoded(self._value(connection, change.new, customer_id)),
            )
            for change in line.changes
        ]
        return Happened(
            customer_id=customer_id,
            key=line.dedupe_key or _content_key(line),
            occurred_at=line.occurred_at,
            kind=line.event_type,
            actor=str(self._actor(connection, line.actor, customer_id)),
            source=str(line.source),
            fields=list(dict.fromkeys(field for field, _, _ in changes)),
            changes=spelled(changes),
            text=kept(line.text),
            onboarding_id=kept(line.onboarding_id),
            edit_id=kept(line.edit_id),
        )


def _content_key(line: ActivityLine) -> str:
    """What the line says; a member that is left out or empty says nothing, so that the format may grow."""
    said = _ACTIVITY.dump_python(line, mode="json", exclude_defaults=True)
    return "content:" + hashlib.sha256(canonical(said).encode()).hexdigest()


def _one_at_a_time(connection: sa.Connection, workspace: str) -> None:
    """Two imports into a workspace would introduce the same names; the second waits. On SQLite all writers do."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"import {workspace}", 0))))
