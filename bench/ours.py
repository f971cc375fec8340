"""
Our side, as child processes: the code a sync runs, from the socket to the snapshot store and to Plex.

`main` does the one task of its order: read (SOAP or REST), sync, or pace.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "peers"))

from meter import measured, read_order

from bench.control import ask
from bench.rewrite import changed_pages
from ml_connector import heap
from ml_connector.canonical.keys import AsOf, RecordType
from ml_connector.connectors.plex.connector import PlexConnector
from ml_connector.connectors.port import Query, Write
from ml_connector.connectors.transport import Transport
from ml_connector.connectors.workday.surfaces import open_workday
from ml_connector.mapping import workday as mapping
from ml_connector.secret import Secret
from ml_connector.settings.loading import parse_settings
from ml_connector.settings.workday import WorkdayConnection
from ml_connector.snapshot.extract import Reader
from ml_connector.snapshot.extracts.store import Scope
from ml_connector.snapshot.translation import Translation
from ml_connector.storage.database import metadata, open_database
from ml_connector.sync.gather import WORKDAY_TYPES

PACE_THREADS = 4


def now() -> datetime:
    return datetime.now(UTC)


def read(order: Any) -> None:
    """Read all workers into an empty store, again unchanged, and again with one worker in a hundred changed."""
    with _reading(order) as extract:
        for phase in ("cold", "unchanged"):
            with measured(phase) as told:
                told.workers = extract(RecordType.WORKER)
        if order.surface == "soap" and order.change:
            with changed_pages(Path(order.pages), order.page_size, order.workers // 100), measured("changed") as told:
                told.workers = extract(RecordType.WORKER)


@contextmanager
def _reading(order: Any) -> Iterator[Callable[[RecordType], int]]:
    """Open an empty store; what is given reads all records of a type into it, and tells how many."""
    database = open_database(f"sqlite:///{order.folder}/read.db")
    metadata.create_all(database.engine)
    connector = _open_workday(order)
    reader = Reader(database, clock=now)
    at = connector.now()

    def extract(kind: RecordType) -> int:
        found = reader.extract(
            connector,
            scope=Scope("bench", "workday", kind.value),
            query=Query(record_type=kind, as_of=AsOf(at.date(), at)),
            translation=_TRANSLATION,
            progress=lambda _stage, _done, _total: None,
        )
        if found.faults:
            raise SystemExit(f"{len(found.faults)} records could not be understood: {found.faults[0].reason}")
        return found.total

    yield extract
    connector.close()
    database.close()
    for file in Path(order.folder).glob("read.db*"):
        file.unlink()


def sync(order: Any) -> None:
    """
    A first sync of everything; then, as often as `days` says, one in which nothing changed, one of a day on which one
    worker in a hundred changed, and beside it a reading of all that Workday holds into an empty store, as a machine's
    speed changes from minute to minute; last, a sync that reads everything although nothing changed.

    Before each sync runs one that is not measured: it reads what the last one wrote.
    """
    from tests.world import World, silent

    class Paged(World):
        def configuration(self) -> dict[str, Any]:
            configured = super().configuration()
            workday = configured["connections"]["acme"]["workday"]
            workday |= {"page_size": order.page_size}
            workday |= {"surface": "rest", "auth": "oauth"} if order.surface == "rest" else {}
            return configured

        def open(self, **options: Any) -> Any:
            app = super().open(**options)
            with app.database.transaction() as tx:
                for field, value in order.ready["workday"]["oauth"].items():
                    app.vault.set(tx, connection="acme", system="workday", field=field, value=Secret(value))
            return app

    world = Paged(SimpleNamespace(ready=order.ready), Path(order.folder))  # type: ignore[arg-type]
    world.map_everything()

    def run(phase: str, *, whole: bool = False) -> None:
        world.reopen()
        before = _count_calls(order)
        with measured(phase) as told:
            report = world.app.syncer.sync(whole=whole, progress=silent)
            told.workers, told.writes = order.workers, report.counts.get("applied", 0)
            told.calls = _count_calls(order) - before

    run("cold")
    for _ in range(order.days):
        world.app.syncer.sync(progress=silent)
        run("unchanged")
        ask(order.control + "/scenario", {"name": "new_names"})
        run("changed")
        with _reading(order) as extract, measured("read") as told:
            told.workers = {kind: extract(kind) for kind in WORKDAY_TYPES}[RecordType.WORKER]
    if order.days:
        world.app.syncer.sync(progress=silent)
        run("whole", whole=True)
    world.app.close()


def _count_calls(order: Any) -> int:
    """How many questions Workday was ever asked, by its own count."""
    return len(ask(order.control + "/requests?system=workday"))


def pace(order: Any) -> None:
    """Send updates from several threads for `seconds` under the configured budget; the runner counts what arrived."""
    plants = [
        {name: plant[name] for name in ("pcn", "company_code", "tenant_id")} for plant in order.ready["plex"]["plants"]
    ]
    plex = {
        "base_url": order.ready["plex"]["base_url"],
        "token_url": order.ready["plex"]["token_url"],
        "calls_per_minute": order.calls_per_minute,
        "plants": plants,
    }
    workday = {"host": order.ready["workday"]["url"], "tenant": order.ready["workday"]["tenant"]}
    settings = parse_settings({"connections": {"bench": {"workday": workday, "plex": plex}}}, name="bench")
    secrets = order.ready["plex"]["oauth2"]
    connector = PlexConnector(
        settings.connections["bench"].plex,
        credential=lambda field: Secret(secrets[field]),
        transport=Transport(system="plex"),
        clock=now,
    )
    ends_at = time.monotonic() + order.seconds
    with measured("pace") as told:
        threads = [threading.Thread(target=_send_until, args=(connector, plants[0]["pcn"], ends_at, told))]
        threads += [
            threading.Thread(target=_send_until, args=(connector, plants[0]["pcn"], ends_at, told), name=str(number))
            for number in range(1, PACE_THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    connector.close()


def _send_until(connector: PlexConnector, plant: str, ends_at: float, told: SimpleNamespace) -> None:
    from ml_connector.mapping.plex import employee_uuid

    number = 0
    while time.monotonic() < ends_at:
        number += 1
        name = f"{threading.current_thread().ident}-{number}"
        key = employee_uuid("bench", plant=plant, person=name)
        body = {"id": key, "badgeNumber": name[-25:], "firstName": "A", "lastName": "B", "status": "Active"}
        connector.write(Write(record_type=RecordType.EMPLOYEE, plant=plant, key=key, action="create", body=body))
        told.writes += 1


def _open_workday(order: Any) -> Any:
    workday = order.ready["workday"]
    auth = "isu" if order.surface == "soap" else "oauth"
    settings = WorkdayConnection(
        host=workday["url"],
        tenant=workday["tenant"],
        surface=order.surface,
        auth=auth,
        page_size=order.page_size,
        # Without its data source the staffing service is read alone: the very pages the peers read.
        wql={"worker": {"source": "notGranted"}} if getattr(order, "alone", False) else {},
    )
    return open_workday(
        settings,
        credential=lambda field: Secret(workday[auth][field]),
        keep=lambda _field, _value: None,
        transport=Transport(system="workday"),
        clock=now,
    )


_TRANSLATION = Translation(
    translate=mapping.to_kept,
    key_of=mapping.describe_native,
    name_of=mapping.name_native,
    shorten=mapping.shorten_native,
)


def _stay_on_cores(count: int) -> None:
    """Let this process and its children use only so many cores."""
    if not hasattr(os, "sched_setaffinity"):
        raise SystemExit("this system cannot keep a process on some cores")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def main() -> None:
    """Do the one task of the order."""
    order = read_order()
    heap.keep_small()
    if hasattr(order, "cores"):
        _stay_on_cores(order.cores)
    {"read": read, "sync": sync, "pace": pace}[order.task](order)
