"""What a file calls its customers, contacts and actors → our ids."""

from dataclasses import dataclass, field

import sqlalchemy as sa

from store import tables
from store.actors import SLACK_USER_ID, folded, new_id
from store.domain.activity import OWN_NAMES, PI, ActorType, Ref, Value
from store.domain.errors import code
from store.importing.lines import ContactRef, GivenActor, GivenValue, UserRef
from store.tables import plain
from store.tombstones import entombed


class Unfit(Exception):
    """Why a line that reads well cannot be applied, as the end of a sentence."""


@dataclass(slots=True)
class Known:
    """Each word is looked up once, and remembered until `forget`. Raises Unfit for a word that no line before introduced."""

    workspace: str
    _customers: dict[str, str] = field(default_factory=dict)
    _actors: dict[tuple[ActorType, str], Ref] = field(default_factory=dict)
    _named: set[tuple[ActorType, str]] = field(default_factory=set)
    _contacts: dict[tuple[str, str], str] = field(default_factory=dict)

    def forget(self) -> None:
        for remembered in (self._customers, self._actors, self._named, self._contacts):
            remembered.clear()

    def introduce(self, ref: str, customer_id: str) -> None:
        self._customers[ref] = customer_id

    def customer(self, connection: sa.Connection, ref: str) -> str:
        if ref not in self._customers:
            x = tables.external_id.c
            found = connection.execute(
                sa.select(x.customer_id).where(
                    x.workspace_id == self.workspace, x.provider == "import", x.account == "", x.external_id == ref
                )
            ).scalar_one_or_none()
            if found is None:
                raise Unfit(f"no line before it introduces the customer {code(ref)}.")
            self._customers[ref] = found
        return self._customers[ref]

    def id_of(self, connection: sa.Connection, table: sa.Table, customer_id: str, ref: str) -> str | None:
        """Of a contact, an onboarding or a task of that customer."""
        c = table.c
        found: str | None = connection.execute(
            sa.select(c.id).where(c.workspace_id == self.workspace, c.customer_id == customer_id, c.import_ref == ref)
        ).scalar_one_or_none()
        return found

    def value(self, connection: sa.Connection, given: GivenValue, customer_id: str) -> Value:
        match given:
            case str() | None:
                return given
            case UserRef(user=user):
                return self.person(connection, user)
            case ContactRef(contact=contact):
                return Ref(ActorType.CONTACT, self._contact(connection, customer_id, contact))
            case list():
                return tuple(given)
            case _:
                return given

    def actor(self, connection: sa.Connection, given: GivenActor, customer_id: str) -> Ref:
        if given.type is ActorType.PI:
            return PI
        if given.type is ActorType.CONTACT:
            return Ref(ActorType.CONTACT, self._contact(connection, customer_id, given.id))
        return self._acting(connection, given.type, given.id, given.name)

    def person(self, connection: sa.Connection, ref: str) -> Ref:
        return self._acting(connection, ActorType.USER, ref, None)

    def _contact(self, connection: sa.Connection, customer_id: str, ref: str) -> str:
        key = (customer_id, ref)
        if key not in self._contacts:
            found = self.id_of(connection, tables.contact, customer_id, ref) or entombed(
                connection, self.workspace, customer_id=customer_id, ref=ref
            )
            if found is None:
                raise Unfit(f"no line before it introduces the contact {code(ref)} of this customer.")
            self._contacts[key] = found
        return self._contacts[key]

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
            ref = self._add(connection, kind, ident, name, in_slack)
        else:
            ref = Ref.parse(row.id)
            told = {} if in_slack is None else {"slack_user_id": in_slack}
            if name is not None and row.name == ident and ref not in OWN_NAMES:
                told |= {"name": plain(name), "name_key": folded(plain(name))}
            if told:
                mine = sa.and_(a.workspace_id == self.workspace, a.id == row.id)
                connection.execute(tables.actor.update().where(mine).values(**told))
        self._actors[kind, ident] = ref
        if name is not None:
            self._named.add((kind, ident))
        return ref

    def _add(
        self, connection: sa.Connection, kind: ActorType, ident: str, name: str | None, in_slack: str | None
    ) -> Ref:
        ref = Ref(kind, new_id("usr") if kind is ActorType.USER else ident)
        shown = plain(OWN_NAMES.get(ref) or name or ident)
        connection.execute(
            tables.actor.insert(),
            {
                "workspace_id": self.workspace,
                "id": str(ref),
                "type": kind.value,
                "name": shown,
                "name_key": folded(shown),
                "import_ref": ident,
                "slack_user_id": in_slack,
                "standing": "member",
                "is_admin": False,
            },
        )
        return ref
