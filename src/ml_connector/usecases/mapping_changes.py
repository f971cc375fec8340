"""
How a change of the crosswalk is checked, foreseen, and kept: accepted, or as a draft for another person (RD-09).

Every change is one transaction with its audit events and with what it is decided by: nobody changes that in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from ml_connector.audit.event import AuditAction, AuditEvent
from ml_connector.bootstrap import App
from ml_connector.canonical.keys import RecordType, fingerprint
from ml_connector.canonical.workforce import Worker
from ml_connector.errors import ApprovalRequiredError, Fault
from ml_connector.mapping.approval import changes_in_force
from ml_connector.mapping.claim import Kind, shell_word
from ml_connector.mapping.crosswalk import Crosswalk, MappingRow, sign_rows
from ml_connector.mapping.impact import Impact, count_impact, days_of_change
from ml_connector.snapshot.extracts.store import ExtractStore, Scope
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.storage.database import Transaction
from ml_connector.usecases.known import SOURCES, known_wids, last_days
from ml_connector.usecases.usage import is_counted, uses_of_worker


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
    looked_at: Sequence[MappingRow] = (),
    approving: bool = False,
    preview: bool = False,
) -> Changed:
    """
    Save what is new of *rows*. What changes rows in force becomes a draft, unless one person may do it alone or another
    one approves it with *approving*.

    *looked_at* are the rows, as loaded, by which the actor decided: they must still stand.

    Raises:
        ApprovalRequiredError: another person was faster, and changed one of *looked_at*. Nothing was changed.
    """
    learned = _with_wids(app, rows)
    if approving:
        authors = {row.key: row.changed_by for row in looked_at}
        learned = [msgspec.structs.replace(row, drafted_by=authors[row.key]) for row in learned]
    with app.database.reading() if preview else app.database.transaction() as tx:
        if not preview:
            app.mappings.take_turn(tx)
        there = app.mappings.load(app.name, tx=tx)
        _check_standing(looked_at, there)
        accepted = [row for row in there if row.state == "accepted"]
        if app.connection.mapping.approval == "two_people" and not approving:
            learned = [_as_draft(row) if _needs_another(row, accepted) else row for row in learned]
        signed = sign_rows(learned, changed_by=app.actor, changed_at=app.clock())
        if preview:
            changed = app.mappings.sift(app.name, signed, tx=tx)
        else:
            changed = app.mappings.save(tx, app.name, signed)
            record_changes(app, tx, changed, action=action, before=accepted, file=file)
    return Changed(
        changed=tuple(changed),
        unchanged=len(rows) - len(changed),
        warnings=warnings,
        impact=tuple(foresee(app, signed, there=accepted)),
        waiting=tuple(dict.fromkeys(line_name(row) for row in drafts_of(app) if row.key in {row.key for row in rows})),
        preview=preview,
    )


def _with_wids(app: App, rows: Sequence[MappingRow]) -> list[MappingRow]:
    """
    The rows with Workday's own ids. Another object may have taken a code over since: one still shown stays (RD-01).
    """
    wids = {kind: known_wids(app, kind) for kind in {row.kind for row in rows}}
    shown = {kind: set(known.values()) for kind, known in wids.items()}
    return [
        row
        if row.wid in shown[row.kind]
        else msgspec.structs.replace(row, wid=wids[row.kind].get(row.source) or row.wid)
        for row in rows
    ]


def _check_standing(looked_at: Iterable[MappingRow], there: Iterable[MappingRow]) -> None:
    """Refuse to go on by what another person replaced, approved or withdrew; a version is never altered."""
    standing = {(row.line, row.version) for row in there}
    gone = next((row for row in looked_at if (row.line, row.version) not in standing), None)
    if gone is not None:
        raise ApprovalRequiredError(
            f"{gone.label} was changed, approved or withdrawn by somebody else meanwhile; nothing was changed",
            remedy="ml-connector mapping list   shows what is there now",
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
    believed = ExtractStore(app.database).last_believed(scope)
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
