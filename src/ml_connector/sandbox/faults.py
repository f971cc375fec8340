"""
The faults waiting for their request: set over HTTP, each spoils so many requests that fit, and counts how often it did.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Protocol

from ml_connector.sandbox.effects import ABSENCES, DEFAULT_SECONDS, STALE_READ, Fault
from ml_connector.sandbox.modes import KNOWN, PAGED_ONLY, PLEX_ONLY

SYSTEMS = ("workday", "plex")
_RETRY_AFTER = re.compile(r"none|date(:-?\d{1,6})?|-?\d{1,18}(\.\d+)?")


class Doors(Protocol):
    """The ports of both systems, as far as a fault can close them."""

    def leave(self, system: str, seconds: float, *, silent: bool) -> None:
        """Let a system's port be away: connections are refused, or never completed."""

    def come_back(self) -> None:
        """Let both answer again."""


class FaultBook:
    """
    The faults waiting, and how often each mode has fired since the last reset; thread-safe.

    *doors* is None where there are no ports.
    """

    def __init__(self, *, lag_reads: Callable[[float], None], doors: Doors | None = None) -> None:
        self._lag_reads, self._doors = lag_reads, doors
        self._waiting: list[Fault] = []
        self._fired: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """
        Set a fault; `stale_read` and a closed port begin at once, and last no longer than until the faults are cleared.
        """
        if fault.mode in ABSENCES:
            self._close_door(fault)
            return
        with self._lock:
            self._waiting.append(fault)
        if fault.mode == STALE_READ:
            self._lag_reads(fault.seconds() or DEFAULT_SECONDS)

    def _close_door(self, fault: Fault) -> None:
        with self._lock:
            self._fired[f"{fault.system}/{fault.mode}"] += 1
        if self._doors is not None:
            self._doors.leave(fault.system, fault.seconds() or DEFAULT_SECONDS, silent=ABSENCES[fault.mode])

    def take(self, *, system: str, method: str, path: str) -> Fault | None:
        """The fault that spoils this request, if one does; the first set wins."""
        with self._lock:
            for fault in self._waiting:
                if not fault.fits(system=system, method=method, path=path):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                if fault.count == 0:
                    continue
                fault.count = None if fault.count is None else fault.count - 1
                fault.fired += 1
                self._fired[f"{system}/{fault.mode}"] += 1
                if fault.mode != STALE_READ:
                    return fault
        return None

    def clear(self) -> None:
        """Remove every fault; the counts stay."""
        with self._lock:
            self._waiting.clear()
        self._lag_reads(0)
        if self._doors is not None:
            self._doors.come_back()

    def reset(self) -> None:
        """Remove every fault and forget the counts."""
        self.clear()
        with self._lock:
            self._fired.clear()

    def report(self) -> dict[str, Any]:
        """What waits, what has fired, and which modes there are."""
        with self._lock:
            return {
                "faults": [asdict(each) for each in self._waiting],
                "fired": dict(self._fired),
                "modes": sorted(KNOWN),
            }


def parse_fault(given: Mapping[str, Any]) -> Fault:
    """
    Read a fault from a control request.

    Raises:
        ValueError: with a sentence naming what is known.
    """
    known = ("system", "mode", "retry_after", "count", "after", "path", "method", "at", "data_only")
    unknown = set(given) - set(known)
    if unknown:
        raise ValueError(f"unknown {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    system, mode = _system_and_mode(given)
    count, after, path, method = (given.get(name, default) for name, default in _DEFAULTS)
    if mode == STALE_READ and "count" not in given:
        count = None
    if mode in ABSENCES and (pointless := sorted(set(given) & {"count", "after", "path", "method", "at"})):
        raise ValueError(f"{mode} closes the whole port at once: {', '.join(pointless)} would choose nothing")
    if not (count is None or _is_count(count)) or not _is_count(after):
        raise ValueError("count and after are whole numbers from 0; count null lasts until the faults are cleared")
    if not _is_count(given.get("at", 0)):
        raise ValueError("at is a whole number of bytes from 0")
    if not isinstance(path, str) or not path.startswith("/") or not (method is None or isinstance(method, str)):
        raise ValueError("path is a prefix that starts with /, method a word such as POST")
    if given.get("data_only", False) not in (True, False):
        raise ValueError("data_only is true or false")
    retry_after = given.get("retry_after")
    if not _RETRY_AFTER.fullmatch("none" if retry_after is None else str(retry_after)):
        raise ValueError("retry_after is a number of seconds, none, date or date:SECONDS")
    return Fault(
        system=system,
        mode=mode,
        retry_after=None if retry_after is None else str(retry_after),
        count=count,
        after=after,
        path=path,
        method=method.upper() if method else None,
        at=given.get("at", 0),
        data_only=given.get("data_only", False),
    )


def _system_and_mode(given: Mapping[str, Any]) -> tuple[str, str]:
    system, mode = given.get("system"), str(given.get("mode"))
    if system not in SYSTEMS:
        raise ValueError(f"system is one of {', '.join(SYSTEMS)}")
    if mode not in KNOWN:
        raise ValueError(f"no mode {mode!r}; known: {', '.join(sorted(KNOWN))}")
    if mode in PLEX_ONLY and system != "plex":
        raise ValueError(f"{mode} is for plex: {PLEX_ONLY[mode]}")
    if mode in PAGED_ONLY and system != "workday":
        raise ValueError(f"{mode} is for workday: plex has no pages")
    return str(system), mode


_DEFAULTS: tuple[tuple[str, Any], ...] = (("count", 1), ("after", 0), ("path", "/"), ("method", None))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
