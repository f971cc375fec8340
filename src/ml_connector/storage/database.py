"""
One engine, one way to open a transaction.

SQLite runs in WAL with foreign keys on and `synchronous=FULL`, and the start refuses to go on when the file system
did not grant it: a write protocol that may lose its intent is no protocol.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Connection,
    Dialect,
    Engine,
    Insert,
    MetaData,
    Table,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, DBAPIError

from ml_connector.errors import ConfigurationError
from ml_connector.storage.trouble import to_storage_error

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

Transaction = Connection
"""An open transaction: whoever is handed one passes it on to stores, and says nothing to it."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_GRANTED = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}  # 2 is FULL


class Database:
    """The one door to stored state; every store takes one."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._here = threading.local()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """
        Commit on leaving, roll back on any exception. Opened per page or batch, never per record.

        Raises:
            StorageError: the database is full, read-only, damaged, busy or away; nothing of the block was kept.
        """
        with _told_plainly(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """
        A consistent view that keeps no writer waiting; within another one of the same thread, that one.

        Raises:
            StorageError: the database is damaged, busy or away.
        """
        around: Transaction | None = getattr(self._here, "view", None)
        if around is not None:
            yield around
            return
        options: dict[str, Any] = {"reading": True}
        if self.engine.dialect.name == "postgresql":  # there, each statement of a plain transaction sees its own moment
            options["isolation_level"] = "REPEATABLE READ"
        with (
            _told_plainly(),
            self.engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            self._here.view = connection
            try:
                yield connection
            finally:
                self._here.view = None

    def close(self) -> None:
        self.engine.dispose()


def open_database(url: str) -> Database:
    """
    Open (or create) the database at *url*, without touching its tables.

    Raises:
        ConfigurationError: no such driver, no access, or durability that is not granted.
        StorageError: the database is damaged, busy, or on a disk that is full.
    """
    try:
        parsed = make_url(url)
        # What a statement was given are people's records: no error text may repeat them.
        engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite", hide_parameters=True)
    except (ArgumentError, ImportError, ValueError) as error:
        missing = f": {error.name} is not installed" if isinstance(error, ImportError) else ": it is no such URL"
        raise ConfigurationError(
            f"database.url cannot be used{missing}",
            remedy="sqlite:///FILE, or postgresql+psycopg://USER@HOST/NAME with psycopg, which requirements.lock has",
        ) from None
    if engine.dialect.name == "sqlite":
        _make_private(parsed.database)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    try:
        with engine.connect().execution_options(reading=True) as connection:
            _check_durability(connection)
    except DBAPIError as error:
        engine.dispose()
        if (trouble := to_storage_error(error)) is not None:
            raise trouble from None
        raise ConfigurationError(
            f"the database at {parsed.render_as_string(hide_password=True)} cannot be opened",
            remedy="check that the folder exists and is writable, or that the server is up",
        ) from None
    return Database(engine)


def take_turn(tx: Transaction, number: int) -> None:
    """
    Wait for whoever took the turn of that *number* (PostgreSQL's locks have no names) before; it lasts until *tx* ends.

    PostgreSQL's statements each see what was committed before them, so a lock of its own is waited for; a writer of
    SQLite has waited for the one before when its transaction began.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(select(func.pg_advisory_xact_lock(number)))


def server_now(tx: Transaction) -> datetime | None:
    """
    The clock that all who share the database share, aware: the server's, as machines' own may differ by minutes.

    None where it is a file, which has but one machine, and that one's clock.
    """
    if tx.dialect.name != "postgresql":
        return None
    now: datetime = tx.execute(select(func.clock_timestamp())).scalar_one()
    return now


def insert_or(tx: Transaction, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that takes `on_conflict_…`, which SQLAlchemy has per database."""
    return insert_for(tx.dialect.name, table)


def insert_for(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """The same by the database's name, for a statement that is built once; the other one's ways are never loaded."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)


def insert_many(tx: Transaction, statement: Insert, rows: Iterable[Sequence[Any]], *, names: Sequence[str]) -> None:
    """
    Insert each row by the driver's own means: what SQLAlchemy does to a row costs as much as what SQLite does.

    *rows* are values of *names* in their order, texts and numbers that need no conversion; no other column gets a
    value. *statement* is built once.
    """
    text, places = _compile(statement, tx.dialect, tuple(names))
    if places is None:
        tx.exec_driver_sql(text, [dict(zip(names, row, strict=True)) for row in rows])
    elif places == list(names):
        tx.exec_driver_sql(text, list(rows))
    else:
        taken = itemgetter(*map(list(names).index, places))
        tx.exec_driver_sql(text, [taken(row) for row in rows])


@lru_cache(maxsize=64)
def _compile(statement: Insert, dialect: Dialect, names: tuple[str, ...]) -> tuple[str, list[str] | None]:
    """The text the driver takes and the names of its places in their order; None where the places have names."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    return str(compiled), compiled.positiontup if compiled.positional else None


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Turn the database's own failures into errors with a remedy."""
    try:
        yield
    except DBAPIError as error:
        trouble = to_storage_error(error)
        if trouble is None:
            raise
        raise trouble from error


def _make_private(file: str | None) -> None:
    """A new database is its owner's only; SQLite gives the files beside it the same mode."""
    if file and file != ":memory:" and not file.startswith("file:"):
        with contextlib.suppress(OSError):  # there already, or in no folder: opening it says so
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's BEGIN below is the only one
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    # A deferred transaction that turns into a writer half-way fails at once when another process wrote meanwhile.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _check_durability(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    granted = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in _GRANTED}
    if granted["journal_mode"] == "memory":  # a database in memory has no journal to speak of
        granted["journal_mode"] = "wal"
    if granted != _GRANTED:
        raise ConfigurationError(
            "SQLite did not grant a write-ahead log, synchronous=FULL and foreign keys",
            remedy="use a local disk, or PostgreSQL",
        )
