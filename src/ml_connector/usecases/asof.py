"""What Plex held of a worker on a day, and why: from our own records alone, without asking either system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from ml_connector.asof.statement import Evidence
from ml_connector.asof.store import PastStore
from ml_connector.asof.view import HeldRecord, end_of, view
from ml_connector.asof.whose import Whose
from ml_connector.bootstrap import App
from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.plant import Scalar
from ml_connector.errors import UsageError
from ml_connector.mapping.claim import Kind, RowVersion
from ml_connector.mapping.origin import ORIGINS
from ml_connector.mapping.plausible import is_plausible
from ml_connector.timeline.links.store import LinkStore
from ml_connector.usecases.past_records import (
    find_ids_ever,
    find_ids_then,
    find_people,
    left_by_joins,
    theirs_then,
)
from ml_connector.usecases.subjects import check_id

_SUPERVISOR = "supervisor_id"


class MappedBy(msgspec.Struct, frozen=True, kw_only=True):
    """The version of a mapping row that gave a value, and whose it is."""

    kind: str
    plant: str
    source: str
    version: int
    by: str | None
    drafted_by: str | None
    at: datetime | None


class HeldValue(msgspec.Struct, frozen=True, kw_only=True):
    """
    One field: *spoken* is an id in people's words, *how* we know (written, agreed, found), *since* when, and
    *evidence*, its number in the list below.
    """

    type: str
    field: str
    value: Scalar
    spoken: str | None = None
    how: str
    since: datetime
    workday: tuple[str, ...]
    mapping: MappedBy | None
    evidence: int


class PlexPast(msgspec.Struct, frozen=True, kw_only=True):
    """
    One Plex record of the worker as it was; *gone* says why it was not there any more.

    *left_at*: since when it is nobody's, whose it was being somebody else's person since; nothing is read of it since.
    """

    plant: str
    key: str
    until: datetime
    fields: tuple[HeldValue, ...]
    evidence: tuple[Evidence, ...]
    gone: str | None = None
    left_at: datetime | None = None


class WorkerPast(msgspec.Struct, frozen=True, kw_only=True):
    """
    The answer to `asof`; *silent* says by plant why nothing is told of it, *notes* who else may be meant.

    *goes_on* tells of the plants where the day has not ended yet what time it is there, by Workday's clock.
    """

    worker: str
    on: date
    known_since: datetime | None
    records: tuple[PlexPast, ...]
    silent: dict[str, str]
    notes: tuple[str, ...] = ()
    goes_on: dict[str, datetime] = {}


def asof(app: App, worker: str, *, on: date) -> WorkerPast:
    """
    Say what each plant's Plex held of *worker* when that plant's day *on* ended.

    Raises:
        UsageError: nobody is known under that number, the day lies ahead everywhere, or before everything we know.
    """
    check_id(worker, kind="worker", command=f"asof {on} worker")
    past = PastStore(app.database, app.name, trail=app.trail)
    zones = {plant.pcn: ZoneInfo(plant.time_zone) for plant in app.connection.plex.plants}
    now = past.last_moment(app.clock())
    last = max(now.astimezone(zone).date() for zone in zones.values())
    if on > last:
        raise _lies_ahead(on, worker, last)
    ends = {plant: end_of(on, zone=zone) for plant, zone in zones.items()}
    links = LinkStore(app.database, app.name)
    people, profile = find_people(app, links, worker)
    whose = None if profile is None else Whose(past.joins(links.joins()), profile)
    known = {worker} if whose is None else find_ids_ever(app, past, links, people[0]) | find_ids_then(app, whose, ends)
    said = past.statements(known)
    if not people and not said:
        raise _unknown(worker)
    first = past.first_read()
    if first is None or all(end <= first for end in ends.values()):
        raise _before_everything(first, worker, zones)
    records = _records_at(app, past, links, whose, view(said, ends=ends), ends=ends, named=worker)
    shown = {record.plant for record in records}
    return WorkerPast(
        worker=worker,
        on=on,
        known_since=first,
        records=records,
        silent={plant: _why_silent(first, ends[plant]) for plant in zones if plant not in shown},
        notes=tuple(_others(links, whose, people[1:], worker=worker, on=on, before=max(ends.values()))),
        goes_on={plant: now.astimezone(zones[plant]) for plant, end in ends.items() if now < end},
    )


def _records_at(
    app: App,
    past: PastStore,
    links: LinkStore,
    whose: Whose | None,
    told: Sequence[HeldRecord],
    *,
    ends: Mapping[str, datetime],
    named: str,
) -> tuple[PlexPast, ...]:
    """The records that were the worker's when each plant's day ended; of nobody we know, all that is *told*."""
    left: dict[tuple[str, str], datetime] = {}
    if whose is not None:
        chosen = links.chosen_at([record.key for record in told])
        left = left_by_joins(app, whose, told, ends=ends, chosen=past.heard(chosen))
        told = theirs_then(app, links, whose, told, ends=ends, named=named)
    badges = _badges(past, told, ends=ends)
    return tuple(
        _past(
            app,
            [it for it in told if (it.plant, it.key) == name],
            until=ends[name[0]],
            badges=badges,
            left_at=left.get(name),
        )
        for name in sorted({(record.plant, record.key) for record in told})
    )


def _others(
    links: LinkStore, whose: Whose | None, namesakes: Sequence[str], *, worker: str, on: date, before: datetime
) -> Iterator[str]:
    """Who else may be meant, each with the command that tells of them."""
    for one in namesakes:
        yield f"somebody else bears {worker} too, or did: ml-connector asof {on} worker {one}"
    for one in () if whose is None else whose.later(before=before):
        number = min(links.numbers([one]), default=one)
        yield f"joined only later with another one: ml-connector asof {on} worker {number}"


def _unknown(worker: str) -> UsageError:
    return UsageError(
        f"nothing is known under {worker}",
        remedy="name a worker's number, WID or Plex id; ml-connector records worker   lists whom we know",
    )


def _lies_ahead(on: date, worker: str, last: date) -> UsageError:
    """A plan is drawn up for a day that anybody may mean."""
    if is_plausible(on):
        return UsageError(f"{on} lies ahead", remedy=f"ml-connector plan --as-of {on}   shows what would be then")
    remedy = f"ml-connector asof {last} worker {worker}   is the last day there is"
    return UsageError(f"{on} lies too far ahead for anybody to know it", remedy=remedy)


def _before_everything(first: datetime | None, worker: str, zones: Mapping[str, ZoneInfo]) -> UsageError:
    if first is None:
        return UsageError("nothing was read yet", remedy="ml-connector plan   reads both systems")
    begun = min(first.astimezone(zone).date() for zone in zones.values())
    remedy = f"ml-connector asof {begun} worker {worker}   is the first day with an answer"
    return UsageError(f"nothing is known of any day before {begun}, when both systems were first read", remedy=remedy)


def _why_silent(first: datetime, end: datetime) -> str:
    if end <= first:
        return "that day lies before our first reading: nothing is known of it"
    return "our records know of no employee there until the end of that day"


def _badges(past: PastStore, told: Sequence[HeldRecord], *, ends: Mapping[str, datetime]) -> dict[str, str]:
    """By id, which badge the supervisors wore then, in whichever plant they are."""
    ids = {str(held.value) for record in told for held in record.fields if held.field == _SUPERVISOR and held.value}
    worn = view(past.statements(ids), ends=ends) if ids else []
    return {
        record.key: str(held.value)
        for record in worn
        for held in record.fields
        if held.field == "badge_number" and held.value
    }


def _past(
    app: App,
    told: Sequence[HeldRecord],
    *,
    until: datetime,
    badges: Mapping[str, str],
    left_at: datetime | None,
) -> PlexPast:
    evidence: list[Evidence] = []

    def number(each: Evidence) -> int:
        if each not in evidence:
            evidence.append(each)
        return evidence.index(each) + 1

    fields = tuple(
        HeldValue(
            type=record.type,
            field=held.field,
            value=held.value,
            spoken=badges.get(str(held.value)) if held.field == _SUPERVISOR else None,
            how=held.said.evidence.how,
            since=held.said.at,
            workday=ORIGINS.get(record.type, {}).get(held.field, ()),
            mapping=_mapped_by(app, held.said.rows.get(held.field)),
            evidence=number(held.said.evidence),
        )
        for record in told
        for held in record.fields
    )
    gone = next((record.gone for record in told if record.type == RecordType.EMPLOYEE and record.gone), None)
    if gone is not None:
        number(gone.evidence)
    return PlexPast(
        plant=told[0].plant,
        key=told[0].key,
        until=until - timedelta(seconds=1),
        fields=fields,
        evidence=tuple(evidence),
        gone=None if gone is None else gone.evidence.reason,
        left_at=left_at,
    )


def _mapped_by(app: App, row: RowVersion | None) -> MappedBy | None:
    if row is None:
        return None
    history = app.mappings.history(app.name, kind=Kind(row.kind), plant=row.plant, source=row.source)
    kept = next((each for each in history if each.version == row.version), None)
    return MappedBy(
        kind=row.kind,
        plant=row.plant,
        source=row.source,
        version=row.version,
        by=None if kept is None else kept.changed_by,
        drafted_by=None if kept is None else kept.drafted_by or None,
        at=None if kept is None else kept.changed_at,
    )
