"""
Both pretenders on loopback, with what a user needs to reach them written where they can find it.

`Sandbox` runs inside the caller's process, `serve` until a signal comes.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ml_connector.sandbox.arrivals import Arrivals
from ml_connector.sandbox.company import PLANTS, SHIFTS, START, Plant
from ml_connector.sandbox.control import Control
from ml_connector.sandbox.deeds import Deeds
from ml_connector.sandbox.door import CONTROL_PATH, Door
from ml_connector.sandbox.exchange import Pretender
from ml_connector.sandbox.faults import FaultBook
from ml_connector.sandbox.plex.access import DEFAULT_PCN
from ml_connector.sandbox.plex.sandbox import BASE_PATH, TOKEN_PATH, PlexSandbox
from ml_connector.sandbox.prerender import PAGE_SIZES, Filling, render_pages
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox

SEED = 7


class Sandbox:
    """
    Both systems, running from `with` to its end.

    `ready` is what a user needs (addresses, throw-away credentials); `plex`, `workday`, `tenant`, `faults` and
    `arrivals` are there for tests in the same process. *pages_folder* has all pages of workers made before the first
    request, in the sizes and with the filling that `prerender.render_pages` describes.
    """

    def __init__(
        self,
        *,
        workday_port: int = 0,
        plex_port: int = 0,
        workers: int = 1200,
        seed: int = SEED,
        today: date | None = None,
        calls_per_minute: int = 6000,
        pages_folder: Path | None = None,
        page_sizes: Sequence[int] = PAGE_SIZES,
        filling: Filling = "full",
    ) -> None:
        self.tenant = Tenant(seed=seed, workers=workers, today=today or START)
        self._shift = timedelta(days=(self.tenant.today - datetime.now(UTC).date()).days)
        self._first_day = self.tenant.today
        self.workday = WorkdaySandbox(self.tenant, clock=lambda: self.now().timestamp())
        if pages_folder is not None:
            self.workday.kept = render_pages(self.workday, pages_folder, page_sizes=page_sizes, filling=filling)
        self.plex = PlexSandbox(
            seed=seed,
            workers=workers,
            clock=self.now,
            calls_per_minute=calls_per_minute,
            date_clock=lambda: datetime.now(UTC),
        )
        self.arrivals, self.deeds = Arrivals(), Deeds()
        self.faults = FaultBook(lag_reads=self.plex.lag_reads, doors=self)
        control = Control(
            tenant=self.tenant,
            workday=self.workday,
            plex=self.plex,
            faults=self.faults,
            arrivals=self.arrivals,
            deeds=self.deeds,
            now=self.now,
        )
        self._workday_door = Door(
            workday_port,
            pretender=Pretender(
                "workday",
                self.workday.answer,
                self.workday.expire_tokens,
                clock=lambda: self.tenant.clock,
            ),
            faults=self.faults,
            arrivals=self.arrivals,
            control=control.answer,
            deeds=self.deeds,
        )
        try:
            self._plex_door = Door(
                plex_port,
                pretender=Pretender(
                    "plex",
                    self.plex.answer,
                    self.plex.access.expire_tokens,
                    clock=self.plex.date,
                    meddle=self.plex.meddle,
                ),
                faults=self.faults,
                arrivals=self.arrivals,
                deeds=self.deeds,
            )
        except OSError:
            self._workday_door.server_close()
            raise

    def now(self) -> datetime:
        """The true instant: the time of day outside, on the tenant's day. Either system's clock may be wrong."""
        return datetime.now(UTC) + self._shift + (self.tenant.today - self._first_day)

    @property
    def control_url(self) -> str:
        """Where the stage manager listens."""
        return self._workday_door.url + CONTROL_PATH

    @property
    def ready(self) -> dict[str, Any]:
        """What the ready file tells."""
        keys, url = self.plex.keys, self._plex_door.url
        users = {pcn: {"username": name, "password": password} for pcn, (name, password) in keys.users.items()}
        plex = {
            "base_url": url + BASE_PATH,
            "token_url": url + TOKEN_PATH,
            "oauth2": {"client_id": keys.client_id, "client_secret": keys.client_secret},
            "api_key": keys.api_key,
            "basic": users[DEFAULT_PCN],
            "basic_users": users,
            "plants": [_describe(plant) for plant in PLANTS],
            "datasources": self.plex.datasource_ids,
            "calls_per_minute": self.plex.switches.calls_per_minute,
        }
        workday = {"url": self._workday_door.url, **self.workday.describe()}
        return {"workday": workday, "plex": plex, "control": self.control_url}

    def leave(self, system: str, seconds: float, *, silent: bool) -> None:
        """Let a system's port be away: connections are refused, or never completed."""
        {"workday": self._workday_door, "plex": self._plex_door}[system].absence.begin(seconds, silent=silent)

    def come_back(self) -> None:
        """Let both ports answer again."""
        self._workday_door.absence.end()
        self._plex_door.absence.end()

    def start(self) -> Self:
        """Begin to answer on both ports."""
        self._workday_door.start()
        self._plex_door.start()
        return self

    def stop(self) -> None:
        """Stop answering and close every connection."""
        self._workday_door.stop()
        self._plex_door.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _describe(plant: Plant) -> dict[str, Any]:
    """What a configuration says of a plant: who it is, and whose people and which shift belong there."""
    return {
        "pcn": plant.pcn,
        "company_code": plant.company_code,
        "tenant_id": plant.tenant_id,
        "time_zone": plant.time_zone,
        "default_shift": SHIFTS[0],
        "routes": [{"company": plant.company, "location": plant.location}],
    }


def serve(
    *,
    workday_port: int = 0,
    plex_port: int = 0,
    workers: int = 1200,
    seed: int = SEED,
    today: date | None = None,
    ready_file: str | os.PathLike[str] | None = None,
    calls_per_minute: int = 6000,
    on_ready: Callable[[dict[str, Any]], None] | None = None,
    pages_folder: Path | None = None,
    page_sizes: Sequence[int] = PAGE_SIZES,
    filling: Filling = "full",
) -> None:
    """Run the sandbox until SIGTERM or SIGINT; port 0 is any free one. The ready JSON also goes to standard output."""
    sandbox = Sandbox(
        workday_port=workday_port,
        plex_port=plex_port,
        workers=workers,
        seed=seed,
        today=today,
        calls_per_minute=calls_per_minute,
        pages_folder=pages_folder,
        page_sizes=page_sizes,
        filling=filling,
    )
    over = threading.Event()
    with _ending(over), sandbox:
        if ready_file is not None:
            write_ready_file(Path(ready_file), sandbox.ready)
        sys.stdout.write(json.dumps(sandbox.ready) + "\n")
        sys.stdout.flush()
        if on_ready is not None:
            on_ready(sandbox.ready)
        over.wait()


def write_ready_file(path: Path, ready: dict[str, Any]) -> None:
    """Write *ready* whole or not at all, readable by its owner alone, for it holds passwords."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(ready, file, indent=2)
            file.write("\n")
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _ending(over: threading.Event) -> Iterator[None]:
    """Set *over* when the process is asked to end; the former signal handlers come back afterwards."""
    former: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            former[number] = signal.signal(number, lambda *_: over.set())
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
