"""A small enterprise to rehearse with: both pretended systems, a database, a vault, an accepted mapping."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from ml_connector.bootstrap import App, wire
from ml_connector.canonical.keys import AsOf, RecordType
from ml_connector.connectors.plex.catalog import NAMES
from ml_connector.connectors.port import Connector, Query
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import MappingRow, sign_rows
from ml_connector.mapping.plex import to_plant_record
from ml_connector.mapping.proposal import propose
from ml_connector.mapping.workday import to_canonical
from ml_connector.sandbox.company import PLANTS
from ml_connector.sandbox.plex.sandbox import PlexSandbox
from ml_connector.sandbox.plex.tables import Tables
from ml_connector.sandbox.server import Sandbox
from ml_connector.secret import Secret
from ml_connector.settings.loading import parse_settings
from ml_connector.storage.database import open_database
from ml_connector.storage.migrate import migrate
from ml_connector.usecases import syncs, waiting_list
from ml_connector.vault.keys import MasterKey

WORKERS = 60
_TARGETS = (
    RecordType.DEPARTMENT,
    RecordType.COST_CENTER,
    RecordType.POSITION,
    RecordType.BUILDING,
    RecordType.ACCOUNT,
)
_SOURCES = (
    (Kind.COST_CENTER, RecordType.COST_CENTER),
    (Kind.JOB_PROFILE, RecordType.JOB_PROFILE),
    (Kind.LOCATION, RecordType.LOCATION),
)

AT_ONCE = {"clock_ahead": "999 days"}
"""In a pretended tenant days pass while none do by our clock."""


class World:
    """One sandbox and one wired connection to it; `app()` opens another process's view of the same files."""

    def __init__(self, sandbox: Sandbox, folder: Path, *, url: str | None = None, **plex: Any) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self.url = url or f"sqlite:///{folder}/mlc.db"
        self._key = MasterKey(b"k" * 32)
        self._plex = plex
        self.sync: dict[str, Any] = {}
        self.app = self.open()

    def configuration(self) -> dict[str, Any]:
        ready = self.sandbox.ready
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
        plex = {
            "base_url": ready["plex"]["base_url"],
            "token_url": ready["plex"]["token_url"],
            "calls_per_minute": 600_000,
            "settle_s": 0.3,
            "datasources": {
                name: {"id": number} for name, number in ready["plex"]["datasources"].items() if name in NAMES
            },
            "plants": plants,
            **self._plex,
        }
        workday = {"host": ready["workday"]["url"], "tenant": ready["workday"]["tenant"], "page_size": 50}
        return {
            "database": {"url": self.url},
            "audit": {"anchor_file": str(self.folder / "anchor.jsonl")},
            "connections": {"acme": {"workday": workday, "plex": plex, "sync": AT_ONCE | self.sync}},
        }

    def open(self, *, clock: Callable[[], datetime] | None = None) -> App:
        settings = parse_settings(self.configuration(), name="test")
        database = open_database(settings.database.url)
        migrate(database)
        app = wire(settings, name="acme", database=database, master_key=self._key, actor="test")
        ready = self.sandbox.ready
        with database.transaction() as tx:
            for system, fields in (("workday", ready["workday"]["isu"]), ("plex", ready["plex"]["oauth2"])):
                for field, value in fields.items():
                    app.vault.set(tx, connection="acme", system=system, field=field, value=Secret(value))
        return app

    def reopen(self) -> None:
        """Forget everything that is not on disk."""
        self.app.close()
        self.app = self.open()

    def lose_database(self) -> None:
        """Begin anew with an empty database, and the mapping accepted again."""
        self.app.close()
        for file in self.folder.glob("mlc.db*"):
            file.unlink()
        self.app = self.open()
        self.map_everything()

    def configure(self, **plex: Any) -> None:
        """Change the configuration, as an engineer would in the file, and start anew."""
        self._plex |= plex
        self.reopen()

    def next_day(self) -> None:
        """A day passes on both sides; our own process of tomorrow is another one."""
        self.sandbox.tenant.advance(1)
        self.reopen()

    def map_everything(self) -> None:
        """Accept every proposal, as a person would after looking at them."""
        rows = accepted_rows(self.app.workday, self.app.plex)
        with self.app.database.transaction() as tx:
            self.app.mappings.save(tx, "acme", rows)

    def plex_state(self) -> dict[str, Any]:
        """What Plex really holds, without anything that depends on when it came to hold it."""
        return timeless_state(self.sandbox.plex)

    def writes(self) -> int:
        """How many writing requests have reached Plex so far."""
        return len(self.write_requests())

    def write_requests(self) -> list[Any]:
        return [
            item
            for item in self.sandbox.arrivals.list()
            if item["system"] == "plex" and item["method"] in {"POST", "PUT"} and _writes(item["path"])
        ]


def accepted_rows(workday: Connector, plex: Connector) -> list[MappingRow]:
    """Every mapping that can be proposed from what both systems show, accepted."""
    rows = []
    for plant in PLANTS:
        targets = [
            to_plant_record(native, plant=plant.pcn)
            for kind in _TARGETS
            for page in plex.read(Query(record_type=kind, plant=plant.pcn))
            for native in page.records
        ]
        for kind, source in _SOURCES:
            now = workday.now()
            query = Query(record_type=source, as_of=AsOf(effective_on=now.date(), entered_at=now))
            sources = [to_canonical(native) for page in workday.read(query) for native in page.records]
            proposals = propose(kind, sources=sources, targets=targets, plant=plant.pcn)
            rows += [item.row for item in proposals if item.row is not None]
    return sign_rows(rows, changed_by="test", changed_at=datetime.now(UTC), state="accepted")


def timeless_state(plex: PlexSandbox) -> dict[str, Any]:
    """What a pretended Plex really holds, without anything that depends on when it came to hold it."""
    names = ("employees", "departments", "positions", "cost_centers", "headcount", "employee_attributes")
    return {name: sorted(map(_timeless, plex.state(name)), key=str) for name in names}


def _writes(path: str) -> bool:
    reading = {"300", "660", "3515", "154", "900101", "900108"}
    if "/datasources/" in path:
        return path.split("/datasources/")[1].split("/")[0] not in reading
    return "/oauth2/" not in path


def _timeless(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in row.items()
        if name not in {"Department_No", "Plexus_User_No"} and not name.lower().endswith(("date", "_at", "key"))
    }


@contextmanager
def open_world(
    folder: Path, *, workers: int = WORKERS, mapped: bool = True, url: str | None = None, **plex: Any
) -> Iterator[World]:
    with Sandbox(workers=workers, calls_per_minute=600_000) as sandbox:
        world = World(sandbox, folder, url=url, **plex)
        try:
            if mapped:
                world.map_everything()
            yield world
        finally:
            world.app.close()


@contextmanager
def open_synced(folder: Path, *, workers: int = WORKERS, url: str | None = None) -> Iterator[World]:
    """A world after its first sync. On SQLite that is made once per process, and put in place for each who asks."""
    if url is not None:
        with open_world(folder, workers=workers, url=url) as world:
            sync_cleanly(world)
            yield world
        return
    files, plants, asked_until = _sync_once(workers, datetime.now(UTC).date())
    for name, content in files.items():
        (folder / name).write_bytes(content)
    with open_world(folder, workers=workers, mapped=False) as world:
        while world.sandbox.tenant.now() < asked_until:
            pass  # its clock moves on by being read: what was read before was not read in the future
        world.sandbox.plex.enterprise.plants = copy_plants(plants)
        yield world


@cache
def _sync_once(workers: int, _today: date) -> tuple[dict[str, bytes], dict[str, Tables], datetime]:
    """Our files, what Plex holds, and the tenant's clock, after a first sync by one who began on the same day."""
    with tempfile.TemporaryDirectory() as place, open_world(Path(place), workers=workers) as world:
        sync_cleanly(world)
        world.app.close()
        files = {name: (world.folder / name).read_bytes() for name in ("mlc.db", "anchor.jsonl")}
        return files, copy_plants(world.sandbox.plex.enterprise.plants), world.sandbox.tenant.now()


def copy_plants(plants: Mapping[str, Tables]) -> dict[str, Tables]:
    """What Plex holds, plant by plant, to be kept or to be put in place."""
    return {pcn: plant.snapshot() for pcn, plant in plants.items()}


def sync_cleanly(world: World) -> None:
    """One sync in which everything goes well."""
    report = syncs.sync(world.app, progress=silent)
    assert report.exit_code == 0, waiting_list.parked(world.app)


def silent(_stage: str, _done: int, _total: int | None) -> None:
    """Progress that nobody watches."""
