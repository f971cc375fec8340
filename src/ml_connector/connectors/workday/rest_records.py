"""
Puts one record together from what REST and WQL each say of it, joined by the WID, still in Workday's own words.

A native record is `{"surface", "fields": {canonical field: value}, "staffing": {…}, "references": {WID: id}}`. Values
are Workday's; only the columns' names are ours, since the tenant's are configured. `references` names the objects that
this record points to by WID alone. What REST says of a worker is kept until WQL has said its part: some 300 bytes a
worker, the one part of this surface whose memory grows with the population.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import msgspec
from msgspec import UNSET, UnsetType

from ml_connector.canonical.keys import NativeRecord, RecordType
from ml_connector.connectors.strict_json import Row, write_json
from ml_connector.connectors.workday.wql import COMPANY, PAY_GROUP, Source

# Canonical field → the list that turns its WIDs into ids.
BOOKS = {
    "organizations.company": COMPANY,
    "organizations.cost_center": str(RecordType.COST_CENTER),
    "organizations.supervisory": str(RecordType.ORGANIZATION),
    "organizations.pay_group": PAY_GROUP,
    "jobs.job_profile_id": str(RecordType.JOB_PROFILE),
    "jobs.location_id": str(RecordType.LOCATION),
    "jobs.position_id": str(RecordType.POSITION),
    "manager_id": str(RecordType.WORKER),
    "company": COMPANY,
    "cost_center": str(RecordType.COST_CENTER),
    "supervisory": str(RecordType.ORGANIZATION),
    "superior_id": str(RecordType.ORGANIZATION),
    "job_profile_id": str(RecordType.JOB_PROFILE),
    "location_id": str(RecordType.LOCATION),
    "filled_by": str(RecordType.WORKER),
}
# The keys under which an instance may carry its own reference id, so that no list is needed.
REFERENCE_IDS = (
    "Organization_Reference_ID",
    "Cost_Center_Reference_ID",
    "Company_Reference_ID",
    "Job_Profile_ID",
    "Location_ID",
    "Position_ID",
    "Employee_ID",
    "Contingent_Worker_ID",
)
_JOB = ("businessTitle", "jobProfile", "location", "supervisoryOrganization")


class Book(Protocol):
    """Ids by WID."""

    def get(self, wid: str, /) -> str | None:
        """The id behind a WID, if it is known."""


OpenBook = Callable[[str], Book]


class Staff:
    """
    What the staffing service says of every worker, and who has which id.

    Jobs, places and organizations are said of many workers alike and kept once. *with_email* keeps what is each one's
    own too, for where WQL does not tell it.
    """

    def __init__(self, *, with_email: bool = True) -> None:
        self._with_email = with_email
        self._kept: dict[bytes, tuple[str | None, str | None, bytes] | str | None] = {}
        self._shared: dict[bytes, bytes] = {}
        self.waiting = 0

    def add(self, row: Row) -> None:
        """Keep the part of a staffing worker that we use."""
        wid, worker_id, person = row.get("id"), row.get("workerId"), row.get("person")
        if not isinstance(wid, str):
            return
        email = person.get("email") if self._with_email and isinstance(person, dict) else None
        part = write_json(shorten_staffing(row))
        named = worker_id if isinstance(worker_id, str) else None
        self._kept[_pack(wid)] = (
            named,
            email if isinstance(email, str) else None,
            self._shared.setdefault(part, part),
        )
        self.waiting += 1

    def __len__(self) -> int:
        return len(self._kept)

    def take(self, wid: object) -> Row | None:
        """Give a worker's part away; of a worker taken only the id is kept."""
        kept = self._kept.get(_pack(wid)) if isinstance(wid, str) else None
        if not isinstance(wid, str) or not isinstance(kept, tuple):
            return None
        worker_id, email, part = kept
        self._kept[_pack(wid)] = worker_id
        self.waiting -= 1
        row: Row = json.loads(part)
        if worker_id is not None:
            row["workerId"] = worker_id
        if email is not None:
            row["person"] = {"email": email}
        return row

    def get(self, wid: str, /) -> str | None:
        """The worker's id, taken or not."""
        kept = self._kept.get(_pack(wid))
        return kept[0] if isinstance(kept, tuple) else kept


def _pack(wid: str) -> bytes:
    try:
        return bytes.fromhex(wid)
    except ValueError:
        return wid.encode("utf-8", "surrogatepass")


class _Instance(msgspec.Struct, gc=False):
    Job_Profile_ID: str | UnsetType = UNSET
    Location_ID: str | UnsetType = UNSET
    Organization_Reference_ID: str | UnsetType = UNSET
    descriptor: str | UnsetType = UNSET
    id: str | UnsetType = UNSET


class _Person(msgspec.Struct, gc=False):
    email: str | UnsetType = UNSET


class _PrimaryJob(msgspec.Struct, gc=False, rename="camel"):
    business_title: str | UnsetType = UNSET
    job_profile: _Instance | UnsetType = UNSET
    location: _Instance | UnsetType = UNSET
    supervisory_organization: _Instance | UnsetType = UNSET


class _Worker(msgspec.Struct, gc=False, rename="camel"):
    """What we use of a staffing worker, in the shape it comes in; keys in order."""

    id: str | UnsetType
    descriptor: str | UnsetType = UNSET
    person: _Person | UnsetType = UNSET
    primary_job: _PrimaryJob | UnsetType = UNSET
    worker_id: str | UnsetType = UNSET
    worker_type: _Instance | UnsetType = UNSET


class _Key(msgspec.Struct, gc=False):
    key: str | UnsetType


class _Native(msgspec.Struct, gc=False):
    fields: _Key
    staffing: _Worker
    surface: str = "rest"


def shorten_staffing(row: Row) -> Row:
    """A staffing worker without what nobody here reads (UP-03), and without what is this worker's alone."""
    job, kind = row.get("primaryJob"), row.get("workerType")
    short = {} if kind is None else {"workerType": _shorten_instance(kind)}
    if kind is None and "descriptor" in row:  # then the label's mark is the only sign of a contingent worker
        short["descriptor"] = row["descriptor"]
    if isinstance(job, dict):
        short["primaryJob"] = {name: _shorten_instance(job[name]) for name in _JOB if name in job}
    return short


def build_staffing_record(row: Row) -> NativeRecord:
    """One native worker out of what the staffing service says, and nothing else: what it leaves out stays unsaid."""
    try:
        short = msgspec.convert(row, _Worker)
        wid, short.id = short.id, UNSET
        if short.worker_type is not UNSET:
            short.descriptor = UNSET
        payload = msgspec.json.encode(_Native(_Key(wid), short))
    except ValueError:  # a shape that no answer of theirs has, or half of a character
        return _build_odd_record(row)
    return NativeRecord(RecordType.WORKER, payload)


def _build_odd_record(row: Row) -> NativeRecord:
    staffing = shorten_staffing(row)
    wid, worker_id, person = row.get("id"), row.get("workerId"), row.get("person")
    if worker_id is not None:
        staffing["workerId"] = worker_id
    if isinstance(person, dict) and "email" in person:
        staffing["person"] = {"email": person["email"]}
    fields = {} if wid is None else {"key": wid}
    return NativeRecord(RecordType.WORKER, write_json({"surface": "rest", "fields": fields, "staffing": staffing}))


def _shorten_instance(value: Any) -> Any:
    return {name: text for name, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else value


def build_record(
    record_type: RecordType, row: Row, *, source: Source, staffing: Row | None = None, open_book: OpenBook
) -> NativeRecord:
    """One native record out of a WQL row and what else is known of the same WID."""
    fields = {name: row[alias] for name, alias in source.fields.items() if alias in row}
    record: dict[str, Any] = {"surface": "rest", "fields": fields}
    if staffing is not None:
        record["staffing"] = staffing
    references = {wid: named for name, value in fields.items() for wid, named in _look_up(name, value, open_book)}
    if references:
        record["references"] = references
    return NativeRecord(record_type, write_json(record))


def _look_up(name: str, value: Any, open_book: OpenBook) -> Iterator[tuple[str, str]]:
    """The ids of the objects a value points to by WID alone."""
    if name not in BOOKS:
        return
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict) and isinstance(each.get("id"), str) and not any(key in each for key in REFERENCE_IDS):
            named = open_book(BOOKS[name]).get(each["id"])
            if named is not None:
                yield each["id"], named
