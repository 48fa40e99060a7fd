"""Checkpoints: how far a customer's history has been removed since it was older than its workspace keeps it; and the one way in which that is done."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"

KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
INSTANT = sa.BigInteger().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")

FACTS = (
    "workspace_id",
    "customer_id",
    "seq",
    "occurred_at",
    "recorded_at",
    "type",
    "actor",
    "source",
    "subject",
    "onboarding_id",
    "edit_id",
    "commitment",
    "hash",
)
"""Columns that no UPDATE may change, as in 0001."""
PURGED = "EXISTS (SELECT 1 FROM purge WHERE purge.workspace_id = OLD.workspace_id)"
PASSED = "EXISTS (SELECT 1 FROM checkpoint p WHERE p.workspace_id = OLD.workspace_id AND p.customer_id = OLD.customer_id AND p.seq >= OLD.seq)"
"""At or under a checkpoint there are rows only in the transaction that has moved it."""
LEAST_DAYS = 30
"""Whatever a workspace has decided: nothing younger goes."""
COVERED = "a.workspace_id = NEW.workspace_id AND a.customer_id = NEW.customer_id AND a.seq <= NEW.seq"
DECIDED = "FROM workspace w WHERE w.workspace_id = NEW.workspace_id"
NOT_FORWARD = "a checkpoint only moves forward"
TOO_YOUNG = "the history is kept for longer than that"


def upgrade() -> None:
    op.create_table(
        "checkpoint",
        sa.Column("workspace_id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash_before", sa.LargeBinary(), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("moved_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name="fk_checkpoint_workspace_id_customer_id",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "customer_id", name="pk_checkpoint"),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE checkpoint ENABLE ROW LEVEL SECURITY")
        op.execute("CREATE POLICY own ON checkpoint USING (workspace_id = current_setting('pivotal.workspace', true))")
        _guard_postgresql(f"IF TG_OP = 'DELETE' AND ({PURGED} OR {PASSED}) THEN RETURN OLD; END IF;")
        _guard_checkpoint_postgresql()
        _remove_for_a_role_that_may_not()
    else:
        _guard_sqlite(f"WHEN NOT ({PURGED} OR {PASSED})")
        _guard_checkpoint_sqlite()


def downgrade() -> None:
    """For histories of which nothing has been removed yet: the chain of any other begins at its checkpoint, and could not be verified
    ever again without it.
    """
    if op.get_bind().execute(sa.text("SELECT 1 FROM checkpoint LIMIT 1")).first():
        raise RuntimeError(
            "retention has removed entries: without the checkpoints the rest of those histories does not verify"
        )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION retain_history(text, text, bigint, bytea, bytea)")
        _guard_postgresql(f"IF TG_OP = 'DELETE' AND {PURGED} THEN RETURN OLD; END IF;")
    else:
        _guard_sqlite(f"WHEN NOT {PURGED}")
    op.drop_table("checkpoint")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION checkpoint_may_move()")


def _guard_sqlite(unless: str) -> None:
    op.execute("DROP TRIGGER activity_no_delete")
    op.execute(f"""
        CREATE TRIGGER activity_no_delete BEFORE DELETE ON activity {unless}
        BEGIN SELECT RAISE(ABORT, 'activity is append-only'); END
    """)


def _guard_checkpoint_sqlite() -> None:
    now = "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000"
    days = f"(SELECT max({LEAST_DAYS}, CAST(json_extract(w.settings, '$.retention_days') AS INTEGER)) {DECIDED})"
    young = f"SELECT 1 FROM activity a WHERE {COVERED} AND coalesce(a.recorded_at >= {now} - {days} * 86400000000, 1)"  # noqa: S608 - words of this file
    op.execute(f"""
        CREATE TRIGGER checkpoint_moves_forward BEFORE UPDATE ON checkpoint
        WHEN NOT (NEW.seq > OLD.seq AND NEW.workspace_id IS OLD.workspace_id AND NEW.customer_id IS OLD.customer_id)
        BEGIN SELECT RAISE(ABORT, '{NOT_FORWARD}'); END
    """)
    for what in ("INSERT", "UPDATE"):
        op.execute(f"""
            CREATE TRIGGER checkpoint_is_old_on_{what.lower()} BEFORE {what} ON checkpoint WHEN EXISTS ({young})
            BEGIN SELECT RAISE(ABORT, '{TOO_YOUNG}'); END
        """)


def _guard_postgresql(unless: str) -> None:
    same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in FACTS)
    op.execute(f"""
        CREATE OR REPLACE FUNCTION activity_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {unless}
            IF TG_OP = 'UPDATE' THEN
                IF OLD.salt IS NOT NULL AND NEW.salt IS NULL AND NEW.changes IS NULL AND NEW.text = 'removed contact'
                    AND NEW.refs::text IS NOT DISTINCT FROM OLD.refs::text AND {same}
                THEN
                    RETURN NEW;
                END IF;
            END IF;
            RAISE EXCEPTION 'activity is append-only' USING ERRCODE = 'restrict_violation';
        END $$
    """)


def _guard_checkpoint_postgresql() -> None:
    days = f"(SELECT greatest({LEAST_DAYS}, (w.settings->>'retention_days')::numeric)::int {DECIDED} AND w.settings->>'retention_days' IS NOT NULL)"
    young = f"SELECT FROM activity a WHERE {COVERED} AND coalesce(a.recorded_at >= clock_timestamp() - {days} * interval '24 hours', true)"
    op.execute(f"""
        CREATE FUNCTION checkpoint_may_move() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                IF NEW.seq <= OLD.seq OR NEW.workspace_id <> OLD.workspace_id OR NEW.customer_id <> OLD.customer_id THEN
                    RAISE EXCEPTION '{NOT_FORWARD}' USING ERRCODE = 'restrict_violation';
                END IF;
            END IF;
            IF EXISTS ({young}) THEN
                RAISE EXCEPTION '{TOO_YOUNG}' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER checkpoint_may_move BEFORE INSERT OR UPDATE ON checkpoint
        FOR EACH ROW EXECUTE FUNCTION checkpoint_may_move()
    """)


def _remove_for_a_role_that_may_not() -> None:
    """A role that may only append removes by this function, which runs as the owner: what is older than the workspace keeps, and with it
    moves the checkpoint. It is told what the last entry's seal was made of, and checks that. The second wall does not hold the owner, so
    it is said here once more: whoever is behind it has to have entered this workspace.
    """
    schema = op.get_bind().execute(sa.select(sa.func.quote_ident(sa.func.current_schema()))).scalar_one()
    times = "int8send((extract(epoch FROM a.occurred_at) * 1000000)::bigint) || int8send((extract(epoch FROM a.recorded_at) * 1000000)::bigint)"
    op.execute(f"""
        CREATE FUNCTION retain_history(whose text, of_customer text, through bigint, before bytea, stated bytea) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
        DECLARE
            gone bigint;
        BEGIN
            IF current_setting('pivotal.workspace', true) IS DISTINCT FROM whose AND NOT pg_has_role(session_user, current_user, 'MEMBER') THEN
                RAISE EXCEPTION 'it is the history of another workspace' USING ERRCODE = 'restrict_violation';
            END IF;
            PERFORM FROM customer WHERE workspace_id = whose AND id = of_customer FOR UPDATE;
            INSERT INTO checkpoint (workspace_id, customer_id, seq, hash_before, occurred_at, recorded_at, facts, moved_at)
            SELECT a.workspace_id, a.customer_id, a.seq, before, a.occurred_at, a.recorded_at, stated, clock_timestamp() FROM activity a
            WHERE a.workspace_id = whose AND a.customer_id = of_customer AND a.seq = through
                AND a.hash = sha256('act1'::bytea || before || int8send(a.seq) || {times} || stated)
            ON CONFLICT (workspace_id, customer_id) DO UPDATE SET seq = excluded.seq, hash_before = excluded.hash_before,
                occurred_at = excluded.occurred_at, recorded_at = excluded.recorded_at, facts = excluded.facts, moved_at = excluded.moved_at;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'there is no such entry' USING ERRCODE = 'restrict_violation';
            END IF;
            DELETE FROM activity WHERE workspace_id = whose AND customer_id = of_customer AND seq <= through;
            GET DIAGNOSTICS gone = ROW_COUNT;
            RETURN gone;
        END $$
    """)  # noqa: S608 - the schema comes quoted from the database
    op.execute("REVOKE EXECUTE ON FUNCTION retain_history(text, text, bigint, bytea, bytea) FROM PUBLIC")
