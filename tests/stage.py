"""A rehearsal that can be put back to the same moment again and again: database, trail's anchor and Plex."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from ml_connector.audit.event import AuditAction
from ml_connector.sandbox.plex.tables import Tables
from tests.rehearsal import Life, Recording, Rehearsal

_NATURAL_KEYS = {
    "employees": "badgeNumber",
    "departments": "Department_Code",
    "positions": "Position",
    "cost_centers": "Cost_Center_No",
}


class Moment(NamedTuple):
    """Where a scenario begins."""

    database: bytes
    anchor: bytes
    plex: dict[str, Tables]
    day: int
    seconds: float


class Ending(NamedTuple):
    """Where a scenario ends: both systems, and what the trail says was done to which record."""

    plex: dict[str, Any]
    ours: dict[str, Any]
    told: Counter[tuple[str, str]]


class Stage:
    """One rehearsal on SQLite in *folder*."""

    def __init__(self, recording: Recording, folder: Path, **plex: Any) -> None:
        self._file, self._anchor = folder / "mlc.db", folder / "anchor.jsonl"
        self.rehearsal = Rehearsal(recording, url=f"sqlite:///{self._file}", anchor=self._anchor, **plex)
        self.rehearsal.prepare()
        self._anchor.touch()

    def keep(self) -> Moment:
        kept = self.rehearsal.keep_plex()
        seconds = self.rehearsal.clock.seconds
        return Moment(self._file.read_bytes(), self._anchor.read_bytes(), kept, self.rehearsal.day, seconds)

    def put_back(self, moment: Moment) -> None:
        for leftover in self._file.parent.glob("mlc.db-*"):
            leftover.unlink()
        self._file.write_bytes(moment.database)
        self._anchor.write_bytes(moment.anchor)
        self.rehearsal.put_plex(moment.plex)
        self.rehearsal.day, self.rehearsal.clock.seconds = moment.day, moment.seconds

    def lasting(self) -> str:
        """
        Stand for all that outlives a process, to the last row and second: where it is the same, the same happens next.

        Not for a moment at which Plex has accepted what it has not done yet: that is not told here.
        """
        with closing(sqlite3.connect(self._file)) as database:
            rows = "\n".join(database.iterdump())
        seen = (rows, self._anchor.read_bytes(), self.rehearsal.keep_plex(), self.rehearsal.clock.seconds)
        return hashlib.sha256(repr(seen).encode()).hexdigest()

    def run(self) -> int:
        """One more run; returns how many writes have no known outcome after it."""
        with self.rehearsal.alive() as life:
            return int(life.sync().counts["unknown"]) + len(life.tools.store.intents(states=("sending", "accepted")))

    def ending(self) -> Ending:
        """What is true in the end; the trail must hold and nothing may be left to do."""
        plex = self.rehearsal.plex_state()
        with self.rehearsal.alive() as life:
            verdict = life.tools.trail.verify()
            assert verdict.ok, verdict.problem
            told = told_of(life)
        return Ending(plex, self.rehearsal.kept_state(), told)


def count_twins(plex: dict[str, Any]) -> int:
    """How many records of a plant share their natural key with another one of its kind; it must be none."""
    names = [(kind, row["pcn"], row[key]) for kind, key in _NATURAL_KEYS.items() for row in plex[kind]]
    return len(names) - len(set(names))


def count_lost(clean: dict[str, Any], found: dict[str, Any]) -> int:
    """How many records that there should be are not there, or not so; it must be none."""
    return sum(row not in found[kind] for kind, rows in clean.items() for row in rows)


def told_of(life: Life) -> Counter[tuple[str, str]]:
    """How often the trail says that each record was written."""
    events = life.tools.trail.list(100_000, action=AuditAction.WRITE_APPLIED)
    return Counter((item.event.object or "", str(item.event.detail["action"])) for item in events)
