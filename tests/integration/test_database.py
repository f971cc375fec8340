"""A transaction is kept whole or not at all, on both engines, whatever ends it; SQLite grants what we rely on."""

import os
import stat

import pytest
from sqlalchemy import func, select

from ml_connector.errors import ConfigurationError, StorageError
from ml_connector.storage import database as storage
from ml_connector.storage.database import insert_many, open_database
from ml_connector.storage.migrate import migrate
from ml_connector.sync.lease.store import leases
from ml_connector.sync.store import SyncStore


class EndError(BaseException):
    """Nothing an `except Exception` would see."""


@pytest.mark.parametrize("ending", [ValueError, KeyboardInterrupt, EndError])
def test_a_transaction_that_fails_leaves_nothing(database, ending):
    row = {"connection": "acme", "owner": "", "fence": 1, "expires_at": ""}
    with pytest.raises(ending), database.transaction() as tx:  # noqa: PT012 - two steps, the second ends it
        tx.execute(leases.insert().values(row))
        raise ending
    with database.reading() as tx:
        assert tx.execute(select(func.count()).select_from(leases)).scalar_one() == 0
    assert SyncStore(database, "acme").intents() == []


def test_many_rows_are_kept_by_name_in_whatever_order_they_come(database):
    statement = leases.insert()
    with database.transaction() as tx:
        insert_many(
            tx,
            statement,
            [("", 1, "a", "t1"), ("o", 2, "b", "t2")],
            names=("owner", "fence", "connection", "expires_at"),
        )
        insert_many(tx, statement, [("c", "", 3, "t3")], names=[column.name for column in leases.columns])
    with database.reading() as tx:
        kept = tx.execute(select(leases.c.connection, leases.c.owner, leases.c.fence, leases.c.expires_at)).all()
    assert sorted(map(tuple, kept)) == [("a", "", 1, "t1"), ("b", "o", 2, "t2"), ("c", "", 3, "t3")]


def test_whoever_looks_within_a_look_sees_the_same_state(database):
    count = select(func.count()).select_from(leases)
    with database.reading() as around:
        assert around.execute(count).scalar_one() == 0
        with database.transaction() as tx:
            tx.execute(leases.insert().values(connection="acme", owner="", fence=1, expires_at=""))
        with database.reading() as within:
            assert within is around
            assert within.execute(count).scalar_one() == 0, "written after the look began"
    with database.reading() as later:
        assert later is not around
        assert later.execute(count).scalar_one() == 1


def test_a_look_that_failed_is_not_looked_through_again(database):
    with pytest.raises(ValueError, match="broken off"), database.reading():
        raise ValueError("broken off")
    with database.reading() as tx:
        assert tx.execute(select(func.count()).select_from(leases)).scalar_one() == 0


def test_sqlite_keeps_what_it_confirmed(tmp_path):
    """Durability against a power cut is SQLite's own; what we must do is ask for it on every connection."""
    database = open_database(f"sqlite:///{tmp_path / 'x.db'}")
    with database.reading() as tx:
        asked = {
            name: tx.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("synchronous", "journal_mode", "foreign_keys")
        }
    database.close()
    assert asked == {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1}


def test_a_file_that_is_no_database_is_named_with_the_fix(tmp_path):
    for content in (b"this is no database at all, only text" * 50, b"SQLite format 3\0" + b"\xff" * 4096):
        file = tmp_path / "x.db"
        file.write_bytes(content)
        with pytest.raises(StorageError, match="no SQLite database") as refused:
            open_database(f"sqlite:///{file}")
        assert "backup" in refused.value.remedy
        assert file.read_bytes() == content


def test_a_new_database_and_the_files_beside_it_are_their_owners_only(tmp_path):
    before = os.umask(0)
    try:
        database = open_database(f"sqlite:///{tmp_path / 'x.db'}")
        migrate(database)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
        database.close()
    finally:
        os.umask(before)
    assert modes == {"x.db": 0o600, "x.db-wal": 0o600, "x.db-shm": 0o600}


def test_a_database_that_grants_no_write_ahead_log_is_refused(tmp_path, monkeypatch):
    prepare = storage._prepare_sqlite

    def without_log(connection, record):
        prepare(connection, record)
        connection.execute("PRAGMA journal_mode=DELETE").fetchall()

    monkeypatch.setattr(storage, "_prepare_sqlite", without_log)
    with pytest.raises(ConfigurationError, match="write-ahead log"):
        open_database(f"sqlite:///{tmp_path / 'x.db'}")
