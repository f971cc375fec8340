"""A bad disk as a person meets it: one sentence, what to do, the exit code; never a traceback."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import Engine, event

from tests.e2e.conftest import Terminal


def test_a_damaged_database_is_told_with_its_remedy(terminal: Terminal) -> None:
    file = terminal.folder / "ml-connector.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = file.read_bytes()
    for damaged, told, remedy in (
        (b"\xa5" * len(whole), "no SQLite database, or its beginning is damaged", "→ name another file"),
        (whole[:4096] + b"\xa5" * (len(whole) - 4096), "the database is damaged", "→ stop everything that uses it"),
    ):
        for leftover in terminal.folder.glob("ml-connector.db-*"):
            leftover.unlink()
        file.write_bytes(damaged)
        result = terminal.type("sync")
        assert result.exit_code == 6, result.output
        assert told in result.stderr
        assert remedy in result.stderr
        assert "reference" not in result.stderr


@pytest.fixture
def read_only() -> Iterator[None]:
    """SQLite refuses every write, as on a file system that is mounted read-only."""

    def refuse(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA query_only = ON").close()

    event.listen(Engine, "connect", refuse)
    yield
    event.remove(Engine, "connect", refuse)


def test_a_read_only_database_can_be_looked_at_and_says_why_it_cannot_be_used(
    terminal: Terminal, read_only: None
) -> None:
    looked = terminal.type("runs")
    assert looked.exit_code == 0, looked.output
    arrived = terminal.sandbox.arrivals.list(system="plex")
    result = terminal.type("sync")
    assert result.exit_code == 6, result.output
    assert "read-only" in result.stderr
    assert "→ make the database and its folder writable" in result.stderr
    assert terminal.sandbox.arrivals.list(system="plex") == arrived


def test_an_anchor_that_cannot_be_written_is_told_and_the_report_shown(terminal: Terminal) -> None:
    text = terminal.config.read_text(encoding="utf-8")
    (terminal.folder / "taken").mkdir()  # a folder takes no line, like a disk without room
    changed = re.sub(r'anchor_file = "[^"]*"', 'anchor_file = "taken"', text)
    assert changed != text
    terminal.config.write_text(changed, encoding="utf-8")
    done = terminal.type("sync", "--output", "json")
    assert done.exit_code in {0, 3, 4}
    report = json.loads(done.stdout)
    assert report["counts"]["applied"] > 0
    assert "Is a directory" in report["unanchored"]
    assert "What was done is done and kept, but " in done.stderr
