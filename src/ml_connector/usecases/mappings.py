"""Seeing and changing the crosswalk. Every change is one transaction with its audit event."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Literal

import msgspec

from ml_connector.audit.event import AuditAction
from ml_connector.bootstrap import App
from ml_connector.errors import ApprovalRequiredError, Fault, UsageError
from ml_connector.mapping.approval import is_same_person
from ml_connector.mapping.claim import ANY, Line, describe_plant, set_command
from ml_connector.mapping.crosswalk import MappingRow
from ml_connector.mapping.period import describe_period
from ml_connector.usecases.known import kinds_of, known_wids, parse_kind
from ml_connector.usecases.mapping_changes import Changed, approve_command, drafts_of, keep_rows, line_name
from ml_connector.usecases.mapping_faults import (
    find_faults,
    find_live_faults,
    find_unknown_codes,
    numbered,
    refuse,
    unnumbered,
)


class ListedRow(MappingRow, frozen=True, kw_only=True):
    """
    A row as it is listed; *now* is what Workday calls the source today, where that is another code than the row's.
    """

    now: str | None = None


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


def _find_faults(app: App, rows: Sequence[MappingRow], *, codes: bool, live: bool) -> list[Fault]:
    """What is wrong with rows that stand in no file."""
    claims = numbered(rows)
    faults = find_faults(app, claims, placed=claims)
    faults += find_unknown_codes(app, claims, placed=claims) if codes else []
    faults += find_live_faults(app, claims) if live else []
    return unnumbered(faults)


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
    kinds = kinds_of(kind)
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


def _check_plants(app: App, rows: Iterable[MappingRow]) -> None:
    known = app.connection.plex.pcns
    strange = sorted({row.plant for row in rows} - {*known, ANY})
    if strange:
        raise UsageError(
            f"connection {app.name} has no plant {', '.join(strange)}", remedy=f"one of {', '.join(known)}, or *"
        )
