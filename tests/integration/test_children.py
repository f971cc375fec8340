"""Translating in child processes: the same outcome as in one process, whatever happens to a child or to the parent."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.workforce import Worker
from ml_connector.connectors.port import Page, Query
from ml_connector.mapping import workday
from ml_connector.snapshot import children, extract
from ml_connector.snapshot.children import Line
from ml_connector.snapshot.extract import Reader
from ml_connector.snapshot.extracts.store import Scope
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.snapshot.translation import Came, Translation, payload_hash, shorten_all, translate_all
from ml_connector.storage.database import Database
from tests.workday_samples import FULL_WORKER, ORGANIZATIONS, PAY, PERSONAL, WID, employment, job, native, worker

NOW = datetime(2026, 11, 23, tzinfo=UTC)
TRANSLATION = Translation(
    translate=workday.to_kept,
    key_of=workday.describe_native,
    name_of=workday.name_native,
    shorten=workday.shorten_native,
)
SAMPLES = (
    FULL_WORKER,
    worker(PERSONAL),
    worker(PERSONAL, employment(job(), job("P-2", primary="0")), PAY, ORGANIZATIONS),
    worker(employment(job(primary="0"))),  # no primary job
    worker(employment(job()), ORGANIZATIONS).replace("2026-11-01", "2026-11-31"),  # no such day
    FULL_WORKER[:-20],  # broken off
    FULL_WORKER.replace("Employee_ID", "Some_ID"),  # nobody
    "<Other/>",
)
# A parent that has a child at work, says so, and waits to be ended: by a kill, or by Ctrl-C.
PARENT = """
import multiprocessing, sys, time
from ml_connector.snapshot.children import Line
line = Line(time.sleep, shorten=float, children=1)
line.start_children()
try:
    line.put(0.01)
    list(line.rest())
    print(len(multiprocessing.active_children()), flush=True)
    sys.stdin.read()
finally:
    line.close()
"""


def corpus(count: int = 1) -> list[Came]:
    texts = [text.replace(WID, f"{number:032x}") for number in range(count) for text in SAMPLES]
    return [Came(native(RecordType.WORKER, text), payload_hash(text.encode())) for text in texts]


def line(children: int = 1) -> Line[Any, Any]:
    return Line(partial(translate_all, TRANSLATION), shorten=partial(shorten_all, TRANSLATION), children=children)


def test_children_make_of_every_record_what_this_process_makes_of_it() -> None:
    batches = [corpus()[:5], corpus()[5:], corpus(), []]
    with_children = line()
    with_children.start_children()
    try:
        for batch in batches[:2]:
            with_children.put(batch)
        assert not with_children._errands[0].outcome.done()  # a child starts slower than this line
        for batch in batches[2:]:
            with_children.put(batch)
        assert list(with_children.rest()) == [translate_all(TRANSLATION, batch) for batch in batches]
    finally:
        with_children.close()
    assert not multiprocessing.active_children()


def test_what_a_killed_child_had_is_done_here_in_its_place(caplog: pytest.LogCaptureFixture) -> None:
    with_children = line()
    with_children.start_children()
    with_children.put(corpus()[:3])
    (child,) = multiprocessing.active_children()
    os.kill(child.pid or 0, signal.SIGKILL)
    for batch in (corpus()[3:], corpus(2)):
        with_children.put(batch)
    with caplog.at_level(logging.WARNING):
        done = [each for batch in with_children.rest() for each in batch]
    assert done == translate_all(TRANSLATION, [*corpus(), *corpus(2)])
    assert [record.name for record in caplog.records] == [children.__name__]
    assert "done again" in caplog.text
    with_children.start_children()
    assert not multiprocessing.active_children()  # it is not tried again


@pytest.mark.parametrize("end", ["killed", "interrupted"])
def test_no_child_outlives_its_parent(end: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"1\n"
    if end == "killed":
        parent.kill()
    else:
        os.killpg(parent.pid, signal.SIGINT)
    _, words = parent.communicate(timeout=30)  # a child holds the same pipe: it ends when all of them have
    assert parent.returncode in (-signal.SIGKILL, -signal.SIGINT, 1)
    assert words.count(b"Traceback") == (end == "interrupted")  # the parent's own


class Pages:
    """A connector with so many workers, ten a page."""

    def __init__(self, natives: list[Any], *, total: int | None = None) -> None:
        self.natives, self.total = natives, total or len(natives)

    def read(self, _query: Query) -> Any:
        for start in range(0, len(self.natives), 10):
            yield Page(
                tuple(self.natives[start : start + 10]), start // 10 + 1, -(-len(self.natives) // 10), self.total
            )


def read(database: Database, pages: Pages, scope: Scope) -> Any:
    return Reader(database, clock=lambda: NOW).extract(
        pages,  # type: ignore[arg-type]  # only reads
        scope=scope,
        query=Query(record_type=RecordType.WORKER),
        translation=TRANSLATION,
        progress=lambda *_: None,
    )


def people(count: int) -> list[Any]:
    return [native(RecordType.WORKER, FULL_WORKER.replace(WID, f"{number:032x}")) for number in range(count)]


def test_a_reading_keeps_the_same_with_children_and_without(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    natives = [*people(45), native(RecordType.WORKER, SAMPLES[3])]
    scopes = [Scope("acme", "workday", "worker"), Scope("other", "workday", "worker")]
    alone = read(database, Pages(natives), scopes[0])
    started: list[int] = []
    monkeypatch.setattr(extract, "PAYS_FOR_CHILDREN", 1)
    monkeypatch.setattr(children, "usable_cores", lambda: 2)
    monkeypatch.setattr(children, "ProcessPoolExecutor", _spy(started))
    together = read(database, Pages(natives), scopes[1])
    assert started == [1]
    assert (together.total, together.faults) == (alone.total, alone.faults)
    assert len(alone.faults) == 1
    store = SnapshotStore(database)
    first, second = (list(store.read(scope, of=Worker)) for scope in scopes)
    assert first == second
    assert len(first) == 45


@pytest.mark.parametrize(("cores", "pays"), [(2, None), (1, 1)], ids=["little to do", "one core"])
def test_no_child_is_started(database: Database, monkeypatch: pytest.MonkeyPatch, cores: int, pays: int | None) -> None:
    started: list[int] = []
    monkeypatch.setattr(children, "usable_cores", lambda: cores)
    monkeypatch.setattr(children, "ProcessPoolExecutor", _spy(started))
    monkeypatch.setattr(extract, "PAYS_FOR_CHILDREN", pays or extract.PAYS_FOR_CHILDREN)
    read(database, Pages(people(30)), Scope("acme", "workday", "worker"))
    assert started == []


def test_what_is_known_starts_no_child(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    scope, started = Scope("acme", "workday", "worker"), list[int]()
    read(database, Pages(people(30)), scope)
    monkeypatch.setattr(extract, "PAYS_FOR_CHILDREN", 1)
    monkeypatch.setattr(children, "usable_cores", lambda: 2)
    monkeypatch.setattr(children, "ProcessPoolExecutor", _spy(started))
    assert read(database, Pages(people(30)), scope).total == 30
    assert started == []


def _spy(started: list[int]) -> Any:
    pool = children.ProcessPoolExecutor

    def start(count: int, **options: Any) -> Any:
        started.append(count)
        return pool(count, **options)

    return start
