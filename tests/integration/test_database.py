"""A transaction is kept whole or not at all, on both engines, whatever ends it; SQLite grants what we rely on."""

import pytest
from sqlalchemy import func, select

from ml_connector.storage.database import open_database
from ml_connector.sync.store import SyncStore, leases


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
