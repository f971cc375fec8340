"""Long work made visible on standard error: bars on a terminal, one line per stage elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from ml_connector.cli.words import printable
from ml_connector.errors import shortened

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

    from ml_connector.snapshot.extract import Progress

_EVERY_S = 10.0
_NARROW, _WIDE = 60, 100
_COUNT, _TIME = 19, 9  # two numbers of six digits and the spinner; hours, minutes, seconds: each with its gaps


@contextmanager
def shown(stream: TextIO | None = None, *, quiet: bool = False) -> Iterator[Progress]:
    """
    Give a callable that takes a stage's sentence, how much is done, and of how much (None: nobody knows).

    *quiet* keeps the bars and leaves out the lines.
    """
    stream = stream or sys.stderr
    if stream.isatty():
        with _bars() as progress:
            yield progress
    elif quiet:
        yield lambda _stage, _done, _total: None
    else:
        lines = _Lines(stream)
        yield lines
        lines.close()


@contextmanager
def _bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.text import Text

    console = Console(stderr=True)
    columns, room = _columns(console.width)
    lock, tasks = threading.Lock(), {}
    with Bars(*columns, console=console) as display:

        def progress(stage: str, done: int, total: int | None) -> None:
            with lock:
                if stage not in tasks:
                    tasks[stage] = display.add_task(Text(shortened(printable(stage), room)).plain, total=total)
                display.update(tasks[stage], completed=done, total=total)

        yield progress


def _columns(width: int) -> tuple[list[ProgressColumn], int]:
    """
    What a bar consists of, and how long the name of a stage may be.

    How much is done is never cut: where there is no room the bar and the time go first, then the end of the name.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn

    ends = [SpinnerColumn(finished_text="✓"), TextColumn("{task.description}", markup=False)]
    if width < _NARROW:
        return [*ends, MofNCompleteColumn()], width - _COUNT
    bar = 24 if width >= _WIDE else 6
    return [*ends, BarColumn(bar_width=bar), MofNCompleteColumn(), TimeElapsedColumn()], width - _COUNT - bar - _TIME


class _Lines:
    """A line when a stage begins and when it ends, and one now and then between."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._stage: str | None = None
        self._latest: tuple[int, int | None] = (0, None)
        self._told: tuple[int, int | None] | None = None
        self._at = 0.0

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        with self._lock:
            if stage != self._stage:
                self._end()
                self._stage = stage
                self._at = time.monotonic()
            self._latest = (done, total)
            if time.monotonic() - self._at >= _EVERY_S:
                self._tell()

    def close(self) -> None:
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._stage is not None and self._told != self._latest:
            self._tell()
        self._told = None

    def _tell(self) -> None:
        done, total = self._latest
        count = "" if total is None and not done else f": {done:,}" if total is None else f": {done:,} of {total:,}"
        self._stream.write(f"{printable(self._stage)}{count}\n")
        self._stream.flush()
        self._told, self._at = self._latest, time.monotonic()
