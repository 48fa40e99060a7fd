"""The tables, for both databases.

Tenant first: every key, unique constraint and foreign key starts with `workspace_id`, so that a workspace can be moved, or the tables
distributed by it. The exceptions are `workspace.slack_team_id`, by which a request finds its workspace in the first place, and `install_state`,
of whoever has none yet.
Migrations make these tables; a test compares the two.
"""

import re
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from store.domain.query import EPOCH, MICROSECOND


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware UTC datetime: `timestamptz` on PostgreSQL, microseconds since 1970 as an integer on SQLite.

    SQLite has no date type. The integer sorts, takes 8 bytes in every index, and cannot come back naive.
    """

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(sa.BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if value is None or dialect.name == "postgresql":
            found: datetime | None = value
            return found
        return EPOCH + int(value) * MICROSECOND


UNKEEPABLE = re.compile("[\0\ud800-\udfff]")


def plain(text: str) -> str:
    """Text as both databases can hold it. PostgreSQL has no NUL, and half of a surrogate pair is no character: each reads `�` instead."""
    return text if text.isprintable() else UNKEEPABLE.sub("\ufffd", text)


# Ids, words of the grammar and folded names sort by their bytes on both databases; in PostgreSQL a prefix then is a range of the index.
Key = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Json = sa.JSON(
    none_as_null=True
)  # PostgreSQL's `json`, not `jsonb`: it keeps the text as written, and it is that text that is hashed

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def tenant(name: str, *items: sa.schema.SchemaItem) -> sa.Table:
    """A table whose rows belong to a workspace. On SQLite it is clustered by its key."""
    return sa.Table(name, metadata, sa.Column("workspace_id", Key, primary_key=True), *items, sqlite_with_rowid=False)


def belongs_to_workspace() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["workspace_id"], ["workspace.workspace_id"])


def belongs_to(parent: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["workspace_id", column], [f"{parent}.workspace_id", f"{parent}.id"])


workspace = sa.Table(
    "workspace",
    metadata,
    sa.Column("workspace_id", Key, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("slack_team_id", Key, unique=True),
    sa.Column("slack_enterprise_id", Key),
    sa.Column("settings", Json, nullable=False),
    sa.Column("erasure_key", sa.LargeBinary, nullable=False),
    # of the tombstones: made at random with the workspace
    sa.Column("created_at", Instant, nullable=False),
)

actor = tenant(
    "actor",
    belongs_to_workspace(),
    sa.Column("id", Key, primary_key=True),
    # a typed reference: `user:usr_…`, `integration:hubspot`, `api:key_…`
    sa.Column("type", Key, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_key", Key, nullable=False),
    sa.Column("slack_user_id", Key),
    sa.Column("import_ref", Key),
    sa.Column("zone", sa.Text),
    sa.Column("standing", Key, nullable=False),
    # of a person in Slack: member, guest, bot, outsider or gone; of whom Slack has said nothing yet (refreshed_at) it says nothing
    sa.Column("is_admin", sa.Boolean, nullable=False),
    sa.Column("refreshed_at", Instant),
    sa.Column("last_edit", Json),
    # what this person did last, to undo it: customer, seqs, at (microseconds since 1970)
    sa.UniqueConstraint("workspace_id", "slack_user_id"),
    sa.UniqueConstraint("workspace_id", "type", "import_ref"),
    sa.Index("ix_actor_name", "workspace_id", "name_key"),
)

customer = tenant(
    "customer",
    belongs_to_workspace(),
    sa.Column("id", Key, primary_key=True),
    sa.Column("slug", Key, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_key", Key, nullable=False),
    sa.Column("domain", Key),
    sa.Column("status", Key, nullable=False),
    sa.Column("owner", Key),
    sa.Column("plan", sa.Text),
    sa.Column("health_score", sa.Integer),
    sa.Column("health_high", sa.Integer),
    # the highest score since it last counted as dropped
    sa.Column("tags", Json, nullable=False),
    sa.Column("fields", Json, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("last_seq", sa.BigInteger, nullable=False),
    sa.Column("last_hash", sa.LargeBinary, nullable=False),
    # the head of the chain, see chain.py
    sa.Column("created_at", Instant, nullable=False),
    belongs_to("actor", "owner"),
    sa.UniqueConstraint("workspace_id", "slug"),
    sa.Index("ix_customer_name", "workspace_id", "name_key"),
    sa.Index("ix_customer_domain", "workspace_id", "domain"),
)

external_id = tenant(
    "external_id",
    sa.Column("provider", Key, primary_key=True),
    # import, hubspot, stripe
    sa.Column("account", Key, primary_key=True),
    # the provider's own tenant, such as HubSpot's portal; "" where it has none
    sa.Column("external_id", Key, primary_key=True),
    sa.Column("customer_id", Key, nullable=False),
    belongs_to("customer", "customer_id"),
    sa.Index("ix_external_id_customer", "workspace_id", "customer_id"),
)

custom_field = tenant(
    "custom_field",
    belongs_to_workspace(),
    sa.Column("name_key", Key, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("type", Key, nullable=False),
    # text, number, date, choice, person, link
    sa.Column("choices", Json),
)

contact = tenant(
    "contact",
    sa.Column("id", Key, primary_key=True),
    sa.Column("customer_id", Key, nullable=False),
    sa.Column("import_ref", Key),
    sa.Column("name", sa.Text),
    # null once erased, like all that is personal
    sa.Column("name_key", Key),
    sa.Column("email", sa.Text),
    sa.Column("state", Key, nullable=False),
    sa.Column("is_primary", sa.Boolean, nullable=False),
    sa.Column("erased_at", Instant),
    belongs_to("customer", "customer_id"),
    sa.UniqueConstraint("workspace_id", "customer_id", "import_ref"),
    sa.Index("ix_contact_name", "workspace_id", "name_key"),
)

contact_name = tenant(
    "contact_name",
    sa.Column("contact_id", Key, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("email", sa.Text),
    sa.Column("until", Instant, nullable=False),
    belongs_to("contact", "contact_id"),
)

# Whoever was erased does not come back by an import or a late webhook: keyed digests of what they were known by.
tombstone = tenant(
    "tombstone",
    sa.Column("digest", Key, primary_key=True),
    sa.Column("contact_id", Key, nullable=False),
    belongs_to("contact", "contact_id"),
)

# A provider's contact → ours. Before it is known whose it is, what was told of it waits here; erased, nothing is taken in any more.
external_contact = tenant(
    "external_contact",
    belongs_to_workspace(),
    sa.Column("provider", Key, primary_key=True),
    sa.Column("account", Key, primary_key=True),
    sa.Column("external_id", Key, primary_key=True),
    sa.Column("customer_id", Key),
    sa.Column("contact_id", Key),
    sa.Column("told", Json),
    sa.Column("erased", sa.Boolean, nullable=False),
    belongs_to("contact", "contact_id"),
    sa.Index("ix_external_contact_contact", "workspace_id", "contact_id"),
)

# When each property of a provider's object was last set there: an older notice is superseded, however late it comes.
synced = tenant(
    "synced",
    belongs_to_workspace(),
    sa.Column("provider", Key, primary_key=True),
    sa.Column("account", Key, primary_key=True),
    sa.Column("object", Key, primary_key=True),
    sa.Column("object_id", Key, primary_key=True),
    sa.Column("property", Key, primary_key=True),
    sa.Column("occurred_at", Instant, nullable=False),
)

onboarding = tenant(
    "onboarding",
    sa.Column("id", Key, primary_key=True),
    sa.Column("customer_id", Key, nullable=False),
    sa.Column("import_ref", Key),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("phase", sa.Text),
    sa.Column("state", Key, nullable=False),
    belongs_to("customer", "customer_id"),
    sa.UniqueConstraint("workspace_id", "customer_id", "import_ref"),
)

task = tenant(
    "task",
    sa.Column("id", Key, primary_key=True),
    sa.Column("customer_id", Key, nullable=False),
    sa.Column("onboarding_id", Key),
    sa.Column("import_ref", Key),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("state", Key, nullable=False),
    sa.Column("due", sa.Date),
    sa.Column("assignee", Key),
    belongs_to("customer", "customer_id"),
    belongs_to("onboarding", "onboarding_id"),
    belongs_to("actor", "assignee"),
    sa.UniqueConstraint("workspace_id", "customer_id", "import_ref"),
)

comment = tenant(
    "comment",
    sa.Column("id", Key, primary_key=True),
    sa.Column("customer_id", Key, nullable=False),
    sa.Column("onboarding_id", Key),
    sa.Column("author", Key, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("deleted_at", Instant),
    belongs_to("customer", "customer_id"),
    belongs_to("onboarding", "onboarding_id"),
    sa.Index("ix_comment_customer", "workspace_id", "customer_id"),
)

channel = tenant(
    "channel",
    sa.Column("slack_channel_id", Key, primary_key=True),
    sa.Column("customer_id", Key, nullable=False),
    belongs_to("customer", "customer_id"),
)

activity = tenant(
    "activity",
    sa.Column("customer_id", Key, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    # gapless per customer, given under the lock on the customer's row
    sa.Column("occurred_at", Instant, nullable=False),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.Column("type", Key, nullable=False),
    sa.Column("actor", Key, nullable=False),
    sa.Column("source", Key, nullable=False),
    sa.Column("subject", Key),
    sa.Column("onboarding_id", sa.Text),
    sa.Column("edit_id", Key),
    sa.Column("refs", Json),
    sa.Column("changes", Json),
    sa.Column("text", sa.Text),
    sa.Column("salt", sa.LargeBinary),
    # null once redacted: then nobody can tell any more whether a guess at the text was right
    sa.Column("commitment", sa.LargeBinary, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    belongs_to("customer", "customer_id"),
    sa.Index("ix_activity_feed", "workspace_id", "customer_id", "occurred_at", "seq"),
    sa.Index("ix_activity_type", "workspace_id", "customer_id", "type", "occurred_at", "seq"),
    sa.Index("ix_activity_actor", "workspace_id", "customer_id", "actor", "type", "occurred_at", "seq"),
    sa.Index("ix_activity_source", "workspace_id", "customer_id", "source", "type", "occurred_at", "seq"),
)

# One row per changed field, derived from `activity`, for the field filter only. `verify` compares the two.
activity_field = tenant(
    "activity_field",
    sa.Column("customer_id", Key, primary_key=True),
    sa.Column("field", Key, primary_key=True),
    sa.Column("actor", Key, primary_key=True),
    sa.Column("type", Key, primary_key=True),
    sa.Column("occurred_at", Instant, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("source", Key, nullable=False),
    sa.Index("ix_activity_field_type", "workspace_id", "customer_id", "field", "type", "occurred_at", "seq"),
)

# How far a customer's history has been removed since it was too old: what the seal of the last entry that went was made of (chain.py).
checkpoint = tenant(
    "checkpoint",
    sa.Column("customer_id", Key, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    # of that entry; seq has no gaps, so as many are gone
    sa.Column("hash_before", sa.LargeBinary, nullable=False),
    sa.Column("occurred_at", Instant, nullable=False),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.Column("facts", sa.LargeBinary, nullable=False),
    sa.Column("moved_at", Instant, nullable=False),
    belongs_to("customer", "customer_id"),
)

# What came in once must count once: the key is stored in the transaction of its effect.
inbound_key = tenant(
    "inbound_key",
    belongs_to_workspace(),
    sa.Column("source", Key, primary_key=True),
    sa.Column("key", Key, primary_key=True),
    sa.Column("recorded_at", Instant, nullable=False),
)

saved_query = tenant(
    "saved_query",
    belongs_to_workspace(),
    sa.Column("hash", Key, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)

outbox = tenant(
    "outbox",
    belongs_to_workspace(),
    sa.Column("id", Key, primary_key=True),
    sa.Column("key", Key, nullable=False),
    sa.Column("kind", Key, nullable=False),
    sa.Column("channel", Key, nullable=False),
    sa.Column("body", Json, nullable=False),
    # ids and the query only: what is posted is rendered when it is sent, so that no name waits here
    sa.Column("state", Key, nullable=False),
    # pending, sending, sent, failed
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("lease_by", Key),
    sa.Column("lease_until", Instant),
    sa.Column("attempted_at", Instant),
    sa.Column("ts", Key),
    sa.Column("possible_duplicate", sa.Boolean, nullable=False),
    sa.Column("error", Key),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("workspace_id", "key"),
    sa.Index("ix_outbox_due", "state", "due_at"),
)

# When the rules run, and where what they find goes.
schedule = tenant(
    "schedule",
    belongs_to_workspace(),
    sa.Column("id", Key, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    # by which people name it; never given twice
    sa.Column("kind", Key, nullable=False),
    # nudges, digest, once
    sa.Column("cadence", sa.Text, nullable=False),
    # in words of the grammar: `weekly Mon 09:00`; "" for once
    sa.Column("zone", sa.Text, nullable=False),
    # of the one who made it; the workspace's own, where it has one, comes first
    sa.Column("channel", Key),
    # null: to each customer's own place
    sa.Column("kinds", Json, nullable=False),
    sa.Column("customer_id", Key),
    sa.Column("owner", Key),
    sa.Column("tag", sa.Text),
    sa.Column("made_by", Key, nullable=False),
    sa.Column("state", Key, nullable=False),
    # active, paused, deleted
    sa.Column("through", Instant, nullable=False),
    # slots up to here are known
    sa.Column("created_at", Instant, nullable=False),
    belongs_to("customer", "customer_id"),
    belongs_to("actor", "made_by"),
    sa.UniqueConstraint("workspace_id", "number"),
)

# One time at which a schedule is due. Any number of workers may write it down: it is one row.
slot = tenant(
    "slot",
    sa.Column("schedule_id", Key, primary_key=True),
    sa.Column("key", Key, primary_key=True),
    # the local day, such as 2026-03-29
    sa.Column("at", Instant, nullable=False),
    sa.Column("state", Key, nullable=False),
    # pending, working, done, skipped (it was missed by more than a day)
    sa.Column("lease_by", Key),
    sa.Column("lease_until", Instant),
    belongs_to("schedule", "schedule_id"),
    sa.Index("ix_slot_state", "state", "at"),
)

# What Pi has to say of a customer: one row per rule and episode, and one message while it stands.
nudge = tenant(
    "nudge",
    sa.Column("id", Key, primary_key=True),
    sa.Column("customer_id", Key, nullable=False),
    sa.Column("rule", Key, nullable=False),
    sa.Column("episode", Key, nullable=False),
    sa.Column("kind", Key, nullable=False),
    sa.Column("state", Key, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("advice", sa.Text, nullable=False),
    sa.Column("evidence", Json, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    # moves by one whenever its message should read otherwise
    sa.Column("round", sa.Integer, nullable=False),
    # how often it was put into the outbox: it comes back after a snooze
    sa.Column("schedule_id", Key, nullable=False),
    sa.Column("channel", Key),
    # where it is to be posted, then where it was
    sa.Column("refused", Json, nullable=False),
    # channels where it must not be posted, since outsiders read them
    sa.Column("digest", Key),
    # the digest that it is told in, as the day's budget of its channel was spent
    sa.Column("day", Key),
    # the place and its local day whose budget it was counted against
    sa.Column("ts", Key),
    sa.Column("permalink", sa.Text),
    sa.Column("until", Instant),
    # held or snoozed until then
    sa.Column("assignee", Key),
    sa.Column("found_at", Instant, nullable=False),
    sa.Column("posted_at", Instant),
    sa.Column("settled_at", Instant),
    sa.Column("settled_by", Key),
    sa.Column("note", sa.Text),
    # why it was dismissed, or what cleared it
    sa.Column("error", Key),
    belongs_to("customer", "customer_id"),
    belongs_to("schedule", "schedule_id"),
    sa.UniqueConstraint("workspace_id", "customer_id", "rule", "episode"),
    sa.Index(
        "uq_nudge_open",
        "workspace_id",
        "customer_id",
        "rule",
        unique=True,
        sqlite_where=sa.text("state IN ('held', 'standing', 'snoozed')"),
        postgresql_where=sa.text("state IN ('held', 'standing', 'snoozed')"),
    ),
    sa.Index("ix_nudge_until", "workspace_id", "state", "until"),
    sa.Index("ix_nudge_day", "workspace_id", "day"),
)

# A saved filter: what matches it is posted as it is recorded.
watch = tenant(
    "watch",
    sa.Column("id", Key, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("query", sa.Text, nullable=False),
    # the filter in words of the grammar, people as references
    sa.Column("customer_id", Key),
    sa.Column("owner", Key),
    sa.Column("tag", sa.Text),
    # of which customers; none of the three: of all
    sa.Column("channel", Key),
    # null: to the direct messages of the one who made it
    sa.Column("made_by", Key, nullable=False),
    sa.Column("state", Key, nullable=False),
    # active, failed (Slack takes nothing for its place any more), deleted
    sa.Column("error", sa.Text),
    sa.Column("batch", Key),
    # the delivery that takes what comes until it is sent
    sa.Column("speaks_at", Instant, nullable=False),
    # not before then: once a minute at most
    sa.Column("created_at", Instant, nullable=False),
    belongs_to("customer", "customer_id"),
    belongs_to("actor", "made_by"),
    sa.UniqueConstraint("workspace_id", "number"),
)

# Up to which seq the watches have looked at a customer's log. Without a key to `customer`: whoever looks does so without locking any.
watched = tenant(
    "watched",
    belongs_to_workspace(),
    sa.Column("customer_id", Key, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
)

# One export of a slice: asked for, being made, delivered. The file itself is never here.
export = tenant(
    "export",
    sa.Column("id", Key, primary_key=True),
    sa.Column("key", Key, nullable=False),
    sa.Column("customer_id", Key, nullable=False),
    sa.Column("query", sa.Text, nullable=False),
    # the filter in words of the grammar, people as references
    sa.Column("upto", sa.BigInteger, nullable=False),
    # the customer's last seq when it was asked for
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("zone", sa.Text, nullable=False),
    # what a day and the last 30 days meant to the one who asked
    sa.Column("person", Key),
    sa.Column("slack_user_id", Key),
    sa.Column("channel", Key),
    # null: to the direct messages of the one who asked
    sa.Column("state", Key, nullable=False),
    # pending, running, done, failed, cancelled
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("lease_by", Key),
    sa.Column("lease_until", Instant),
    sa.Column("cancelled_by", Key),
    sa.Column("message_channel", Key),
    sa.Column("message_ts", Key),
    # the message that tells how far it is
    sa.Column("file_id", Key),
    # set before the file is shared: from then on it may be there
    sa.Column("rows", sa.BigInteger),
    sa.Column("bytes", sa.BigInteger),
    sa.Column("sha256", Key),
    sa.Column("seq", sa.BigInteger),
    # of the entry of the history that records it
    sa.Column("error", Key),
    sa.Column("created_at", Instant, nullable=False),
    belongs_to("customer", "customer_id"),
    sa.UniqueConstraint("workspace_id", "key"),
    sa.Index("ix_export_due", "state", "due_at"),
    sa.Index("ix_export_sha256", "workspace_id", "sha256"),
)

# Contacts who were erased: what shows the name outside the database is taken back afterwards.
erasure = tenant(
    "erasure",
    sa.Column("id", Key, primary_key=True),
    sa.Column("contact_id", Key, nullable=False),
    sa.Column("customers", Json, nullable=False),
    sa.Column("nudges", Json, nullable=False),
    sa.Column("deliveries", Json, nullable=False),
    # ids of what named them
    sa.Column("looked_at", Instant),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("done_at", Instant),
    sa.Column("created_at", Instant, nullable=False),
    belongs_to("contact", "contact_id"),
    sa.Index("ix_erasure_due", "done_at", "due_at"),
)

# What lets a program in. The secret is not here, only its hash.
api_key = tenant(
    "api_key",
    sa.Column("id", Key, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("secret_hash", sa.LargeBinary, nullable=False),
    sa.Column("scopes", Json, nullable=False),
    sa.Column("customer_id", Key),
    # null: every customer of the workspace
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("revoked_at", Instant),
    belongs_to_workspace(),
    belongs_to("customer", "customer_id"),
    sa.Index("ix_api_key_id", "id"),
    # a request brings only this: by it the workspace is found
)

# What was answered to a write that named itself, so that its repetition gets the same answer and has no second effect.
api_answer = tenant(
    "api_answer",
    sa.Column("api_key_id", Key, primary_key=True),
    sa.Column("key", Key, primary_key=True),
    sa.Column("body_hash", sa.LargeBinary, nullable=False),
    sa.Column("answer", Json, nullable=False),
    # places and outcomes only, no names
    sa.Column("recorded_at", Instant, nullable=False),
    belongs_to("api_key", "api_key_id"),
    sa.Index("ix_api_answer_recorded_at", "recorded_at"),
)

# Deliveries as they came in, until they are applied; then for a stated time, to apply them again after a change of the mapping.
inbox = tenant(
    "inbox",
    belongs_to_workspace(),
    sa.Column("id", Key, primary_key=True),
    sa.Column("provider", Key, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("state", Key, nullable=False),
    # pending, working, done, parked (its customer is not known), failed
    sa.Column("parked_for", Key),
    # `provider:account:id` of the customer that it waits for
    sa.Column("again", sa.Boolean, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("lease_by", Key),
    sa.Column("lease_until", Instant),
    sa.Column("error", sa.Text),
    sa.Column("received_at", Instant, nullable=False),
    sa.Index("ix_inbox_due", "state", "due_at"),
    sa.Index("ix_inbox_parked", "workspace_id", "parked_for"),
)


# A workspace that installed the app by itself. Its token is sealed (sealing.py); once it has left, there is none.
installation = tenant(
    "installation",
    belongs_to_workspace(),
    sa.Column("state", Key, nullable=False),
    # installed, left
    sa.Column("bot_user_id", Key),
    sa.Column("scopes", Json, nullable=False),
    # those that were granted
    sa.Column("bot_token", sa.Text),
    # null: the one in the environment
    sa.Column("refresh_token", sa.Text),
    sa.Column("expires_at", Instant),
    # of the token; null: it does not expire
    sa.Column("lease_by", Key),
    sa.Column("lease_until", Instant),
    # of whoever exchanges the token for the next
    sa.Column("installed_at", Instant, nullable=False),
    # by Slack's clock, as is the time of the event that says that it has left
    sa.Column("left_at", Instant),
)

# Somebody is on the way through Slack's page, by which a workspace installs the app. Of both secrets only the hash is here.
install_state = sa.Table(
    "install_state",
    metadata,
    sa.Column("digest", Key, primary_key=True),
    sa.Column("browser", Key, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

# Workspaces whose data is to be deleted. Of these alone the log may be; a workspace that is here is no Slack team's any more.
purge = tenant("purge", belongs_to_workspace(), sa.Column("asked_at", Instant, nullable=False))

WITH_NAMES = (
    *("activity", "contact", "contact_name", "comment", "customer", "onboarding", "task", "saved_query"),
    *("outbox", "inbox", "nudge"),
)
"""Tables in which a contact may have been named."""
