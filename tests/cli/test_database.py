"""`pivotal migrate` and `verify`, and what is said of a database that cannot be used."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from store.engine import Database
from store.schema import HEAD
from tests.cli.conftest import Ran, Type, run
from tests.conftest import APP, apps_url


def changed(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


# --- verify -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("sample")
def test_a_whole_history_is_said_to_be_whole(types: Type) -> None:
    assert types("verify") == Ran(0, "Whole: 299 activities of 6 customers are as they were recorded.\n", "")
    assert types("verify", "acme") == Ran(0, "Whole: 171 activities of 1 customer are as they were recorded.\n", "")


def test_tampering_names_the_customer_and_the_first_bad_entry(types: Type, sample: Path) -> None:
    mine = "(SELECT id FROM customer WHERE name = '{}')"
    changed(
        sample,
        f"UPDATE activity SET text = 'nothing happened' WHERE seq IN (12, 20) AND customer_id = {mine.format('Initech')}",
        f"DELETE FROM activity WHERE seq = 5 AND customer_id = {mine.format('Globex')}",
    )
    ran = types("verify")
    assert (ran.code, ran.out) == (1, "")
    assert sorted(line.partition(":")[0] for line in ran.err.splitlines()) == ["Globex, entry 5", "Initech, entry 12"]
    assert types("verify", "globex").err == "Globex, entry 5: the row is missing.\n"
    assert types("verify", "acme").code == 0


@pytest.mark.usefixtures("sample")
def test_an_unknown_customer_cannot_be_verified(types: Type) -> None:
    ran = types("verify", "nosuch")
    assert (ran.code, ran.out) == (1, "")
    assert "I don't know a customer `nosuch`." in ran.err


# --- migrate ----------------------------------------------------------------------------------------------------------


def test_migrating_twice_does_nothing_more(types: Type) -> None:
    first, again = types("migrate"), types("migrate")
    assert first == again == Ran(0, f"The database pivotal.db is at schema {HEAD}.\n", "")


def test_an_owner_of_its_own_migrates(types: Type, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIGRATION_DATABASE_URL", "sqlite:///owned.db")
    assert types("migrate").out == f"The database owned.db is at schema {HEAD}.\n"
    assert not (tmp_path / "pivotal.db").exists()


# --- two roles, and a replica ---------------------------------------------------------------------------------------------


@pytest.mark.promise(id="S6")
@pytest.mark.usefixtures("postgres_template")  # it makes the role
@pytest.mark.parametrize("empty_url", ["to postgresql"], indirect=True)
def test_the_program_works_by_a_role_that_owns_nothing(
    types: Type, monkeypatch: pytest.MonkeyPatch, empty_url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", apps_url(empty_url))
    ran = types("import", "--sample")
    assert (ran.code, ran.err) == (1, "The database has no tables yet. Run `pivotal migrate`.\n")
    monkeypatch.setenv("MIGRATION_DATABASE_URL", empty_url)
    migrated = types("migrate")
    assert migrated.out.endswith(f"is at schema {HEAD}. {APP} may work in it, and sees one workspace at a time.\n")
    assert types("import", "--sample").code == 0
    assert "activities" in types("history", "acme").out
    assert types("verify").out.startswith("Whole: ")
    assert types("backup", "all.pivotal").code == 0
    assert types("erasures").code == 0
    monkeypatch.delenv("MIGRATION_DATABASE_URL")
    for command in (("backup", "some.pivotal"), ("erasures",), ("move", "--to", "sqlite:///moved.db")):
        ran = types(*command)
        assert (ran.code, ran.err.partition(".")[0]) == (
            1,
            "The role of this database URL sees one workspace at a time",
        )
    assert "pivotal_app" not in types("migrate").out


@pytest.mark.usefixtures("postgres_template", "sample")
@pytest.mark.parametrize("empty_url", ["to postgresql"], indirect=True)
def test_what_is_restored_is_the_running_programs_too(
    types: Type, monkeypatch: pytest.MonkeyPatch, empty_url: str
) -> None:
    assert types("backup", "all.pivotal").code == 0
    monkeypatch.setenv("DATABASE_URL", apps_url(empty_url))
    monkeypatch.setenv("MIGRATION_DATABASE_URL", empty_url)
    assert types("restore", "all.pivotal", "--no-erasures").code == 0
    assert "activities" in types("history", "acme").out


@pytest.mark.parametrize(
    "url, said",
    [
        ("mysql://x/y", "DATABASE_READ_URL: mysql is not a database Pivotal knows. Use SQLite or PostgreSQL.\n"),
        ("sqlite:///copy.db", "DATABASE_READ_URL is for a replica of a PostgreSQL database. Leave it unset.\n"),
    ],
)
@pytest.mark.usefixtures("sample")
def test_only_postgresql_has_a_replica(types: Type, monkeypatch: pytest.MonkeyPatch, url: str, said: str) -> None:
    monkeypatch.setenv("DATABASE_READ_URL", url)
    assert types("history", "acme") == Ran(1, "", said)


# --- what cannot be used ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url, said",
    [
        ("mysql://x/y", "DATABASE_URL: mysql is not a database Pivotal knows. Use SQLite or PostgreSQL."),
        (":::", "DATABASE_URL: The database URL cannot be read."),
        ("sqlite://", "DATABASE_URL: An SQLite database needs a file."),
        ("sqlite:///no/such/folder.db", "There is no folder no/such for the database."),
        ("sqlite:///garbage.db", "garbage.db is not an SQLite database. Correct DATABASE_URL."),
        ("sqlite:///.", "Can't read .: Is a directory."),
        ("postgresql://u:secret@127.0.0.1:1/x", "Can't reach the database. Nothing was changed. The database says:"),
    ],
)
@pytest.mark.parametrize("command", [["import", "--sample"], ["history", "acme"], ["verify"]])
def test_a_database_that_cannot_be_used_is_one_sentence(
    types: Type, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: list[str], url: str, said: str
) -> None:
    (tmp_path / "garbage.db").write_text("not a database")
    monkeypatch.setenv("DATABASE_URL", url)
    ran = types(*command)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert "secret" not in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("command", [["import", "--sample"], ["history", "acme"], ["verify"]])
def test_another_schema_is_refused(types: Type, sample: Path, command: list[str]) -> None:
    changed(sample, "UPDATE alembic_version SET version_num = '9999'")
    ran = types(*command)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.count("\n") == 1


async def test_a_fault_of_ours_is_a_reference_and_not_a_traceback(database: Database, database_url: str) -> None:
    """With LOG_LEVEL=DEBUG, the log has the traceback under that reference."""

    def break_it(connection: sa.Connection) -> None:
        connection.execute(sa.text("ALTER TABLE actor RENAME TO acteur"))

    await database.write(break_it)
    ran = run("history", "acme", "--as", "Sam", DATABASE_URL=database_url)
    assert (ran.code, ran.out) == (1, "")
    assert "Traceback" not in ran.err
    assert ran.err.count("\n") == 1
    if database.dialect == "postgresql":
        assert "Reference `" in ran.err
        told = run("history", "acme", "--as", "Sam", DATABASE_URL=database_url, LOG_LEVEL="DEBUG")
        reference = told.err.rpartition("Reference `")[2][:6]
        assert f'"reference": "{reference}"' in told.err
        assert "Traceback" in told.err
