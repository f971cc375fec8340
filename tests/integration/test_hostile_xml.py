"""F11: no hostile document is believed, none fetches anything, none takes much memory (trust.md A5)."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hostile_xml import BYPASS, REFUSED, SAME, documents
from tests.traps import TrapServer

_IN_OPEN = 0x20
# Of it 96 are what a body may take before it is refused, and some 50 the documents themselves and the interpreter.
PEAK_MB = 180
EXPECTED = {name: verdict for name, _, verdict in documents("http://127.0.0.1:1", "/nowhere")}


class TrapFile:
    """Counts how often a file is opened, by anybody."""

    def __init__(self, path: Path) -> None:
        path.write_text("the trap's own words")
        libc = ctypes.CDLL(None, use_errno=True)
        self._watch = libc.inotify_init1(os.O_NONBLOCK)
        if libc.inotify_add_watch(self._watch, os.fsencode(path), _IN_OPEN) < 0:
            raise OSError(ctypes.get_errno(), "the trap file cannot be watched")
        self.path = path

    def opened(self) -> bool:
        try:
            return bool(os.read(self._watch, 4096))
        except BlockingIOError:
            return False

    def close(self) -> None:
        os.close(self._watch)


class Outcome:
    """What the child that read every document said, and what its traps caught."""

    def __init__(self, said: dict[str, object], *, connections: int, opened: bool) -> None:
        self.verdicts, self.peak_mb = said["verdicts"], said["peak_mb"]
        self.connections, self.opened = connections, opened


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    file = TrapFile(tmp_path_factory.mktemp("trap") / "words.txt")
    with TrapServer() as trap:
        command = [sys.executable, "-m", "tests.hostile_xml", trap.url, str(file.path)]
        said = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=120).stdout)
        yield Outcome(said, connections=trap.connections, opened=file.opened())
    file.close()


@pytest.mark.parametrize("name", EXPECTED)
def test_f11_a_hostile_document_is_refused_or_read_as_the_whole_document_parser_reads_it(
    name: str, outcome: Outcome
) -> None:
    assert outcome.verdicts[name] == EXPECTED[name]


def test_f11_nothing_is_fetched_and_memory_is_bounded(outcome: Outcome, tally: Callable[..., None]) -> None:
    counts = {verdict: list(outcome.verdicts.values()).count(verdict) for verdict in (REFUSED, SAME, BYPASS)}
    tally(
        "F11 hostile XML",
        documents=len(outcome.verdicts),
        refused=counts[REFUSED],
        read_as_the_whole_document_parser_reads_them=counts[SAME],
        bypasses=counts[BYPASS],
        connections=outcome.connections,
        files_opened=int(outcome.opened),
        MB_at_most=outcome.peak_mb,
    )
    assert (outcome.connections, outcome.opened, counts[BYPASS]) == (0, False, 0)
    assert outcome.peak_mb < PEAK_MB


def test_the_traps_do_catch(tmp_path: Path) -> None:
    file = TrapFile(tmp_path / "words.txt")
    assert not file.opened()
    file.path.read_text()
    assert file.opened()
    file.close()
    with TrapServer() as trap:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(trap.url, timeout=5).close()
        assert trap.connections == 1
