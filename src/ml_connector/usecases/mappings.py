"""Seeing and changing the crosswalk. Every change is one transaction with its audit event."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import msgspec
from sqlalchemy import Connection as Transaction

from ml_connector.audit.event import AuditAction, AuditEvent
from ml_connector.bootstrap import App
from ml_connector.canonical.keys import Record, RecordType, fingerprint
from ml_connector.canonical.plant import PlexRecord
from ml_connector.errors import ConfigurationError, UsageError
from ml_connector.mapping.check import Fault, check_rows
from ml_connector.mapping.coverage import Coverage, Usage, cover
from ml_connector.mapping.crosswalk import ANY, Kind, MappingRow, State, sign_rows, split_account_source
from ml_connector.mapping.proposal import RECORDS, Confidence, Proposal, propose, wid_of
from ml_connector.mapping.reference_data import Use
from ml_connector.mapping.table import parse_table, render_table
from ml_connector.snapshot.extract import Progress
from ml_connector.snapshot.store import Scope, SnapshotStore
from ml_connector.sync.gather import plant_days
from ml_connector.usecases.usage import count_workers, read_setup, read_workday, uses_of_seats

_SOURCES = {
    Kind.COST_CENTER: RecordType.COST_CENTER,
    Kind.JOB_PROFILE: RecordType.JOB_PROFILE,
    Kind.LOCATION: RecordType.LOCATION,
}


class ListedRow(MappingRow, frozen=True, kw_only=True):
    """A row as it is listed; *now* is what Workday calls the source today, where that is another code than the row's."""

    now: str | None = None


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What a change did, and what is worth a look without stopping it."""

    changed: tuple[MappingRow, ...]
    unchanged: int
    warnings: tuple[Fault, ...] = ()


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """What was proposed for codes in use without an accepted row, and how many rows of it are new."""

    proposals: tuple[Proposal, ...]
    saved: int


def list_rows(app: App, *, kind: str | None = None) -> list[ListedRow]:
    """The crosswalk as it is now, proposed rows included, with the codes Workday was last seen to use instead."""
    wanted = None if kind is None else parse_kind(kind)
    rows = [row for row in app.mappings.load(app.name) if wanted in {None, row.kind}]
    codes = {each: {wid: code for code, wid in known_wids(app, each).items()} for each in {row.kind for row in rows}}
    return [
        ListedRow(
            **msgspec.structs.asdict(row),
            now=None if (now := codes[row.kind].get(row.wid or "")) == row.source else now,
        )
        for row in rows
    ]


def set_row(app: App, *, kind: str, source: str, plant: str, target: Mapping[str, str], check: bool = True) -> Changed:
    """
    Accept one row, held against the live Plex first (RD-08, PX-08).

    Raises:
        ConfigurationError: incomplete, a tie, or Plex has no such thing. UsageError: no such kind or plant.
    """
    row = MappingRow(kind=parse_kind(kind), plant=plant, source=source, target=dict(target))
    _check_plants(app, [row])
    warnings = _check_live(app, [row]) if check else ()
    return _save(app, [row], action=AuditAction.MAPPING_CHANGED, warnings=warnings)


def import_file(app: App, path: Path, *, check: bool = True) -> Changed:
    """
    Take in a whole CSV, or nothing of it.

    Raises:
        ConfigurationError: every fault, by line. UsageError: there is no such file to read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}", remedy="ml-connector mapping export   writes one"
        ) from None
    table = parse_table(data)
    _refuse(table.faults, outcome=f"{path} was not imported")
    _check_plants(app, table.rows)
    warnings = _check_live(app, table.rows) if check else ()
    return _save(app, table.rows, action=AuditAction.MAPPING_IMPORTED, warnings=warnings, file=path.name)


def export_table(app: App) -> bytes:
    """The crosswalk as CSV."""
    return render_table(app.mappings.load(app.name))


def propose_rows(app: App, *, kind: str | None = None, progress: Progress) -> Proposed:
    """
    Compare what both systems call the things in use, and keep what fits as proposed rows.

    Nothing of it is used for writing before a person accepts it.
    """
    kinds = _kinds(kind)
    uses = set(count_workers(app, progress=progress)) | uses_of_seats(app, progress=progress)
    named_by = {
        each: {record.key: record for record in read_workday(app, _SOURCES[each], progress=progress)} for each in kinds
    }
    wids = {
        each: {key: wid for key, record in named.items() if (wid := wid_of(record))} for each, named in named_by.items()
    }
    crosswalk = app.mappings.crosswalk(app.name, days=_today(app)).knowing(lambda each: wids.get(each, {}))
    found: list[Proposal] = []
    live: dict[str, list[PlexRecord]] = {}
    for each, named in named_by.items():
        for plant in sorted({pcn for pcn, _, _ in uses}):
            sources = [
                record
                for record in _sources(uses, named, kind=each, plant=plant)
                if (row := crosswalk.find(each, source=record.key, plant=plant)) is None or row.state != "accepted"
            ]
            if not sources:
                continue
            if plant not in live:
                live[plant] = read_setup(app, plant=plant, progress=progress)
            found += propose(each, sources=sources, targets=live[plant], plant=plant)
    rows = [proposal.row for proposal in found if proposal.row is not None]
    saved = _save(app, rows, action=AuditAction.MAPPING_IMPORTED, state="proposed")
    return Proposed(proposals=tuple(found), saved=len(saved.changed))


def accept_rows(
    app: App, *, kind: str | None = None, only: Collection[MappingRow] | None = None, check: bool = True
) -> Changed:
    """
    Accept proposed rows: all of them, those of one kind, or exactly *only*. They are held against the live Plex first.

    Raises:
        ConfigurationError: Plex has no such thing, or not any more; nothing was accepted.
    """
    kinds = _kinds(kind)
    wanted = None if only is None else [(row.key, row.target) for row in only]
    rows = [
        msgspec.structs.replace(row, state="accepted")
        for row in app.mappings.load(app.name)
        if row.state == "proposed" and row.kind in kinds and (wanted is None or (row.key, row.target) in wanted)
    ]
    warnings = _check_live(app, rows) if check else ()
    return _save(app, rows, action=AuditAction.MAPPING_IMPORTED, warnings=warnings)


def rows_of(proposals: Iterable[Proposal], *, confidence: Collection[Confidence]) -> list[MappingRow]:
    """The rows of those proposals that are as sure as asked."""
    return [each.row for each in proposals if each.row is not None and each.confidence in confidence]


def coverage(app: App, *, progress: Progress) -> Coverage:
    """What current workers and seats use, filled and open, and whether it is mapped."""
    workers = count_workers(app, progress=progress)
    used = set(workers) | uses_of_seats(app, progress=progress)
    usages = [
        Usage(plant=plant, kind=kind, source=source, workers=workers[plant, kind, source])
        for plant, kind, source in used
    ]

    def live_wids(kind: Kind) -> dict[str, str]:
        records = read_workday(app, _SOURCES[kind], progress=progress) if kind in _SOURCES else ()
        return {record.key: wid for record in records if (wid := wid_of(record))}

    return cover(usages, crosswalk=app.mappings.crosswalk(app.name, days=_today(app)).knowing(live_wids))


def known_wids(app: App, kind: Kind) -> dict[str, str]:
    """Workday's own ids by reference id, as the newest complete reading showed them; nothing is read anew."""
    if kind not in _SOURCES:
        return {}
    scope, snapshots = Scope(app.name, "workday", _SOURCES[kind].value), SnapshotStore(app.database)
    believed = snapshots.last_believed(scope)
    if believed is None:
        return {}
    records = snapshots.read(scope, of=RECORDS[kind], extract_id=believed.id)
    return {record.key: wid for record in records if (wid := wid_of(record))}


def _today(app: App) -> dict[str, date]:
    """Which day it is in each plant, by Workday's clock."""
    return plant_days(app.connection.plex.plants, app.workday.now())


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


def _kinds(kind: str | None) -> tuple[Kind, ...]:
    return tuple(_SOURCES) if kind is None else (parse_kind(kind),)


def _sources(uses: Iterable[Use], named: Mapping[str, Record], *, kind: Kind, plant: str) -> list[Record]:
    keys = sorted(source for pcn, one, source in uses if (pcn, one) == (plant, kind))
    return [named[key] for key in keys if key in named]


def _check_plants(app: App, rows: Iterable[MappingRow]) -> None:
    known = [plant.pcn for plant in app.connection.plex.plants]
    strange = sorted({row.plant for row in rows} - {*known, ANY})
    if strange:
        raise UsageError(
            f"connection {app.name} has no plant {', '.join(strange)}", remedy=f"one of {', '.join(known)}, or *"
        )


def _check_live(app: App, rows: Sequence[MappingRow]) -> tuple[Fault, ...]:
    """
    Hold new rows against the live chart, and the account rows whose cost center they change; one blocking fault
    refuses them all.
    """
    named = {row.plant for row in rows}
    plants = [plant.pcn for plant in app.connection.plex.plants if plant.pcn in named or ANY in named]
    live = [record for plant in plants for record in read_setup(app, plant=plant, progress=_silent)]
    new, labels = {row.key for row in rows}, {row.label for row in rows}
    others = [row for row in app.mappings.load(app.name) if row.key not in new and row.state == "accepted"]
    moved = {row.source for row in rows if row.kind is Kind.COST_CENTER}
    broken = {row.label for row in others if _cost_center_of(row) in moved}
    faults = [
        fault
        for fault in check_rows([*rows, *others], live=live)
        if fault.subject in labels or (fault.subject in broken and fault.code == "segment_mismatch")
    ]
    _refuse([fault for fault in faults if fault.blocking], outcome="nothing was changed")
    return tuple(fault for fault in faults if not fault.blocking)


def _cost_center_of(row: MappingRow) -> str | None:
    """The cost center whose segment an account row has to agree with."""
    parts = split_account_source(row.source) if row.kind is Kind.ACCOUNT else None
    return None if parts is None else parts[0]


def _refuse(faults: Sequence[Fault], *, outcome: str) -> None:
    if not faults:
        return
    lines = [f"line {fault.line}: {fault.message}" if fault.line else fault.message for fault in faults]
    raise ConfigurationError(f"{outcome}: {'; '.join(lines)}", remedy=faults[0].remedy)


def _save(
    app: App,
    rows: Sequence[MappingRow],
    *,
    action: AuditAction,
    state: State | None = None,
    warnings: tuple[Fault, ...] = (),
    file: str | None = None,
) -> Changed:
    wids = {kind: known_wids(app, kind) for kind in {row.kind for row in rows}}
    learned = [msgspec.structs.replace(row, wid=wids[row.kind].get(row.source) or row.wid) for row in rows]
    signed = sign_rows(learned, changed_by=app.actor, changed_at=app.clock(), state=state)
    with app.database.transaction() as tx:
        changed = app.mappings.save(tx, app.name, signed)
        _record(app, tx, changed, action=action, file=file)
    return Changed(changed=tuple(changed), unchanged=len(rows) - len(changed), warnings=warnings)


def _record(app: App, tx: Transaction, changed: Sequence[MappingRow], *, action: AuditAction, file: str | None) -> None:
    """One event per line that changed, so that each can be found; codes of the crosswalk are no personal data."""
    events = []
    for row in changed:
        detail: dict[str, str | int] = {"version": row.version, "state": row.state}
        events.append(
            AuditEvent(
                action=action,
                actor=app.actor,
                at=app.clock(),
                object=f"mapping/{row.plant}/{row.kind.value} {row.source}",
                fields=tuple(sorted(row.target)),
                after_hash=fingerprint(row.target),
                detail=detail | ({"file": file} if file else {}),
            )
        )
    app.trail.append(tx, events)


def _silent(_stage: str, _done: int, _total: int | None) -> None:
    """Checking a row is quick enough to need no progress."""
