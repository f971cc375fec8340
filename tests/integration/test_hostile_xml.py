"""F11: no hostile document is believed, none fetches anything, none takes much memory (trust.md A5)."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile_xml import BYPASS, REFUSED, SAME, documents
from tests.traps import TrapServer

_IN_OPEN = 0x20
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


def test_f11_nothing_is_fetched_and_memory_is_bounded(outcome: Outcome) -> None:
    counts = {verdict: list(outcome.verdicts.values()).count(verdict) for verdict in (REFUSED, SAME, BYPASS)}
    figure = (
        f"F11 {len(outcome.verdicts)} documents: {counts[REFUSED]} refused, {counts[SAME]} read as the whole-document "
        f"parser reads them, {counts[BYPASS]} bypasses; {outcome.connections} connections, "
        f"{int(outcome.opened)} files opened, at most {outcome.peak_mb} MB"
    )
    print(figure)  # noqa: T201 - the figure is for whoever runs it
    assert (outcome.connections, outcome.opened, counts[BYPASS]) == (0, False, 0), figure
    assert outcome.peak_mb < 250, figure


def test_the_traps_do_catch(tmp_path: Path) -> None:
    file = TrapFile(tmp_path / "words.txt")
    assert not file.opened()
    file.path.read_text()
    assert file.opened()
    file.close()
    with TrapServer() as trap:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(trap.url, timeout=5).close()
        assert trap.connections == 1
