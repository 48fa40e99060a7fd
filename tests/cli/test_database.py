"""`pivotal migrate` and `verify`, and what is said of a database that cannot be used."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from store.engine import Database
from store.schema import HEAD
from tests.cli.conftest import Ran, Type, run


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
