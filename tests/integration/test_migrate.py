"""The schema on both engines: migrations give what the code expects, once, and never touch a newer database."""

import multiprocessing

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event, text

from ml_connector import bootstrap
from ml_connector.errors import ConfigurationError
from ml_connector.storage.database import metadata, open_database
from ml_connector.storage.migrate import migrate
from tests import layout

assert bootstrap  # every store's tables are known from here on


@pytest.fixture(autouse=True)
def every_step(monkeypatch):
    monkeypatch.setattr(command, "upgrade", layout.take_every_step)


def test_a_database_laid_out_at_once_is_one_that_took_every_step(tmp_path, monkeypatch):
    """What all other tests begin with is what the migrations give, to the last statement."""
    dumps = []
    for upgrade in (layout.take_every_step, layout.upgrade, layout.upgrade):
        monkeypatch.setattr(command, "upgrade", upgrade)
        database = open_database(f"sqlite:///{tmp_path / str(len(dumps))}.db")
        migrate(database)
        with database.reading() as tx:
            dumps.append(list(tx.connection.driver_connection.iterdump()))
        database.close()
    assert dumps[0] == dumps[1] == dumps[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path):
    """A database nobody has used yet."""
    if request.param == "sqlite":
        opened = open_database(f"sqlite:///{tmp_path / 'new.db'}")
        yield opened
        opened.close()
        return
    with request.getfixturevalue("postgresql").fresh(migrated=False) as url:
        opened = open_database(url)
        yield opened
        opened.close()


def test_the_migrations_give_exactly_the_tables_the_code_defines(empty):
    migrate(empty)
    with empty.reading() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_a_second_start_costs_one_query(empty):
    migrate(empty)
    asked: list[str] = []
    event.listen(empty.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    migrate(empty)
    # Beside it only the driver's own question, whether the table is there.
    assert len([statement for statement in asked if statement.startswith("SELECT version_num")]) == 1
    assert not [statement for statement in asked if statement.upper().startswith(("CREATE", "ALTER", "INSERT"))]


def _start(url):
    database = open_database(url)
    migrate(database)
    database.close()


def test_first_starts_at_the_same_time_make_one_schema(empty):
    url = empty.engine.url.render_as_string(hide_password=False)
    processes = multiprocessing.get_context("spawn")
    starts = [processes.Process(target=_start, args=(url,)) for _ in range(3)]
    for start in starts:
        start.start()
    for start in starts:
        start.join(60)
    assert [start.exitcode for start in starts] == [0, 0, 0]
    with empty.reading() as tx:
        assert len(tx.execute(text("SELECT version_num FROM alembic_version")).all()) == 1


def test_a_database_of_a_newer_version_is_refused_and_left_alone(empty):
    migrate(empty)
    with empty.transaction() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="9999"):
        migrate(empty)
    with empty.reading() as tx:
        assert tx.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
