"""What is in use and not mapped yet, and what it may be called in Plex."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

import msgspec

from ml_connector.audit.event import AuditAction
from ml_connector.bootstrap import App
from ml_connector.canonical.keys import Record
from ml_connector.canonical.organization import CostCenter
from ml_connector.canonical.plant import PlexRecord
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.coverage import Coverage, Usage, cover
from ml_connector.mapping.crosswalk import Crosswalk, MappingRow
from ml_connector.mapping.proposal import Confidence, Proposal, propose, stand_in, wid_of
from ml_connector.mapping.reference_data import Use
from ml_connector.mapping.rules import Owner
from ml_connector.snapshot.extract import Progress
from ml_connector.sync.gather import plant_days
from ml_connector.sync.upstream import owners_of
from ml_connector.usecases.known import SOURCES, kinds_of
from ml_connector.usecases.mapping_changes import keep_rows
from ml_connector.usecases.usage import count_workers, read_setup, read_workday, uses_of_seats


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """What was proposed for codes in use without an accepted row, and how many rows of it are new."""

    proposals: tuple[Proposal, ...]
    saved: int


def propose_rows(app: App, *, kind: str | None = None, progress: Progress) -> Proposed:
    """
    Compare what both systems call the things in use, and keep what fits as proposed rows.

    Nothing of it is used for writing before a person accepts it.
    """
    kinds = kinds_of(kind)
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
        for plant in app.connection.plex.pcns:
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


def _sources(uses: Iterable[Use], named: Mapping[str, Record], *, kind: Kind, plant: str) -> list[Record]:
    keys = sorted(source for pcn, one, source in uses if (pcn, one) == (plant, kind))
    return [named[key] for key in keys if key in named]
