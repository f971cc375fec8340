"""
The tenant: its date, its clock, its world, and what the integration user may see of it.

The clock is logical: eight in the morning of the tenant's day plus one millisecond for every time somebody asks.
So no two entries share a moment, none lies in the future, and the same story has the same moments in every run.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import msgspec

from ml_connector.sandbox import company
from ml_connector.sandbox.tenant import domains
from ml_connector.sandbox.tenant.days import play_ordinary_day, play_story_day
from ml_connector.sandbox.tenant.desk import Desk
from ml_connector.sandbox.tenant.founding import found_world
from ml_connector.sandbox.tenant.nights import NIGHTS, Night
from ml_connector.sandbox.tenant.scenarios import SCENARIOS
from ml_connector.sandbox.tenant.setup import morning
from ml_connector.sandbox.tenant.world import World

_SECURITY_SCENARIOS = (
    "population_drop", "population_restored", "section_withheld", "section_restored", "page_drift", "worker_purged",
)  # fmt: skip


class View(msgspec.Struct, frozen=True):
    """
    What one request sees: the world, the tenant's present, and what its user is granted.

    *clock* is the present as the server's clock has it, which may be wrong; entries go by *now*. Whoever was *purged*
    is not among the *workers* any more.

    Two views with the same *stamp* see the same workers and records in it.
    """

    world: World
    workers: tuple[str, ...]
    now: datetime
    clock: datetime
    today: date
    domains: frozenset[str]
    constrained: bool
    purged: frozenset[str]
    stamp: tuple[int, int, date, bool]


class Tenant:
    """A made-up manufacturer in a made-up Workday tenant. Safe to use from many threads."""

    def __init__(self, seed: int = 7, workers: int = 1200, today: date = company.START) -> None:
        self.name = company.TENANT
        self.seed, self._workers, self._start = seed, workers, today
        self.clock_offset = timedelta(0)
        self._lock = threading.RLock()
        self._beginnings = 0
        self.reset()

    def reset(self) -> None:
        """Begin again: same people, same date, everything granted."""
        with self._lock:
            self._beginnings += 1
            self._today = self._start
            self._moment = morning(self._start)
            self._world = found_world(seed=self.seed, workers=self._workers, today=self._start)
            self._domains = domains.ALL
            self._constrained = False
            self._drifting = False
            self._purged: frozenset[str] = frozenset()
            self._played = 0
            self._untouched = True
            self._listed: tuple[str, ...] = ()

    @property
    def today(self) -> date:
        """The tenant's date."""
        return self._today

    @property
    def untouched(self) -> bool:
        """Whether nothing has happened since the beginning."""
        return self._untouched

    @staticmethod
    def scenarios() -> tuple[str, ...]:
        """List what `play` knows."""
        return (*SCENARIOS, *_SECURITY_SCENARIOS, *NIGHTS)

    def now(self) -> datetime:
        """Read the tenant's clock, which moves on by being read."""
        with self._lock:
            self._moment += timedelta(milliseconds=1)
            return self._moment

    @property
    def clock(self) -> datetime:
        """What the server's clock shows, right or wrong, without moving it on."""
        with self._lock:
            return self._moment + self.clock_offset

    def view(self) -> View:
        """Take what a request sees. Later entries do not disturb it: they have later moments."""
        with self._lock:
            if len(self._listed) != len(self._world.workers) - len(
                self._purged
            ):  # workers only ever join, or are purged
                self._listed = tuple(key for key in self._world.workers if key not in self._purged)
            now = self.now()
            return View(
                world=self._world,
                workers=self._listed,
                now=now,
                clock=now + self.clock_offset,
                today=self._today,
                domains=self._domains,
                constrained=self._constrained,
                purged=self._purged,
                stamp=(self._beginnings, self._world.entered + len(self._purged), self._today, self._constrained),
            )

    def advance(self, days: int = 1, *, quiet: bool = False) -> dict[str, Any]:
        """
        Let days pass, each with its events; the first day after the start is the scripted one.

        On *quiet* days nothing happens but what was entered for them before.
        """
        if days < 1:
            raise ValueError("days must be at least 1: time only goes forward")
        events = []
        with self._lock:
            self._untouched = False
            for _ in range(days):
                scripted = self._today == self._start
                self._today += timedelta(days=1)
                self._moment = max(self._moment, morning(self._today))
                desk, told = self._desk(f"day/{self._today}"), {"date": str(self._today)}
                if not quiet:
                    told |= (play_story_day if scripted else play_ordinary_day)(desk)
                events.append(told)
            return {"today": str(self._today), "days": events}

    def play(self, name: str) -> dict[str, Any]:
        """
        Play one scenario on the tenant's day.

        Raises:
            LookupError: there is no such scenario, or nobody it could happen to.
        """
        with self._lock:
            self._untouched = False
            if name not in self.scenarios():
                raise LookupError(f"there is no scenario {name!r}; there are {', '.join(self.scenarios())}")
            self._played += 1
            if name in _SECURITY_SCENARIOS:
                touched = self._play_security(name)
            elif name in NIGHTS:
                touched = self._play_night(NIGHTS[name])
            else:
                touched = SCENARIOS[name](self._desk(f"play/{self._today}/{self._played}"))
            return {"scenario": name, "touched": touched}

    def put_cost_center(self, key: str, changes: Mapping[str, Any], *, on: date) -> None:
        """
        Enter a cost center from *on*: all of *changes* for a new one, of a known one what differs.

        *changes* are facts of an organization by name.
        """
        with self._lock:
            self._untouched = False
            self._desk(f"put/{key}").put_organization(key, changes, kind="COST_CENTER", on=on)

    def grant_domain(self, name: str) -> None:
        """Grant the integration user a security domain, one of `domains.ALL`."""
        self._check_domain(name)
        with self._lock:
            self._domains |= {name}
            self._untouched = False

    def revoke_domain(self, name: str) -> None:
        """Take a security domain away from the integration user."""
        self._check_domain(name)
        with self._lock:
            self._domains -= {name}
            self._untouched = False

    def page_was_read(self) -> None:
        """Note that a page of workers went out; if drift is on, somebody is hired before the next one does."""
        with self._lock:
            if self._drifting:
                self._drifting = False
                self._played += 1
                self._desk(f"drift/{self._today}/{self._played}").hire("DET")

    def _play_security(self, name: str) -> list[str]:
        """Change who may see whom; returns who can be seen no more, where it is somebody by name."""
        if name == "page_drift":
            self._drifting = True
        elif name == "worker_purged":
            gone = self._desk(f"purge/{self._today}/{self._played}").pick(location="DET")
            self._purged |= {gone.key}
            return [gone.key]
        elif name.startswith("section"):
            self._domains = self._domains - {domains.ORGANIZATIONS} if name == "section_withheld" else domains.ALL
        else:
            self._constrained = name == "population_drop"
        return []

    def _play_night(self, night: Night) -> list[str]:
        """Let time pass to each moment of a night, and enter what it has for it."""
        touched = []
        for number, scene in enumerate(night(self._moment)):
            if scene.at > self._moment:
                self._moment, self._today = scene.at, scene.at.date()
            touched += scene.enter(self._desk(f"night/{self._today}/{self._played}/{number}"))
        return touched

    def _desk(self, purpose: str) -> Desk:
        random = Random(f"{self.seed}/{purpose}")  # noqa: S311 - repeatable on purpose
        return Desk(self._world, on=self._today, random=random, tick=self.now)

    @staticmethod
    def _check_domain(name: str) -> None:
        if name not in domains.ALL:
            raise LookupError(f"there is no domain {name!r}; there are {', '.join(sorted(domains.ALL))}")
