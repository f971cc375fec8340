"""One measured child process, what several of them come to, and what the machine does at once."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


class ChildFailedError(Exception):
    """A measured child ended badly; the message is its last line."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """
    What a child told of one phase; the CPU is user and system time of the phase alone.

    *calls* are the questions Workday was asked, where they were counted.
    """

    workers: int
    writes: int
    wall_s: float
    cpu_s: float
    calls: int = 0

    @property
    def rate(self) -> float:
        """Workers per second of wall time."""
        return self.workers / self.wall_s

    @property
    def write_rate(self) -> float:
        """Writes per second of wall time."""
        return self.writes / self.wall_s

    @property
    def cpu_ms_each(self) -> float:
        """CPU milliseconds per worker."""
        return 1000 * self.cpu_s / self.workers


@dataclass(frozen=True, kw_only=True)
class Child:
    """
    One child process as the kernel accounts for it: CPU of its whole life, peak resident memory in MB.

    A phase may come several times.
    """

    phases: dict[str, list[Phase]]
    cpu_s: float
    peak_mb: float


@dataclass(frozen=True)
class Spread:
    """Median, smallest and largest of some figures."""

    median: float
    low: float
    high: float


def spread(figures: Sequence[float]) -> Spread:
    """Sum up repeated figures; at least one is needed."""
    return Spread(statistics.median(figures), min(figures), max(figures))


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """
    How many times cheaper we are: the peer's cost over ours, round by round, for only rounds of one run compare.

    Rounds that one side lacks are left out.
    """
    return spread([peer / own for own, peer in zip(ours, theirs, strict=False)])


@dataclass(frozen=True, kw_only=True)
class Target:
    """One promise: what was found, and whether it is enough."""

    what: str
    wanted: str
    found: str
    met: bool | None
    note: str = ""

    @property
    def verdict(self) -> str:
        """Tell it in words; None is what was not measured."""
        return {True: "met", False: "not met", None: "not measured"}[self.met]


_COMPUTING = "sum(number * number for number in range(8_000_000))"


def measure_scaling(processes: int) -> float:
    """How much more work that many processes of plain computation do together than one does alone."""
    pairs = [(_compute(1), _compute(processes)) for _ in range(8)]  # in turn, as a machine's speed changes
    alone, together = map(min, zip(*pairs, strict=True))
    return processes * alone / together


def _compute(processes: int) -> float:
    began = time.perf_counter()
    children = [subprocess.Popen([sys.executable, "-c", _COMPUTING]) for _ in range(processes)]
    for child in children:
        child.wait()
    return time.perf_counter() - began


def run_child(command: Sequence[str]) -> Child:
    """
    Run a child to its end and account for it.

    Raises:
        ChildFailedError: it did not end well.
    """
    with tempfile.TemporaryFile() as words, tempfile.TemporaryFile("w+") as told:
        # 3 is the descriptor that `meter` writes to.
        relay = ["/bin/sh", "-c", f'exec "$@" 3>&{told.fileno()}', "sh", *command]
        child = subprocess.Popen(relay, stdout=subprocess.DEVNULL, stderr=words, pass_fds=[told.fileno()], cwd=ROOT)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        words.seek(0)
        if child.returncode:
            lines = words.read().decode("utf-8", "replace").strip().splitlines()
            raise ChildFailedError(lines[-1] if lines else f"it ended with {child.returncode}")
        told.seek(0)
        lines_told: list[dict[str, Any]] = [json.loads(line) for line in told]
    phases: dict[str, list[Phase]] = {}
    for line in lines_told:
        phases.setdefault(line.pop("phase"), []).append(Phase(**line))
    return Child(phases=phases, cpu_s=usage.ru_utime + usage.ru_stime, peak_mb=usage.ru_maxrss / 1024)
