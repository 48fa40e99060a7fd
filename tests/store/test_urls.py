"""Database URLs: every usual spelling is understood; what is not says so, and gives nothing away."""

import pytest

from store.domain.errors import UsageError
from store.engine import PostgresDatabase, SqliteDatabase, connect, parse_url


@pytest.mark.parametrize(
    "spelled, read",
    [
        ("sqlite:///pivotal.db", "sqlite:///pivotal.db"),
        ("sqlite+aiosqlite:///pivotal.db", "sqlite:///pivotal.db"),
        ("sqlite+pysqlite:////var/lib/pivotal.db", "sqlite:////var/lib/pivotal.db"),
        ("postgres://u:p@db.example:5433/pivotal", "postgresql+asyncpg://u:p@db.example:5433/pivotal"),
        ("postgresql://db.example/pivotal", "postgresql+asyncpg://db.example/pivotal"),
        ("postgresql+asyncpg://u@db.example/pivotal", "postgresql+asyncpg://u@db.example/pivotal"),
        ("postgresql+psycopg://u@db.example/pivotal", "postgresql+asyncpg://u@db.example/pivotal"),
        ("postgresql+psycopg2://u@db.example/pivotal", "postgresql+asyncpg://u@db.example/pivotal"),
        ("postgres+pg8000://u@db.example/pivotal", "postgresql+asyncpg://u@db.example/pivotal"),
        ("postgresql://u:p%40ss%2Fword@[::1]/pivotal", "postgresql+asyncpg://u:p%40ss%2Fword@[::1]/pivotal"),
        ("postgresql:///pivotal?host=/var/run/pg", "postgresql+asyncpg:///pivotal?host=%2Fvar%2Frun%2Fpg"),
        ("postgresql://db.example/p?sslmode=require", "postgresql+asyncpg://db.example/p?ssl=require"),
        ("postgresql://db.example/p?ssl=verify-full", "postgresql+asyncpg://db.example/p?ssl=verify-full"),
        (
            "postgresql://db.example/p?sslmode=require&channel_binding=require&application_name=x&connect_timeout=10",
            "postgresql+asyncpg://db.example/p?ssl=require",
        ),
    ],
)
def test_usual_spellings_are_one_of_two_databases(spelled: str, read: str) -> None:
    assert parse_url(spelled).render_as_string(hide_password=False) == read
    assert isinstance(connect(spelled), SqliteDatabase if read.startswith("sqlite") else PostgresDatabase)


@pytest.mark.parametrize(
    "rubbish, said",
    [
        ("", "cannot be read"),
        ("pivotal.db", "cannot be read"),
        ("sqlite:pivotal.db", "cannot be read"),
        ("postgres", "cannot be read"),
        ("://", "cannot be read"),
        ("postgresql://u:hunter2@db.example:port/p", "cannot be read"),
        ("sqlite://", "needs a file"),
        ("sqlite:///", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite+aiosqlite://", "needs a file"),
        ("mysql://u:hunter2@db.example/p", "mysql is not a database"),
        ("oracle+oracledb://u:hunter2@db.example/p", "oracle is not a database"),
        ("https://example.com/pivotal", "https is not a database"),
        ("postgresql://u:hunter2@db.example/p?sslrootcert=ca.pem", "sets sslrootcert"),
        ("postgresql://u:hunter2@db.example/p?command_timeout=9", "sets command_timeout"),
    ],
)
def test_anything_else_is_refused_without_repeating_a_password(rubbish: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        connect(rubbish)
    assert "hunter2" not in str(raised.value)
    assert raised.value.hint
