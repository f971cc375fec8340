"""The kinds of mapping, and which codes, days and workers the last reading showed; nothing is read anew."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from ml_connector.bootstrap import App
from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.workforce import Worker
from ml_connector.errors import UsageError
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.proposal import RECORDS, wid_of
from ml_connector.snapshot.extracts.store import ExtractStore, Scope
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.sync.gather import plant_days
from ml_connector.sync.store import SyncStore

SOURCES = {
    Kind.COST_CENTER: RecordType.COST_CENTER,
    Kind.JOB_PROFILE: RecordType.JOB_PROFILE,
    Kind.LOCATION: RecordType.LOCATION,
}


def parse_kind(text: str) -> Kind:
    """
    Read the word for a kind.

    Raises:
        UsageError: there is no such kind.
    """
    try:
        return Kind(text)
    except ValueError:
        raise UsageError(f"{text} is no kind of mapping", remedy=f"one of {', '.join(Kind)}") from None


def kinds_of(kind: str | None) -> tuple[Kind, ...]:
    """The kind of that name; all of Workday's without one. Raises as `parse_kind`."""
    return tuple(SOURCES) if kind is None else (parse_kind(kind),)


def last_days(app: App) -> dict[str, date]:
    """Which day it was in each plant when Workday was read last, by Workday's clock; by ours before the first time."""
    newest = SyncStore(app.database, app.name).newest_plan()
    read_at = datetime.fromisoformat(newest.watermark) if newest is not None and newest.watermark else app.clock()
    return plant_days(app.connection.plex.plants, read_at)


def known_workers(app: App, wids: Iterable[str]) -> dict[str, Worker]:
    """These profiles by WID, as Workday showed them last; who never was shown is left out."""
    scope = Scope(app.name, "workday", RecordType.WORKER)
    return SnapshotStore(app.database).find(scope, keys=sorted(wids), of=Worker)


def known_wids(app: App, kind: Kind) -> dict[str, str]:
    """Workday's own ids by reference id, as the newest complete reading showed them; nothing is read anew."""
    return {key: wid for key, wid in (known_codes(app, kind) or {}).items() if wid is not None}


def known_codes(app: App, kind: Kind) -> dict[str, str | None] | None:
    """The codes of the newest complete reading with Workday's own ids; None where there was no reading."""
    if kind not in SOURCES:
        return None
    scope, snapshots = Scope(app.name, "workday", SOURCES[kind].value), SnapshotStore(app.database)
    believed = ExtractStore(app.database).last_believed(scope)
    if believed is None:
        return None
    records = snapshots.read(scope, of=RECORDS[kind], extract_id=believed.id)
    return {record.key: wid_of(record) for record in records}


def earlier_codes(app: App, kind: Kind) -> dict[str, set[str]]:
    """By Workday's own id, the codes under which an object was ever read, or has a row in force (RD-01)."""
    scope, snapshots = Scope(app.name, "workday", SOURCES[kind].value), SnapshotStore(app.database)
    named = [(wid_of(record), record.key) for record in snapshots.read(scope, of=RECORDS[kind])]
    rows = app.mappings.load(app.name)
    named += [(row.wid, row.source) for row in rows if (row.kind, row.state) == (kind, "accepted")]
    found: dict[str, set[str]] = {}
    for wid, code in named:
        if wid is not None:
            found.setdefault(wid, set()).add(code)
    return found
