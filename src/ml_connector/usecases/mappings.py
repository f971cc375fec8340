"""Seeing and changing the crosswalk. Every change is one transaction with its audit event."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from ml_connector.audit.event import AuditAction
from ml_connector.bootstrap import App
from ml_connector.canonical.keys import Record
from ml_connector.canonical.organization import CostCenter
from ml_connector.canonical.plant import PlexRecord
from ml_connector.durable import replace_file
from ml_connector.errors import ApprovalRequiredError, ConfigurationError, Fault, MLConnectorError, UsageError
from ml_connector.mapping.approval import is_same_person
from ml_connector.mapping.coverage import Coverage, Usage, cover
from ml_connector.mapping.crosswalk import (
    ANY,
    Crosswalk,
    Kind,
    Line,
    MappingRow,
    describe_plant,
    set_command,
)
from ml_connector.mapping.period import describe_period
from ml_connector.mapping.proposal import Confidence, Proposal, propose, stand_in, wid_of
from ml_connector.mapping.reference_data import Use
from ml_connector.mapping.rules import Owner
from ml_connector.mapping.table import parse_table, render_table
from ml_connector.snapshot.extract import Progress
from ml_connector.sync.gather import plant_days
from ml_connector.sync.upstream import owners_of
from ml_connector.usecases.known import SOURCES, known_wids
from ml_connector.usecases.mapping_changes import Changed, approve_command, drafts_of, keep_rows, line_name
from ml_connector.usecases.mapping_faults import (
    find_faults,
    find_live_faults,
    find_unknown_codes,
    numbered,
    refuse,
    unnumbered,
)
from ml_connector.usecases.usage import count_workers, read_setup, read_workday, uses_of_seats

_LARGEST = 32 << 20  # bytes: some 300,000 rows


class ListedRow(MappingRow, frozen=True, kw_only=True):
    """A row as it is listed; *now* is what Workday calls the source today, where that is another code than the row's."""

    now: str | None = None


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


def set_row(
    app: App,
    *,
    kind: str,
    source: str,
    plant: str,
    target: Mapping[str, str],
    since: date | Literal["always"] | None = None,
    until: date | None = None,
    check: bool = True,
    preview: bool = False,
) -> Changed:
    """
    Say what one source is called in Plex, from a day and until a day where they are given; held against what Workday
    showed last and against the live Plex first (RD-08, PX-08). Without *target* the row there is only ends.

    Raises:
        ConfigurationError: incomplete, a tie, days that overlap, or one of the systems has no such thing.
        UsageError: no such kind or plant, or it is not clear which row of the line is meant.
        ApprovalRequiredError: the row to end was changed meanwhile.
    """
    wanted = parse_kind(kind)
    rows = [row for row in app.mappings.load(app.name) if row.line == (wanted, plant, source)]
    if target:
        # What is no row whatever its days is said before it is asked which row is meant.
        MappingRow(kind=wanted, plant=plant, source=source, target=dict(target))
    own = [row for row in rows if row.state == "accepted"]
    dated = [each for each in own if each.effective_on is not None]
    if since is None and dated:
        told = ", ".join(describe_period(each.effective_on, each.ends_on) for each in own)
        raise UsageError(
            f"{kind} {source} has rows {told}: it is not clear which one is meant",
            remedy="--from DATE   of the row to change, or from when a new one counts; or --from always",
        )
    begins = None if since == "always" else since
    ended = [] if target else [_find_to_end(own, (wanted, plant, source), since=begins, until=until)]
    row = MappingRow(
        kind=wanted,
        plant=plant,
        source=source,
        target=dict(target) or ended[0].target,
        effective_on=begins,
        ends_on=until,
    )
    _check_plants(app, [row])
    faults = _find_faults(app, [row], codes=check, live=check)
    warnings = refuse(faults, outcome="nothing was changed")
    return keep_rows(
        app, [row], action=AuditAction.MAPPING_CHANGED, warnings=warnings, looked_at=ended, preview=preview
    )


def _find_to_end(own: Sequence[MappingRow], claim: Line, *, since: date | None, until: date | None) -> MappingRow:
    """The row to be ended: it goes on saying what it says."""
    found = next((row for row in own if row.effective_on == since), None)
    kind, plant, source = claim
    if until is None:
        raise UsageError(
            f"what is {kind.value} {source} called in Plex?", remedy=set_command(kind, source=source, plant=plant)
        )
    if found is None:
        when = f"that begins on {since}" if since else "without a first day"
        raise UsageError(
            f"{kind.value} {source} has no row {when} in {describe_plant(plant)} that could end",
            remedy=f"ml-connector mapping list --kind {kind.value}   shows the rows there are; name the plant with --plant",
        )
    return found


def import_file(app: App, path: Path, *, check: bool = True, preview: bool = False) -> Changed:
    """
    Take in a whole CSV, or nothing of it.

    Raises:
        FaultsError: every fault, by line. UsageError: there is no such file to read, or it is too large.
    """
    table = parse_table(_read_file(path))
    ours = find_faults(app, table.claims, placed=table.placed)
    faults = [*table.faults, *(fault for fault in ours if fault not in table.faults)]
    if check:
        faults += _ask_too("Workday", lambda: find_unknown_codes(app, table.claims), known=faults)
        faults += _ask_too("Plex", lambda: find_live_faults(app, table.claims, in_file=True), known=faults)
    warnings = refuse(faults, outcome=f"{path} was not imported")
    return keep_rows(
        app, table.rows, action=AuditAction.MAPPING_IMPORTED, warnings=warnings, file=path.name, preview=preview
    )


def _read_file(path: Path) -> bytes:
    """
    All of a file, which ends.

    Raises:
        UsageError: it cannot be read, is no ordinary file, or is too large.
    """
    remedy = "ml-connector mapping export   writes one"
    try:
        if path.exists() and not path.is_file():  # a pipe or a device may never end
            raise UsageError(f"{path} is no ordinary file", remedy=remedy)
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", remedy=remedy) from None
    if len(data) > _LARGEST:
        largest = f"{_LARGEST >> 20} MB"
        raise UsageError(f"{path} is larger than {largest}", remedy=f"import it in parts of at most {largest}")
    return data


def _ask_too(system: str, ask: Callable[[], list[Fault]], *, known: Sequence[Fault]) -> list[Fault]:
    """What a system says against the lines; that it cannot be asked hides no fault that is known already."""
    try:
        return ask()
    except MLConnectorError as error:
        if not any(fault.blocking for fault in known):
            raise
        message = f"{system} could not be asked, and may have more to say against the lines: {error.message}"
        remedy = error.remedy or f"ml-connector ping {system.lower()}"
        return [Fault(code="not_asked", subject=system.lower(), message=message, remedy=remedy, blocking=False)]


def _find_faults(app: App, rows: Sequence[MappingRow], *, codes: bool, live: bool) -> list[Fault]:
    """What is wrong with rows that stand in no file."""
    claims = numbered(rows)
    faults = find_faults(app, claims, placed=claims)
    faults += find_unknown_codes(app, claims) if codes else []
    faults += find_live_faults(app, claims) if live else []
    return unnumbered(faults)


def export_table(app: App) -> bytes:
    """The crosswalk as CSV: what is in force or proposed; changes that wait for approval are not."""
    return render_table(row for row in app.mappings.load(app.name) if row.state != "draft")


def export_file(app: App, path: Path) -> None:
    """
    Write the crosswalk to a file; what was there stays until all of it is on disk.

    Raises:
        ConfigurationError: the file cannot be written. UsageError: it is a folder.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder", remedy=f"ml-connector mapping export {path / 'crosswalk.csv'}")
    try:
        replace_file(path, [export_table(app)], mode=0o666)
    except OSError as error:
        remedy = "name a file in a folder this account may write to, on a disk with room"
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}", remedy=remedy) from None


def propose_rows(app: App, *, kind: str | None = None, progress: Progress) -> Proposed:
    """
    Compare what both systems call the things in use, and keep what fits as proposed rows.

    Nothing of it is used for writing before a person accepts it.
    """
    kinds = _kinds(kind)
    uses = set(count_workers(app, progress=progress)) | uses_of_seats(app, progress=progress)
    named_by = {
        each: {record.key: record for record in read_workday(app, SOURCES[each], progress=progress)} for each in kinds
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
    if Kind.COST_CENTER in kinds and owners_of(app.connection).cost_centers is Owner.PLEX:
        held = [record for record in named_by[Kind.COST_CENTER].values() if isinstance(record, CostCenter)]
        for plant in [each.pcn for each in app.connection.plex.plants]:
            live[plant] = live.get(plant) or read_setup(app, plant=plant, progress=progress)
            found += _propose_upstream(live[plant], held=held, plant=plant, crosswalk=crosswalk, beside=found)
    rows = [proposal.row for proposal in found if proposal.row is not None]
    saved = keep_rows(app, rows, action=AuditAction.MAPPING_IMPORTED)
    return Proposed(proposals=tuple(found), saved=len(saved.changed))


def _propose_upstream(
    live: Sequence[PlexRecord],
    *,
    held: Sequence[CostCenter],
    plant: str,
    crosswalk: Crosswalk,
    beside: Sequence[Proposal],
) -> list[Proposal]:
    """Rows for a plant's active cost centers that stand for none of Workday's yet: what they would be called there."""
    part = "cost_center"
    proposed = {each.row.target.get(part) for each in beside if each.row is not None and each.plant == plant}
    alone = [
        record
        for record in live
        if record.type == part
        and record.fields.get("active") is not False
        and record.key not in proposed
        and not crosswalk.sources_of(Kind.COST_CENTER, plant=plant, part=part, value=record.key)
        and crosswalk.proposed_for(Kind.COST_CENTER, plant=plant, part=part, value=record.key) is None
    ]
    return propose(Kind.COST_CENTER, sources=stand_in(alone, held=held), targets=live, plant=plant)


def accept_rows(
    app: App,
    *,
    kind: str | None = None,
    only: Collection[MappingRow] | None = None,
    check: bool = True,
    preview: bool = False,
) -> Changed:
    """
    Accept proposed rows: all of them, those of one kind, or exactly *only*. They are held against the live Plex first.

    Raises:
        ConfigurationError: Plex has no such thing, or not any more; nothing was accepted.
        ApprovalRequiredError: another person answered one of them meanwhile.
    """
    kinds = _kinds(kind)
    wanted = None if only is None else [(row.key, row.target) for row in only]
    proposed = [
        row
        for row in app.mappings.load(app.name)
        if row.state == "proposed" and row.kind in kinds and (wanted is None or (row.key, row.target) in wanted)
    ]
    rows = [msgspec.structs.replace(row, state="accepted") for row in proposed]
    warnings = refuse(unnumbered(find_live_faults(app, numbered(rows))) if check else (), outcome="nothing was changed")
    return keep_rows(
        app, rows, action=AuditAction.MAPPING_IMPORTED, warnings=warnings, looked_at=proposed, preview=preview
    )


def approve_rows(app: App, *, lines: Collection[str] = (), check: bool = True, preview: bool = False) -> Changed:
    """
    Put changes in force that another person drafted: those of *lines* (`KIND/PLANT/SOURCE`), or all that others did.

    They are held against the live Plex once more, and together (RD-09).

    Raises:
        ApprovalRequiredError: the actor drafted them, or another person changed them meanwhile; nothing was changed.
        ConfigurationError: Plex has no such thing, or the days overlap by now. UsageError: there is no such draft.
    """
    drafts = _drafts(app, lines)
    alone = app.connection.mapping.approval == "one_person"
    others = [row for row in drafts if alone or not is_same_person(row.changed_by, app.actor)]
    if drafts and (len(others) < len(drafts) if lines else not others):
        mine = next(row for row in drafts if row not in others)
        raise ApprovalRequiredError(
            f"{mine.label} was changed by {mine.changed_by}, and whoever changes a row does not approve it",
            remedy=f"another person: {approve_command(dict.fromkeys(line_name(row) for row in drafts if row not in others))}",
        )
    rows = [msgspec.structs.replace(row, state="accepted") for row in others]
    faults = _find_faults(app, rows, codes=False, live=check)
    warnings = refuse(faults, outcome="nothing was approved")
    changed = keep_rows(
        app,
        rows,
        action=AuditAction.MAPPING_APPROVED,
        warnings=warnings,
        looked_at=others,
        approving=True,
        preview=preview,
    )
    left = tuple(dict.fromkeys(line_name(row) for row in drafts_of(app)))
    return changed if lines else msgspec.structs.replace(changed, waiting=left)


def withdraw_rows(app: App, *, lines: Collection[str] = ()) -> Changed:
    """
    Drop changes that wait for approval; what is in force stays as it is.

    Raises:
        UsageError: there is no such draft. ApprovalRequiredError: another person changed one of them meanwhile.
    """
    drafts = _drafts(app, lines)
    rows = [msgspec.structs.replace(row, state="withdrawn") for row in drafts]
    return keep_rows(app, rows, action=AuditAction.MAPPING_WITHDRAWN, looked_at=drafts)


def _drafts(app: App, lines: Collection[str]) -> list[MappingRow]:
    drafts = drafts_of(app)
    missing = sorted(set(lines) - {line_name(row) for row in drafts})
    if missing:
        raise UsageError(
            f"no change of {', '.join(missing)} waits for approval",
            remedy="ml-connector mapping list --proposed   lists what waits, as KIND/PLANT/SOURCE",
        )
    return [row for row in drafts if not lines or line_name(row) in lines]


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
        records = read_workday(app, SOURCES[kind], progress=progress) if kind in SOURCES else ()
        return {record.key: wid for record in records if (wid := wid_of(record))}

    return cover(usages, crosswalk=app.mappings.crosswalk(app.name, days=_today(app)).knowing(live_wids))


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
    return tuple(SOURCES) if kind is None else (parse_kind(kind),)


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
