"""
Workers of whom the staffing service alone tells, read by shape: a third of the time of asking field by field. Pure.

What is shaped in any other way, or cannot be understood, is left to the ordinary reading, which also says why.
"""

from __future__ import annotations

import re

import msgspec
from msgspec import UNSET, UnsetType

from ml_connector.canonical.workforce import Job, Organizations, Worker
from ml_connector.mapping.workday_element import Text, normal_text
from ml_connector.mapping.workday_job import WorkerType

_WID = re.compile("[0-9a-f]{32}")
_NUL = rb"\u0000"

_Told = str | UnsetType


class _Instance(msgspec.Struct, frozen=True, gc=False):
    Job_Profile_ID: _Told = UNSET
    Location_ID: _Told = UNSET
    Organization_Reference_ID: _Told = UNSET
    descriptor: _Told = UNSET


class _Person(msgspec.Struct, frozen=True, gc=False):
    email: _Told = UNSET


class _PrimaryJob(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    business_title: _Told = UNSET
    job_profile: _Instance = _Instance()
    location: _Instance = _Instance()
    supervisory_organization: _Instance = _Instance()


class _Staffing(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    worker_id: str
    worker_type: _Instance = _Instance()
    descriptor: _Told = UNSET
    person: _Person = _Person()
    primary_job: _PrimaryJob = _PrimaryJob()


class _Key(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    key: str


class _Document(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    fields: _Key
    staffing: _Staffing
    surface: str = ""


_DECODER = msgspec.json.Decoder(_Document)


def read_staffed(payload: bytes) -> Worker | None:
    """The worker, as the ordinary reading gives it; None where only that can tell."""
    try:
        document = _DECODER.decode(payload)
    except ValueError:
        return None
    wid, told = document.fields.key, document.staffing
    employee_id, worker_type = normal_text(told.worker_id), _read_type(told)
    if not employee_id or worker_type is None or not _WID.fullmatch(wid):
        return None
    if b"\\" in payload and _NUL in payload:  # one character is found sooner, and hardly ever there
        return None
    primary = told.primary_job
    title = _tell(primary.business_title)
    profile, location = _tell(primary.job_profile.Job_Profile_ID), _tell(primary.location.Location_ID)
    supervisory = _tell(primary.supervisory_organization.Organization_Reference_ID)
    says_job = not (title is profile is location is UNSET)
    return Worker(
        key=wid,
        employee_id=employee_id,
        worker_type=worker_type,
        email=_tell(told.person.email),
        jobs=(Job(primary=True, title=title, job_profile_id=profile, location_id=location),) if says_job else UNSET,
        organizations=UNSET if supervisory is UNSET else Organizations(supervisory=supervisory),
    )


def _tell(text: _Told) -> Text:
    return UNSET if text is UNSET else normal_text(text) or UNSET


def _read_type(told: _Staffing) -> WorkerType | None:
    """By the type's own words, else by the mark on the label."""
    words = _tell(told.worker_type.descriptor)
    if isinstance(words, str):
        words = words.lower()
        if "contingent" in words:
            return "contingent"
        if "employee" in words:
            return "employee"
    label = _tell(told.descriptor)
    if not isinstance(label, str):
        return None
    return "contingent" if label.endswith("[C]") else "employee"
