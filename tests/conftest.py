"""What every suite may ask for: a database on either engine, and a line of figures at the end of the run."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from hypothesis import settings

from ml_connector.snapshot.children import usable_cores
from ml_connector.storage.database import Database, open_database
from ml_connector.storage.migrate import migrate
from tests import layout, postgres, sharing
from tests.laws.law import Wish
from tests.memory import find_memory

_TALLY = "tally"

# No example is timed: a busy machine would fail a test that has nothing to do with time.
settings.register_profile("untimed", parent=settings.default, deadline=None)
settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--laws-examples", type=int, metavar="N", help="how many histories each law is tried on")
    parser.addoption("--laws-shrink", action="store_true", help="make a history that breaks a law small: takes long")
    parser.addoption("--every-boundary", action="store_true", help="crash a week of runs at every boundary: takes long")


def pytest_configure(config: pytest.Config) -> None:
    memory = find_memory()
    if memory is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))
    if (
        signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    ):  # begun in the background: our children shall hear it all the same
        signal.signal(signal.SIGINT, signal.default_int_handler)
    Wish.examples, Wish.shrink = config.getoption("--laws-examples"), config.getoption("--laws-shrink")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Half as many again as there are cores: a third of its time a test waits for a child, a server or the disk."""
    return usable_cores() * 3 // 2


@pytest.fixture(scope="session", autouse=True)
def worked_out_once() -> Iterator[None]:
    """Take every step of the migrations, and write each statement out, once per process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "upgrade", layout.upgrade)
        patch.setattr(Database, "__init__", sharing.open_together)
        yield


@pytest.fixture(scope="session")
def postgresql() -> Iterator[postgres.Server]:
    """A real server. Where there is none a test is skipped, but never in CI."""
    yield from find_server()


def find_server() -> Iterator[postgres.Server]:
    """Give the session's server; skip without one, and in CI fail."""
    try:
        with postgres.shared_server() as server:
            yield server
    except postgres.NoServerError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture
def postgresql_url(postgresql: postgres.Server) -> Iterator[str]:
    """A migrated PostgreSQL database of one's own."""
    with postgresql.fresh() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A database of one's own on each engine; on SQLite not there yet."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql_url")
    return f"sqlite:///{tmp_path / 'state.db'}"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open, migrated database on each engine."""
    opened = open_database(database_url)
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Count towards a figure that is printed when all tests are through: `tally("A1", injected=3, guessed=0)`."""
    return lambda name, **counts: record_property(_TALLY, {"name": name, **counts})


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the figures, summed over all tests (and all test processes), those of a failed one too."""
    totals: dict[str, Counter[str]] = {}
    for report in (each for ending in ("passed", "failed") for each in terminalreporter.getreports(ending)):
        for kind, counts in report.user_properties:
            if kind == _TALLY:
                totals.setdefault(counts["name"], Counter()).update(
                    {name: count for name, count in counts.items() if name != "name"}
                )
    if totals:
        terminalreporter.section("figures")
    for name, counts in sorted(totals.items()):
        first, *rest = [f"{count} {what.replace('_', ' ')}" for what, count in counts.items()]
        terminalreporter.write_line(f"{name}: {first}" + (": " + ", ".join(rest) if rest else ""))
