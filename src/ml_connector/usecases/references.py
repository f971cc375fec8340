"""What a code of Workday's was on a day, and what it was called in each plant then: from our own records alone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec
from msgspec import UnsetType

from ml_connector.bootstrap import App
from ml_connector.canonical.organization import CostCenter, JobProfile
from ml_connector.errors import UsageError
from ml_connector.mapping.claim import Kind
from ml_connector.timeline.reference import known_on
from ml_connector.timeline.references.store import ReferenceStore
from ml_connector.usecases.asof import MappedBy
from ml_connector.usecases.subjects import check_id

CodeKind = Literal["cost_center", "job_profile"]
_RECORDS: dict[CodeKind, type[CostCenter | JobProfile]] = {"cost_center": CostCenter, "job_profile": JobProfile}


class CodePast(msgspec.Struct, frozen=True, kw_only=True):
    """
    The answer to `asof` for a code. It was so *since* a day, as Workday told us by *entered_at*.

    *job_class* is a job profile's category, such as direct or indirect work; *mapped* what each plant called the code
    by the rows in force that day, and *mapped_by* whose and which version they are.
    """

    type: str
    key: str
    on: date
    since: date
    entered_at: datetime
    name: str | None
    active: bool | None
    job_class: str | None
    mapped: dict[str, dict[str, str]]
    mapped_by: dict[str, MappedBy]


def code_asof(app: App, kind: CodeKind, key: str, *, on: date) -> CodePast:
    """
    Say what a cost center or job profile was on a day (RD-11), and what it was mapped to (RD-04).

    Raises:
        UsageError: nothing is known of it, or not of so early a day.
    """
    check_id(key, kind=kind, command=f"asof {on} {kind}")
    told = ReferenceStore(app.database, app.name).of(kind, key)
    fact = known_on(told, on=on)
    if fact is None:
        why = f"nothing is known of {kind} {key}"
        why += f" before {min(each.effective_on for each in told)}" if told else ""
        raise UsageError(why, remedy="ml-connector plan   reads Workday; a code is named by its reference id")
    record = msgspec.json.decode(fact.body, type=_RECORDS[kind])
    # A row means the object that had the code when it was made, and goes with it (RD-01).
    wids = {key: record.wid} if isinstance(record.wid, str) else {}
    crosswalk = app.mappings.crosswalk(app.name).knowing(lambda _kind: wids)
    mapped, mapped_by = {}, {}
    for plant in app.connection.plex.plants:
        row = crosswalk.find(Kind(kind), source=key, plant=plant.pcn, on=on)
        if row is not None and row.state == "accepted":
            mapped[plant.pcn] = dict(row.target)
            mapped_by[plant.pcn] = MappedBy(
                kind=row.kind.value,
                plant=row.plant,
                source=row.source,
                version=row.version,
                by=row.changed_by,
                drafted_by=row.drafted_by or None,
                at=row.changed_at,
            )
    return CodePast(
        type=kind,
        key=key,
        on=on,
        since=fact.effective_on,
        entered_at=fact.entered_at,
        name=_told(record.name if isinstance(record, CostCenter) else record.title),
        active=None if isinstance(record.active, UnsetType) else record.active,
        job_class=_told(record.category) if isinstance(record, JobProfile) else None,
        mapped=mapped,
        mapped_by=mapped_by,
    )


def _told(text: str | UnsetType | None) -> str | None:
    return text if isinstance(text, str) else None
