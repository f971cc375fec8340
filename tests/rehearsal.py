"""
The main job in one process and without time: the real Plex client, the real stores and the real run, against a
pretended Plex that is called instead of connected to, on a clock that moves only when somebody waits.

Hundreds of runs fit into a minute, so that every fault and every point of a crash can be tried. Workday is played back
from what its own client once read.
"""

from __future__ import annotations

import functools
import io
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
import urllib3
from sqlalchemy import Connection, Engine, select

from ml_connector.audit.store import AuditTrail
from ml_connector.canonical.keys import AsOf, NativeRecord, RecordType
from ml_connector.connectors.budget.budget import Budget
from ml_connector.connectors.inflate import MAX_BYTES
from ml_connector.connectors.plex.catalog import NAMES
from ml_connector.connectors.plex.connector import PlexConnector
from ml_connector.connectors.port import Page, Query, TypeInfo
from ml_connector.connectors.transport import HttpRequest, HttpResponse
from ml_connector.connectors.workday.connector import WorkdayConnector
from ml_connector.connectors.workday.fields import list_types
from ml_connector.mapping.crosswalk import MappingRow
from ml_connector.mapping.store import MappingStore
from ml_connector.review.store import holds, parked
from ml_connector.sandbox.company import PLANTS, TENANT
from ml_connector.sandbox.http import Request, Response
from ml_connector.sandbox.plex.sandbox import PlexSandbox
from ml_connector.sandbox.plex.tables import Tables
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox
from ml_connector.secret import Secret
from ml_connector.settings.model import Connection as Settings
from ml_connector.settings.workday import WorkdayConnection
from ml_connector.snapshot.store import records
from ml_connector.storage.database import Database, metadata, open_database
from ml_connector.storage.migrate import migrate
from ml_connector.sync.baseline.store import baselines
from ml_connector.sync.gather import WORKDAY_TYPES
from ml_connector.sync.tools import SyncTools
from ml_connector.sync.verbs import Syncer
from tests.world import AT_ONCE, accepted_rows, copy_plants, timeless_state

Answer = Callable[[Request], Response]
Spoil = Callable[[Request, Answer], Response]
START = datetime(2026, 11, 23, 15, tzinfo=UTC)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
READING = ("300", "660", "3515", "154", "900101", "900108")


class Clock:
    """Time passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.seconds += seconds


def no_boundary() -> None:
    """Nothing happens between two steps."""


class Answered(HttpResponse):
    """An answer as the transport gives it; *boundary* is passed when its body was read."""

    def __init__(self, response: Response, *, boundary: Callable[[], None] = no_boundary) -> None:
        body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        raw = urllib3.HTTPResponse(
            io.BytesIO(body), headers=dict(response.headers), status=response.status, preload_content=False
        )
        super().__init__(raw, max_bytes=MAX_BYTES)
        self._boundary = boundary

    def read(self) -> bytes:
        body = super().read()
        self._boundary()
        return body


class Wire:
    """
    A transport that calls the system itself. *boundary* is passed before the first byte, after the last byte sent (the
    system has not acted yet), after the answer's head and after its body; *spoil* stands between the two systems and
    may do its worst.
    """

    def __init__(self, answer: Answer, *, boundary: Callable[[], None] = no_boundary) -> None:
        self._answer, self._boundary = answer, boundary
        self.spoil: Spoil = lambda request, answer: answer(request)
        self.requests: list[Request] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        self._boundary()
        parts = urlsplit(request.url)
        query: dict[str, list[str]] = {}
        for name, value in request.query:
            query.setdefault(name, []).append(value)
        headers = {name.lower(): _plain(value) for name, value in request.headers.items()}
        body = _plain(request.body) if request.body is not None else b""
        whole = Request(request.method, parts.path, query, headers, body.encode() if isinstance(body, str) else body)
        self.requests.append(whole)
        self._boundary()
        answer = Answered(self.spoil(whole, self._answer), boundary=self._boundary)
        self._boundary()
        return answer

    @property
    def writes(self) -> list[Request]:
        return [request for request in self.requests if is_write(request)]

    def close(self) -> None:
        pass


def is_write(request: Request) -> bool:
    """Whether a request is meant to change something in Plex."""
    if "/datasources/" in request.path:
        return request.path.split("/datasources/")[1].split("/")[0] not in READING
    return request.method in {"POST", "PUT"}


def _timeless(row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(_MOMENT.sub("(moment)", value) if isinstance(value, str) else value for value in row)


def _plain(value: Any) -> Any:
    return value.reveal() if isinstance(value, Secret) else value


class Day(NamedTuple):
    """What Workday shows on one day."""

    now: datetime
    natives: Mapping[RecordType, tuple[NativeRecord, ...]]


class PlayedBack:
    """Workday as it was read once, a few records a page."""

    def __init__(self, day: Day, *, boundary: Callable[[], None] = no_boundary, page: int = 8) -> None:
        self.day, self.page, self._boundary = day, page, boundary

    def read(self, query: Query) -> Iterator[Page]:
        natives = self.day.natives[query.record_type]
        pages = max(1, -(-len(natives) // self.page))
        for number in range(pages):
            self._boundary()
            part = natives[number * self.page : (number + 1) * self.page]
            yield Page(part, number + 1, pages, len(natives))

    def discover(self) -> list[TypeInfo]:
        """What was read once has no log of what changed since: every reading is a whole one."""
        return [msgspec.structs.replace(info, has_log=False) for info in list_types()]

    def now(self) -> datetime:
        return self.day.now

    def close(self) -> None:
        pass


class Recording(NamedTuple):
    """An enterprise of *workers* people, day by day, with its accepted mapping."""

    workers: int
    days: tuple[Day, ...]
    mapping: list[MappingRow]


def call_workday(sandbox: WorkdaySandbox, *, wire: Wire | None = None, **settings: Any) -> WorkdayConnector:
    """The real Workday client, which calls the pretended Workday instead of connecting to it."""
    isu = sandbox.credentials["isu"]
    return WorkdayConnector(
        WorkdayConnection(host="http://127.0.0.1:1", tenant=TENANT, **settings),
        credential=lambda field: Secret(isu[field]),
        transport=wire or Wire(sandbox.answer),  # type: ignore[arg-type]
        clock=lambda: datetime.now(UTC),
    )


@functools.cache
def record(workers: int, *, days: int = 2) -> Recording:
    """Let the real Workday client read every day of the story once."""
    tenant = Tenant(seed=7, workers=workers, today=START.date())
    connector = call_workday(WorkdaySandbox(tenant))
    told: list[Day] = []
    for number in range(days):
        if number:
            tenant.advance(1)
        now = connector.now()
        moment = AsOf(effective_on=now.date(), entered_at=now)
        natives = {
            kind: tuple(
                native for page in connector.read(Query(record_type=kind, as_of=moment)) for native in page.records
            )
            for kind in WORKDAY_TYPES
        }
        told.append(Day(now, natives))
    rehearsal = Rehearsal(Recording(workers, tuple(told), []), url="sqlite://")
    mapping = accepted_rows(PlayedBack(told[0]), rehearsal.connect(Wire(rehearsal.plex.answer)))  # type: ignore[arg-type]
    return Recording(workers, tuple(told), mapping)


def kept_state(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """What our own database believes, without numbers of runs and moments, and without what it last saw of Plex."""
    wanted = {
        baselines: ("connection", "type", "plant", "key", "fields"),
        records: ("connection", "side", "type", "plant", "key", "body"),
        parked: ("connection", "type", "plant", "key", "field", "code", "reason"),
        holds: ("connection", "id", "guard", "members", "state"),
        metadata.tables["worker_fill"]: ("connection", "key", "fields"),
    }
    database = open_database(url)
    try:
        with database.reading() as tx:
            return {
                table.name: sorted(
                    row
                    for row in map(_timeless, tx.execute(select(*(table.c[name] for name in names))))
                    if row[1] != "plex"
                )
                for table, names in wanted.items()
            }
    finally:
        database.close()


class WatchedDatabase(Database):
    """A database whose commits can be counted, and be the last thing that happened."""

    boundary: Callable[[], None] = staticmethod(no_boundary)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with super().transaction() as connection:
            yield connection
            self.boundary()
        self.boundary()


class WatchedTrail(AuditTrail):
    """A trail whose anchor can be the last line written, or the first one that was not."""

    boundary: Callable[[], None] = staticmethod(no_boundary)

    def write_anchor(self) -> None:
        self.boundary()
        super().write_anchor()
        self.boundary()


class Life:
    """One process: its database, its wire, its syncer. What is not in the database or in Plex dies with it."""

    def __init__(self, database: WatchedDatabase, wire: Wire, tools: SyncTools) -> None:
        self.database, self.wire, self.tools = database, wire, tools
        self.syncer = Syncer(tools)

    def sync(self) -> Any:
        return self.syncer.sync(progress=lambda *_: None)

    def plan(self) -> Any:
        return self.syncer.plan(progress=lambda *_: None)

    def close(self) -> None:
        self.database.close()


class Rehearsal:
    """One enterprise: a pretended Plex, a database at *url*, and a Workday that shows `day`."""

    def __init__(self, recording: Recording, *, url: str, anchor: Path | None = None, **plex: Any) -> None:
        self.recording, self.url, self.anchor = recording, url, anchor
        self.clock = Clock()
        self.day = 0
        self.plex = PlexSandbox(
            workers=recording.workers,
            clock=self.clock.now,
            monotonic=self.clock.monotonic,
            calls_per_minute=10**9,
        )
        self.settings = self._settings(plex)
        self.keeps_engine = True  # not where a test does something to every connection of one life
        self._engine: Engine | None = None

    def prepare(self) -> None:
        """Migrate the database and accept the mapping."""
        database = open_database(self.url)
        try:
            migrate(database)
            with database.transaction() as tx:
                MappingStore(database).save(tx, "acme", self.recording.mapping)
        finally:
            database.close()

    def show(self, record_type: RecordType, natives: Iterable[Any]) -> None:
        """From now on Workday shows these records of one type, and everything else as on the first day."""
        first = self.recording.days[0]
        day = first._replace(natives={**first.natives, record_type: tuple(natives)})
        self.recording = self.recording._replace(days=(first, day))
        self.day = 1

    @contextmanager
    def alive(self, *, boundary: Callable[[], None] = no_boundary) -> Iterator[Life]:
        """Be a process for the length of the block; it passes *boundary* at every step that lasts."""
        # One engine for every life: closing it ends all its connections, and it keeps what it knows of each statement.
        engine = self._engine or open_database(self.url).engine
        self._engine = engine if self.keeps_engine else None
        database = WatchedDatabase(engine)
        database.boundary = boundary
        wire = Wire(self.plex.answer, boundary=boundary)
        workday, plex = self.workday(boundary), self.connect(wire)
        mappings = MappingStore(database)
        trail = WatchedTrail(database, seal_key=b"k" * 32, anchor_file=self.anchor)
        trail.boundary = boundary
        tools = SyncTools(
            name="acme",
            connection=self.settings,
            database=database,
            trail=trail,
            workday=lambda: workday,
            plex=lambda: plex,
            crosswalk=lambda days: mappings.crosswalk("acme", days=days),
            actor="test",
            clock=self.clock.now,
            sleep=self.clock.sleep,
        )
        life = Life(database, wire, tools)
        try:
            yield life
        finally:
            database.close()

    def workday(self, boundary: Callable[[], None]) -> Any:
        """Workday as it is today, for one process."""
        return PlayedBack(self.recording.days[self.day], boundary=boundary)

    def connect(self, wire: Wire) -> PlexConnector:
        budget = Budget(calls_per_minute=10**6, clock=self.clock.monotonic, sleep=self.clock.sleep)
        return PlexConnector(
            self.settings.plex,
            credential=self.credential,
            transport=wire,  # type: ignore[arg-type]
            clock=self.clock.now,
            sleep=self.clock.sleep,
            jitter=lambda: 1.0,
            budget=budget,
        )

    def credential(self, field: str) -> Secret:
        """The key of the resource API, or what a plant's web-service user signs in with."""
        pcn, _, name = field.rpartition("/")
        if not pcn:
            return Secret(self.plex.keys.api_key)
        return Secret(self.plex.keys.users[pcn][0 if name == "username" else 1])

    def plex_state(self) -> dict[str, Any]:
        self.clock.sleep(60)  # whatever was accepted has come true by then
        return timeless_state(self.plex)

    def keep_plex(self) -> dict[str, Tables]:
        return copy_plants(self.plex.enterprise.plants)

    def put_plex(self, kept: Mapping[str, Tables]) -> None:
        self.plex.reset()
        self.plex.enterprise.plants = copy_plants(kept)

    def kept_state(self) -> dict[str, list[tuple[Any, ...]]]:
        return kept_state(self.url)

    def _settings(self, plex: Mapping[str, Any]) -> Settings:
        plants = [
            {
                "pcn": plant.pcn,
                "company_code": plant.company_code,
                "tenant_id": plant.tenant_id,
                "time_zone": plant.time_zone,
                "default_shift": "Day",
                "routes": [{"company": plant.company, "location": plant.location}],
            }
            for plant in PLANTS
        ]
        plex_settings = {
            "base_url": "http://127.0.0.1:1/api",
            "auth": "api_key",
            "writers": 1,
            "datasources": {name: {"id": number} for name, number in self.plex.datasource_ids.items() if name in NAMES},
            "plants": plants,
            **plex,
        }
        workday = {"host": "http://127.0.0.1:1", "tenant": "acme_dpt1"}
        return Settings.model_validate({"workday": workday, "plex": plex_settings, "sync": AT_ONCE})
