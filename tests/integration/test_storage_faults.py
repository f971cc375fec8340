"""
Our own disk on its worst days: full at any write, read-only, held by somebody else, too small for its log, damaged.

Each must end in an error that says what to do. Nothing leaves for Plex that is not written down, and once the disk is
well again everything ends as if nothing had happened.
"""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any, NoReturn

import psycopg
import pytest
from sqlalchemy import event, func, make_url, select
from sqlalchemy.exc import DBAPIError, OperationalError

from ml_connector.errors import ConfigurationError, StorageBusyError, StorageError
from ml_connector.storage.database import Database, open_database
from ml_connector.storage.trouble import to_storage_error
from ml_connector.sync.lease.store import LEASE_S, leases
from ml_connector.sync.linked import GUARD
from ml_connector.sync.run import open_run
from ml_connector.sync.store import changes
from tests.rehearsal import Life, is_write, record
from tests.stage import Stage, count_lost
from tests.world import open_world, silent

WORKERS = 12
PARTS = 4
ROW = {"connection": "acme", "owner": "", "fence": 1, "expires_at": ""}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    made = Stage(record(WORKERS), tmp_path_factory.mktemp("stage"), writers=1)
    made.rehearsal.keeps_engine = False
    return made


@pytest.fixture(scope="module")
def start(stage):
    return stage.keep()


@pytest.fixture(scope="module")
def clean(stage, start):
    """How it ends on a good disk, and how large the database is before and after."""
    stage.put_back(start)
    before = _pages(stage)
    assert stage.run() == 0
    return SimpleNamespace(ending=stage.ending(), before=before, after=_pages(stage))


def _pages(stage: Stage) -> int:
    with closing(sqlite3.connect(stage._file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return int(database.execute("PRAGMA page_count").fetchone()[0])


def on_each_connection(database: Database, statement: str) -> None:
    event.listen(database.engine, "connect", lambda connection, _record: connection.execute(statement).close())
    database.engine.dispose()


class Witness:
    """Stands at the line to Plex and looks, through a connection of its own, whether what leaves was written down."""

    def __init__(self, stage: Stage) -> None:
        self._database = open_database(stage.rehearsal.url)
        self.sent = 0

    def __call__(self, request, answer):
        if is_write(request):
            self.sent += 1
            with self._database.reading() as tx:
                noted = tx.execute(select(func.sum(changes.c.attempt))).scalar()
            assert noted >= self.sent
        return answer(request)

    def close(self) -> None:
        self._database.close()


@contextmanager
def alive_and_watched(stage: Stage) -> Iterator[tuple[Life, Witness]]:
    witness = Witness(stage)
    try:
        with stage.rehearsal.alive() as life:
            life.wire.spoil = witness
            yield life, witness
    finally:
        witness.close()


def end_well(stage: Stage, clean: Any, count: Callable[..., None] = lambda **_: None) -> None:
    """The disk is well again: run until nothing is left to do, which must be what a good disk would have come to."""
    stage.rehearsal.clock.sleep(LEASE_S)  # a run that could not give its lease back loses it
    if stage.run():
        stage.rehearsal.clock.sleep(60)
        assert stage.run() == 0
    found = stage.ending()
    count(lost=count_lost(clean.ending.plex, found.plex))
    assert found.plex == clean.ending.plex
    assert found.ours == clean.ending.ours
    assert found.told == clean.ending.told


def check_told(error: StorageError, *, exit_code: int, words: str) -> None:
    assert words in error.message
    assert error.remedy
    assert error.exit_code == exit_code


@pytest.mark.parametrize("part", range(PARTS))
def test_a2_2_the_disk_is_full_at_any_write(stage, start, clean, tally, part):
    failed = sent = 0
    for limit in range(clean.before + part, clean.after + 1, PARTS):
        stage.put_back(start)
        with alive_and_watched(stage) as (life, witness):
            on_each_connection(life.database, f"PRAGMA max_page_count = {limit}")
            try:
                life.sync()
            except StorageError as error:
                check_told(error, exit_code=6, words="full")
                failed += 1
        sent += witness.sent
        end_well(stage, clean, partial(tally, "A2.2 a full disk", sizes=1))
    assert failed > 5
    assert sent > 0


def test_a2_2_a_disk_too_small_for_the_log(stage, start, clean, tally):
    """A reader keeps the log from being folded in; it grows beyond what the disk (here: the largest file) holds."""
    failed = 0
    for room in range(40_000, 400_000, 40_000):
        stage.put_back(start)
        with closing(sqlite3.connect(stage._file)) as reader, alive_and_watched(stage) as (life, _):
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM lease").fetchone()
            try:
                with files_no_larger_than(room):
                    life.sync()
            except StorageError as error:
                check_told(error, exit_code=6, words="full")
                failed += 1
        end_well(stage, clean, partial(tally, "A2.2 a log larger than the disk", sizes=1))
    assert failed > 3


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("part", range(PARTS))
def test_a2_2_a_damaged_page_anywhere(stage, start, clean, tally, part):
    told = 0
    size = 4096
    for page in range(part, len(start.database) // size, PARTS):
        damaged = bytearray(start.database)
        damaged[page * size : (page + 1) * size] = b"\xa5" * size
        stage.put_back(start._replace(database=bytes(damaged)))
        try:
            with alive_and_watched(stage) as (life, _):
                life.sync()
        except StorageError as error:
            check_told(error, exit_code=6, words="damaged")
            told += 1
        # The latest backup is put back; what was sent meanwhile is found in Plex, not sent again.
        kept = stage.rehearsal.keep_plex()
        stage.put_back(start._replace(plex=kept))
        stage.rehearsal.clock.sleep(LEASE_S)
        stage.run()
        release_lost_links(stage)
        found = stage.rehearsal.plex_state()
        tally("A2.2 a damaged page", pages=1, lost=count_lost(clean.ending.plex, found))
        assert found == clean.ending.plex
    assert told > 2


def release_lost_links(stage: Stage) -> None:
    """The backup is from before anybody was linked: somebody looks, and says that it is so (WP-02)."""
    with stage.rehearsal.alive() as life:
        held = [hold.id for hold in life.tools.review.holds("acme", state="open") if hold.guard == GUARD]
        for hold in held:
            life.syncer.release(hold)
    if held:
        stage.run()


def test_a2_2_another_process_holds_the_database(stage, start, clean):
    stage.put_back(start)
    with (
        closing(sqlite3.connect(stage._file, isolation_level=None)) as other,
        alive_and_watched(stage) as (life, witness),
    ):
        on_each_connection(life.database, "PRAGMA busy_timeout = 50")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageBusyError) as caught:
            life.sync()
        check_told(caught.value, exit_code=7, words="another process")
        assert witness.sent == 0
        other.execute("ROLLBACK")
    end_well(stage, clean)


def test_a2_2_another_process_takes_the_database_in_the_middle(stage, start, clean):
    """Somebody begins to write while the first request is on its way, and does not end."""
    stage.put_back(start)
    with closing(sqlite3.connect(stage._file, isolation_level=None, check_same_thread=False)) as other:
        with alive_and_watched(stage) as (life, witness):

            def hold(request, answer):
                if is_write(request) and not other.in_transaction:
                    other.execute("BEGIN IMMEDIATE")
                return witness(request, answer)

            life.wire.spoil = hold
            on_each_connection(life.database, "PRAGMA busy_timeout = 50")
            with pytest.raises(StorageBusyError):
                life.sync()
            assert witness.sent > 0
        other.execute("ROLLBACK")
    end_well(stage, clean)


def test_a2_2_a_read_only_file_system(stage, start, clean):
    """Reading goes on, nothing is sent."""
    stage.put_back(start)
    url = stage.rehearsal.url
    stage.rehearsal.url = f"{url.replace('sqlite:///', 'sqlite:///file:')}?mode=ro&uri=true"
    try:
        with stage.rehearsal.alive() as life:
            assert life.tools.store.intents() == []
            with pytest.raises(StorageError) as caught:
                life.sync()
            check_told(caught.value, exit_code=6, words="read-only")
            assert life.wire.writes == []
    finally:
        stage.rehearsal.url = url
    end_well(stage, clean)


def test_a2_2_a_file_that_is_no_database_is_told_when_it_is_opened(tmp_path):
    (tmp_path / "x.db").write_bytes(b"no database at all, and long enough to be looked at " * 40)
    with pytest.raises(StorageError) as caught:
        open_database(f"sqlite:///{tmp_path / 'x.db'}")
    check_told(caught.value, exit_code=6, words="damaged")


def test_a_folder_that_is_not_there_is_still_a_matter_of_configuration(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        open_database(f"sqlite:///{tmp_path / 'absent' / 'x.db'}")


def test_a_mistake_of_ours_is_not_taken_for_a_bad_disk(database):
    with pytest.raises(DBAPIError), database.transaction() as tx:
        tx.exec_driver_sql("SELECT nonsense")
    with database.transaction() as tx:
        tx.execute(leases.insert().values(ROW))
    with pytest.raises(DBAPIError) as caught, database.transaction() as tx:
        tx.execute(leases.insert().values(ROW | {"owner": "Ada Nguyen"}))
    assert "Nguyen" not in str(caught.value), "what a statement was given may be people's records"


def test_a2_2_postgresql_that_may_not_write_says_so(postgresql_url):
    database = open_database(postgresql_url)
    with pytest.raises(StorageError) as caught, database.transaction() as tx:  # noqa: PT012 - the second statement fails
        tx.exec_driver_sql("SET TRANSACTION READ ONLY")
        tx.execute(leases.insert().values(ROW))
    check_told(caught.value, exit_code=6, words="read-only")
    database.close()


def test_a2_2_postgresql_that_goes_away_says_so(postgresql_url):
    database = open_database(postgresql_url)
    with pytest.raises(StorageBusyError) as caught, database.transaction() as tx:
        tx.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
    check_told(caught.value, exit_code=7, words="lost")
    with database.transaction() as tx:
        assert tx.exec_driver_sql("SELECT 1").scalar() == 1
    database.close()


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        ("53100", StorageError, "full"),
        ("25006", StorageError, "read-only"),
        ("XX001", StorageError, "damaged"),
        ("58030", StorageError, "failed"),
        ("55P03", StorageBusyError, "another process"),
        ("57P03", StorageBusyError, "lost"),
        ("08006", StorageBusyError, "lost"),
    ],
)
def test_postgresqls_codes_mean_the_same(state: str, kind: type[StorageError], words: str) -> None:
    original = Exception()
    original.sqlstate = state  # type: ignore[attr-defined]
    found = to_storage_error(DBAPIError("", None, original))
    assert type(found) is kind
    assert words in found.message


def test_a_code_that_tells_nothing_of_the_database_is_left_alone() -> None:
    original = Exception()
    original.sqlstate = "23505"  # type: ignore[attr-defined]
    assert to_storage_error(DBAPIError("", None, original)) is None


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ('connection failed: connection to server at "127.0.0.1" failed: Connection refused', 7, "not reached"),
        ("connection failed: FATAL:  the database system is starting up", 7, "not reached"),
        ('connection failed: FATAL:  password authentication failed for user "u"', 6, "does not let us in"),
        ('connection failed: FATAL:  role "nobody" does not exist', 6, "no such user"),
        ('connection failed: FATAL:  database "nothing" does not exist', 6, "no such database"),
        ("connection failed: FATAL:  no pg_hba.conf entry for host", 6, "lets nobody in from here"),
        ('connection failed: FATAL:  too many connections for role "mlc"', 7, "not reached"),
        ('connection failed: FATAL:  database "mlc" is not currently accepting connections', 7, "not reached"),
    ],
)
def test_a_connection_that_does_not_come_about_says_why(words: str, code: int, told: str) -> None:
    found = to_storage_error(OperationalError("", None, psycopg.OperationalError(words)))
    assert found is not None
    assert (found.exit_code, told in found.message) == (code, True)


def test_postgresql_that_is_down_or_has_no_such_database_says_so(postgresql):
    with pytest.raises(StorageBusyError) as caught:
        open_database("postgresql+psycopg://nobody@127.0.0.1:1/mlc")
    check_told(caught.value, exit_code=7, words="not reached")
    url = make_url(postgresql.url).set(database="no_such_database").render_as_string(hide_password=False)
    with pytest.raises(StorageError) as caught:
        open_database(url)
    check_told(caught.value, exit_code=6, words="no such database")


def test_a2_2_what_ended_a_run_is_told_though_the_database_is_gone_for_good(tmp_path):
    """Whoever writes down how it ended, and gives the lease back, finds no database either."""
    with open_world(tmp_path, workers=1) as world:
        tools = world.app.tools
        with pytest.raises(StorageBusyError, match="the first"), open_run(tools, "sync", progress=silent):  # noqa: PT012
            tools.database.engine = _Gone()  # type: ignore[assignment]
            raise StorageBusyError("the first thing that went wrong")
        world.reopen()
        left_open = open_runs(world)
        with open_run(world.app.tools, "sync", progress=silent):
            pass
        assert left_open == ["running"]
        assert open_runs(world)[1:] != left_open


class _Gone:
    """A database that is away."""

    def begin(self) -> NoReturn:
        raise OperationalError("", None, psycopg.OperationalError("Connection refused"))

    connect = begin

    class dialect:  # noqa: N801 - as SQLAlchemy names it
        name = "sqlite"

    def dispose(self) -> None:
        """There is nothing left."""


def open_runs(world) -> list[str]:
    with world.app.database.reading() as tx:
        return list(tx.exec_driver_sql("SELECT state FROM run ORDER BY id DESC").scalars())
