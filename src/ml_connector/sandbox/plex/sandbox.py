"""The pretended Plex as the server and the tests hold it: answers requests, and shows what really is there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ml_connector.sandbox.http import Request, Response
from ml_connector.sandbox.plex import datasources, resources
from ml_connector.sandbox.plex.access import Access, Caller, Keys
from ml_connector.sandbox.plex.answers import RefusedError, no_route, too_many, unauthenticated
from ml_connector.sandbox.plex.call import Call
from ml_connector.sandbox.plex.catalog import DATA_SOURCES, KEYS
from ml_connector.sandbox.plex.drift import drift
from ml_connector.sandbox.plex.enterprise import Enterprise
from ml_connector.sandbox.plex.procedures import staffing_rows
from ml_connector.sandbox.plex.scenarios import SCENARIOS
from ml_connector.sandbox.plex.switches import Switches
from ml_connector.sandbox.plex.tables import Row, Tables
from ml_connector.sandbox.plex.throttle import Throttle

BASE_PATH = "/api"
TOKEN_PATH = "/oauth2/token"  # noqa: S105 -- an address, not a token
STATES: dict[str, Callable[[Tables], list[Row]]] = {
    "employees": lambda tables: list(tables.employees.values()),
    "employee_attributes": lambda tables: list(tables.attributes.values()),
    "departments": lambda tables: list(tables.departments.values()),
    "positions": lambda tables: list(tables.positions.values()),
    "cost_centers": lambda tables: list(tables.cost_centers.values()),
    "headcount": staffing_rows,
    "accounts": lambda tables: list(tables.accounts.values()),
    "journal_entries": lambda tables: list(tables.journals.values()),
    "user_accounts": lambda tables: list(tables.users.values()),
}
PERMISSIONS = (*resources.RESOURCES, *KEYS, "datasource_api")


class PlexSandbox:
    """
    One enterprise behind one door; thread-safe, one call at a time.

    *clock* tells the instant tokens and records go by, *monotonic* the seconds that lags and the pace limit go by,
    *date_clock* what its `Date` headers tell, where that is another.
    """

    def __init__(
        self,
        *,
        seed: int = 7,
        workers: int = 1200,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        calls_per_minute: int = 6000,
        date_clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.switches = Switches(calls_per_minute=calls_per_minute)
        self._start = Switches(calls_per_minute=calls_per_minute)
        self.keys = Keys.from_seed(seed)
        self._true_clock, self._date_clock = clock, date_clock or clock
        self.access = Access(self.keys, clock=self.now, switches=self.switches)
        self.enterprise = Enterprise(workers=workers, clock=self.now, monotonic=monotonic, switches=self.switches)
        self._throttle = Throttle(monotonic=monotonic)
        self._data_sources = datasources.DataSources(self.enterprise, self.switches)
        self._denied: set[str] = set()
        self._meanwhile: dict[str, Callable[[], None]] = {}
        self._lock = threading.RLock()

    @property
    def datasource_ids(self) -> dict[str, int]:
        """The ids to configure, by the names the connector's catalogue uses."""
        return {source.key: source.id for source in DATA_SOURCES}

    def now(self) -> datetime:
        """The instant Plex believes it to be."""
        return self._true_clock() + timedelta(seconds=self.switches.clock_offset_s)

    def date(self) -> datetime:
        """The instant its `Date` headers tell: a `Retry-After` that is a date counts from it."""
        return self._date_clock() + timedelta(seconds=self.switches.clock_offset_s)

    def answer(self, request: Request) -> Response:
        """Answer one request, whole path included."""
        with self._lock:
            self.enterprise.settle()
            try:
                if request.path == TOKEN_PATH:
                    return self.access.grant(request)
                return self._answer_api(request)
            except RefusedError as refused:
                return refused.response

    def _answer_api(self, request: Request) -> Response:
        base, _, below = request.path.partition(BASE_PATH + "/")
        if base or not below:
            raise no_route()
        caller = self.access.caller(request)
        self._check_pace(caller)
        path = "/" + below
        if path.startswith(datasources.PREFIX + "/"):
            return self._data_sources.answer(request, path, caller=caller, granted=self.is_granted)
        return self._answer_resource(request, path, caller)

    def _check_pace(self, caller: Caller) -> None:
        wait_s = self._throttle.wait_s(caller.identity, limit=self.switches.calls_per_minute)
        if wait_s:
            raise too_many(wait_s, form=self.switches.retry_after_form, now=self.date())

    def _answer_resource(self, request: Request, path: str, caller: Caller) -> Response:
        found = resources.find_route(request.method, path)
        if found is None:
            raise no_route()
        route, record_id = found
        if route.resource in self.switches.unsubscribed:
            raise unauthenticated()
        if not route.is_read:
            self._meanwhile.pop(record_id or "", _nothing)()
            self.enterprise.remember()
        call = Call(request, caller.pcn, record_id, self.enterprise, self.switches)
        return resources.run(route, call, granted=self.is_granted(route.resource))

    def is_granted(self, name: str) -> bool:
        """Whether the callers' role holds a resource or data source."""
        return name not in self._denied

    def set_permission(self, name: str, *, granted: bool) -> None:
        """
        Give or take a resource or data source.

        Raises:
            ValueError: no such name; the message names what is known.
        """
        if name not in PERMISSIONS:
            raise ValueError(f"no permission {name!r}; known: {', '.join(PERMISSIONS)}")
        with self._lock:
            (self._denied.discard if granted else self._denied.add)(name)

    def edit_employee(self, pcn: str, badge: str, *, fields: Row | None, at_next_write: bool = False) -> None:
        """
        Let somebody at the plant change an employee by hand (`None`: remove), now or just before the next write to
        them.

        Raises:
            LookupError: no such employee, or no such field.
        """
        with self._lock:
            tables = self.enterprise.plants.get(pcn)
            row = (
                next((row for row in tables.employees.values() if row["badgeNumber"] == badge), None)
                if tables
                else None
            )
            if tables is None or row is None:
                raise LookupError(f"plant {pcn} has no employee {badge}")
            if unknown := set(fields or ()) - set(row):
                raise LookupError(f"an employee has no {', '.join(sorted(unknown))}; known: {', '.join(row)}")
            key, employees = row["id"], tables.employees

            def act() -> None:
                if fields is None:
                    employees.pop(key, None)
                elif key in employees:
                    employees[key] = employees[key] | fields

            if at_next_write:
                self._meanwhile[key] = act
            else:
                act()

    def scenarios(self) -> tuple[str, ...]:
        """List what `play` knows."""
        return tuple(SCENARIOS)

    def play(self, name: str) -> dict[str, Any]:
        """
        Let somebody at a plant do something of their own.

        Raises:
            LookupError: there is no such scenario.
        """
        if name not in SCENARIOS:
            raise LookupError(f"there is no scenario {name!r}; there are {', '.join(SCENARIOS)}")
        with self._lock:
            self.enterprise.settle()
            return {"scenario": name, "touched": SCENARIOS[name](self.enterprise)}

    def meddle(self, request: Request, deed: str) -> None:
        """Let somebody at the plant `edit` or `remove` the employee a request is about, or `reuse` the badge."""
        with self._lock:
            self.enterprise.settle()
            drift(self.enterprise, request, deed=deed)

    def lag_reads(self, seconds: float) -> None:
        """Let reads not see the writes of the last *seconds*; 0 ends it."""
        with self._lock:
            self.enterprise.lag_reads(seconds)

    def state(self, name: str) -> list[Row]:
        """
        What really is there, each row with its `pcn`, past every door, lag and permission.

        Raises:
            LookupError: no such table; the message names what is known.
        """
        with self._lock:
            self.enterprise.settle()
            if name == "transactions":
                return [dict(row) for row in self._data_sources.transactions]
            if name == "failed_commands":
                return [dict(row) for row in self.enterprise.failed_commands]
            if name not in STATES:
                raise LookupError(
                    f"no state {name!r}; known: {', '.join((*STATES, 'transactions', 'failed_commands'))}"
                )
            rows = STATES[name]
            return [{"pcn": pcn} | row for pcn, tables in self.enterprise.plants.items() for row in rows(tables)]

    def reset(self) -> None:
        """Start over: first morning, all permissions, no tokens, no calls counted, every switch as at the start."""
        with self._lock:
            self.switches.restore(self._start)
            self.enterprise.reset()
            self.access.expire_tokens()
            self._data_sources.reset()
            self._throttle.reset()
            self._denied.clear()
            self._meanwhile.clear()


def _nothing() -> None:
    """Do nothing: nobody edits meanwhile."""
