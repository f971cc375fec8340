"""
How a change of the crosswalk is checked, foreseen, and kept: accepted, or as a draft for another person (RD-09).

Every change is one transaction with its audit events.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

import msgspec
from sqlalchemy import Connection as Transaction

from ml_connector.audit.event import AuditAction, AuditEvent
from ml_connector.bootstrap import App
from ml_connector.canonical.keys import RecordType, fingerprint
from ml_connector.canonical.workforce import Worker
from ml_connector.errors import ConfigurationError
from ml_connector.mapping.approval import changes_in_force
from ml_connector.mapping.check import Fault, check_rows
from ml_connector.mapping.crosswalk import (
    ANY,
    Crosswalk,
    Key,
    Kind,
    MappingRow,
    shell_word,
    sign_rows,
    split_account_source,
)
from ml_connector.mapping.impact import Impact, count_impact, days_of_change
from ml_connector.mapping.proposal import RECORDS, wid_of
from ml_connector.mapping.table import find_clashes
from ml_connector.snapshot.store import Scope, SnapshotStore
from ml_connector.sync.gather import plant_days
from ml_connector.sync.store import SyncStore
from ml_connector.usecases.usage import is_counted, read_setup, uses_of_worker

SOURCES = {
    Kind.COST_CENTER: RecordType.COST_CENTER,
    Kind.JOB_PROFILE: RecordType.JOB_PROFILE,
    Kind.LOCATION: RecordType.LOCATION,
}


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a change did (with *preview*, would do), whom it moves, and what is worth a look without stopping it.

    Rows of *changed* that are drafts do nothing yet. *waiting* names the lines, `KIND/PLANT/SOURCE`, of which a change
    waits for another person now.
    """

    changed: tuple[MappingRow, ...]
    unchanged: int
    warnings: tuple[Fault, ...] = ()
    impact: tuple[Impact, ...] = ()
    waiting: tuple[str, ...] = ()
    preview: bool = False


def keep_rows(
    app: App,
    rows: Sequence[MappingRow],
    *,
    action: AuditAction,
    warnings: tuple[Fault, ...] = (),
    file: str | None = None,
    approving: Mapping[Key, str] | None = None,
    preview: bool = False,
) -> Changed:
    """
    Save what is new of *rows*. What changes rows in force becomes a draft, unless one person may do it alone or another
    one approves it: *approving* names who drafted each row, by its key.
    """
    wids = {kind: known_wids(app, kind) for kind in {row.kind for row in rows}}
    learned = [msgspec.structs.replace(row, wid=wids[row.kind].get(row.source) or row.wid) for row in rows]
    there = app.mappings.load(app.name)
    accepted = [row for row in there if row.state == "accepted"]
    if approving is not None:
        learned = [msgspec.structs.replace(row, drafted_by=approving[row.key]) for row in learned]
    elif app.connection.mapping.approval == "two_people":
        learned = [_as_draft(row) if _needs_another(row, accepted) else row for row in learned]
    signed = sign_rows(learned, changed_by=app.actor, changed_at=app.clock())
    impact = foresee(app, signed, there=accepted)
    if preview:
        changed = app.mappings.sift(app.name, signed)
    else:
        with app.database.transaction() as tx:
            changed = app.mappings.save(tx, app.name, signed)
            record_changes(app, tx, changed, action=action, before=accepted, file=file)
    return Changed(
        changed=tuple(changed),
        unchanged=len(rows) - len(changed),
        warnings=warnings,
        impact=tuple(impact),
        waiting=tuple(dict.fromkeys(line_name(row) for row in drafts_of(app) if row.key in {row.key for row in rows})),
        preview=preview,
    )


def _needs_another(row: MappingRow, accepted: Iterable[MappingRow]) -> bool:
    return row.state == "accepted" and changes_in_force(row, accepted)


def _as_draft(row: MappingRow) -> MappingRow:
    return msgspec.structs.replace(row, state="draft")


def drafts_of(app: App) -> list[MappingRow]:
    """The changes that wait for another person."""
    return [row for row in app.mappings.load(app.name) if row.state == "draft"]


def line_name(row: MappingRow) -> str:
    """How a line is named on the command line: `cost_center/101/CC4100`."""
    return f"{row.kind.value}/{row.plant}/{row.source}"


def approve_command(names: Iterable[str]) -> str:
    """The command that approves the changes of these lines."""
    return " ".join(["ml-connector mapping approve", *(shell_word(name) for name in names)])


def foresee(app: App, rows: Sequence[MappingRow], *, there: Iterable[MappingRow]) -> list[Impact]:
    """
    Whom *rows* would move once they count, by the workers that were read and believed last; nothing is read anew.

    *there* are the rows accepted so far.
    """
    scope, snapshots = Scope(app.name, "workday", RecordType.WORKER.value), SnapshotStore(app.database)
    believed = snapshots.last_believed(scope)
    coming = [row for row in rows if row.state in {"accepted", "draft"} and row.kind is not Kind.ACCOUNT]
    if believed is None or not coming:
        return []
    old = {row.key: row for row in there}
    new = old | {row.key: msgspec.structs.replace(row, state="accepted") for row in coming}
    wids = {kind: known_wids(app, kind) for kind in SOURCES}
    plants = app.connection.plex.plants
    people = (
        uses_of_worker(plants, worker)
        for worker in snapshots.read(scope, of=Worker, extract_id=believed.id)
        if is_counted(worker, contingent=app.connection.sync.contingent_workers)
    )
    replaced = [old[row.key] for row in coming if row.key in old]
    return count_impact(
        people,
        before=Crosswalk(old.values()).knowing(lambda kind: wids.get(kind, {})),
        after=Crosswalk(new.values()).knowing(lambda kind: wids.get(kind, {})),
        days=days_of_change(last_days(app), [*coming, *replaced]),
    )


def last_days(app: App) -> dict[str, date]:
    """Which day it was in each plant when Workday was read last, by Workday's clock; by ours before the first time."""
    newest = SyncStore(app.database, app.name).newest_plan()
    read_at = datetime.fromisoformat(newest.watermark) if newest is not None and newest.watermark else app.clock()
    return plant_days(app.connection.plex.plants, read_at)


def known_wids(app: App, kind: Kind) -> dict[str, str]:
    """Workday's own ids by reference id, as the newest complete reading showed them; nothing is read anew."""
    return {key: wid for key, wid in (_known_codes(app, kind) or {}).items() if wid is not None}


def _known_codes(app: App, kind: Kind) -> dict[str, str | None] | None:
    """The codes of the newest complete reading with Workday's own ids; None where there was no reading."""
    if kind not in SOURCES:
        return None
    scope, snapshots = Scope(app.name, "workday", SOURCES[kind].value), SnapshotStore(app.database)
    believed = snapshots.last_believed(scope)
    if believed is None:
        return None
    records = snapshots.read(scope, of=RECORDS[kind], extract_id=believed.id)
    return {record.key: wid_of(record) for record in records}


def find_faults(
    app: App, rows: Sequence[MappingRow], *, lines: Mapping[Key, int] | None = None, codes: bool = True
) -> list[Fault]:
    """
    What our own records say against rows: plants, days that overlap with rows in force, and with *codes* those that
    Workday does not show. *lines* are their lines in a file.
    """
    lines = lines or {}
    accepted = [row for row in app.mappings.load(app.name) if row.state == "accepted"]
    numbered = {lines.get(row.key, number): row for number, row in enumerate(rows, start=1)}
    clashes = [fault for fault in find_clashes(numbered, there=accepted) if fault.code != "tie"]
    found = [fault if lines else msgspec.structs.replace(fault, line=None) for fault in clashes]
    known = [plant.pcn for plant in app.connection.plex.plants]
    for row in rows:
        if row.plant not in {*known, ANY}:
            message = f"connection {app.name} has no plant {row.plant}"
            found.append(_fault("plant", row, message, f"one of {', '.join(known)}, or *", lines))
    if not codes:
        return found
    said = {row.key: (row.target, row.ends_on) for row in accepted}
    news = [row for row in rows if said.get(row.key) != (row.target, row.ends_on)]
    return [*found, *_unknown_codes(app, news, lines)]


def _unknown_codes(app: App, rows: Iterable[MappingRow], lines: Mapping[Key, int]) -> list[Fault]:
    """
    Codes that Workday did not show when it was read last. A row that begins later may name what is still to come (RD-02).
    """
    codes = {kind: _known_codes(app, kind) for kind in SOURCES}
    today, found = max(last_days(app).values()), []
    for row in rows:
        kind, code = row.kind, row.source
        if row.kind is Kind.ACCOUNT:
            kind, code = Kind.COST_CENTER, (split_account_source(row.source) or (ANY,))[0]
        known = codes[kind]
        if known is None or code == ANY or code in known or (row.wid is not None and row.wid in known.values()):
            continue
        near = difflib.get_close_matches(code, known, n=1)
        message = f"Workday shows no {kind.value.replace('_', ' ')} {code!r}"
        message += f" (did you mean {near[0]!r}?)" if near else ""
        ahead = row.effective_on is not None and row.effective_on > today
        remedy = "correct the code; what is only to come in Workday needs a row that begins on its day"
        found.append(_fault("unknown_code", row, message, remedy, lines, blocking=not ahead))
    return found


def _fault(
    code: str, row: MappingRow, message: str, remedy: str, lines: Mapping[Key, int], *, blocking: bool = True
) -> Fault:
    line = lines.get(row.key)
    return Fault(code=code, subject=row.label, message=message, remedy=remedy, blocking=blocking, line=line)


def find_live_faults(app: App, rows: Sequence[MappingRow], *, lines: Mapping[Key, int] | None = None) -> list[Fault]:
    """
    Hold new rows against the live chart, and the account rows whose cost center they change (RD-08, PX-08).

    What has ended is no longer held against what Plex has today, and nothing against a plant there is not.
    """
    today, known = min(last_days(app).values()), [plant.pcn for plant in app.connection.plex.plants]
    rows = [row for row in rows if row.plant in {*known, ANY} and (row.ends_on is None or row.ends_on >= today)]
    named = {row.plant for row in rows}
    plants = [pcn for pcn in known if pcn in named or ANY in named]
    live = [record for plant in plants for record in read_setup(app, plant=plant, progress=_silent)]
    by_label = {row.label: (lines or {}).get(row.key) for row in rows}
    new = {row.key for row in rows}
    others = [row for row in app.mappings.load(app.name) if row.key not in new and row.state == "accepted"]
    moved = {row.source for row in rows if row.kind is Kind.COST_CENTER}
    broken = {row.label for row in others if _cost_center_of(row) in moved}
    return [
        msgspec.structs.replace(fault, line=by_label.get(fault.subject))
        for fault in check_rows([*rows, *others], live=live)
        if fault.subject in by_label or (fault.subject in broken and fault.code == "segment_mismatch")
    ]


def _cost_center_of(row: MappingRow) -> str | None:
    """The cost center whose segment an account row has to agree with."""
    parts = split_account_source(row.source) if row.kind is Kind.ACCOUNT else None
    return None if parts is None else parts[0]


def refuse(faults: Collection[Fault], *, outcome: str) -> tuple[Fault, ...]:
    """
    Let through what is only worth a look.

    Raises:
        ConfigurationError: every fault that stops the change, each with its line, where it has one, and its remedy.
    """
    stopping = sorted((fault for fault in faults if fault.blocking), key=lambda fault: fault.line or 0)
    if not stopping:
        return tuple(faults)
    if len(stopping) == 1 and stopping[0].line is None:
        raise ConfigurationError(f"{outcome}: {stopping[0].message}", remedy=stopping[0].remedy)
    told = [f"{f'line {fault.line}: ' if fault.line else ''}{fault.message} ({fault.remedy})" for fault in stopping]
    raise ConfigurationError(f"{outcome}: {'; '.join(told)}", remedy="mend all of it; a part is never taken in")


def record_changes(
    app: App,
    tx: Transaction,
    changed: Sequence[MappingRow],
    *,
    action: AuditAction,
    before: Iterable[MappingRow] = (),
    file: str | None = None,
) -> None:
    """One event per line that changed, so that each can be found; codes of the crosswalk are no personal data."""
    old = {row.key: fingerprint(row.target) for row in before}
    events = []
    for row in changed:
        detail: dict[str, str | int] = {"version": row.version, "state": row.state}
        days = {"from": row.effective_on, "until": row.ends_on}
        detail |= {name: day.isoformat() for name, day in days.items() if day is not None}
        detail |= {name: text for name, text in (("drafted_by", row.drafted_by), ("file", file)) if text}
        events.append(
            AuditEvent(
                action=AuditAction.MAPPING_DRAFTED if row.state == "draft" else action,
                actor=app.actor,
                at=app.clock(),
                object=f"mapping/{row.plant}/{row.kind.value} {row.source}",
                fields=tuple(sorted(row.target)),
                before_hash=old.get(row.key),
                after_hash=fingerprint(row.target),
                detail=detail,
            )
        )
    app.trail.append(tx, events)


def _silent(_stage: str, _done: int, _total: int | None) -> None:
    """Checking a row is quick enough to need no progress."""
