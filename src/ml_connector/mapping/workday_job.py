"""A worker's jobs, the manager, and the organizations the worker or a job belongs to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from lxml.etree import _Element as Element
from msgspec import UNSET, UnsetType

from ml_connector.canonical.workforce import Job, Organizations
from ml_connector.errors import RecordError
from ml_connector.mapping.workday_element import (
    ID,
    Text,
    find_id,
    open_parts,
    parse_day,
    parse_flag,
    read_attribute,
    read_day,
    read_decimal,
    read_flag,
    read_reference,
    read_text,
    tag,
)
from ml_connector.mapping.workday_membership import Membership, read_membership

WorkerType = Literal["employee", "contingent"]

ID_TYPES: dict[str, WorkerType] = {"Employee_ID": "employee", "Contingent_Worker_ID": "contingent"}
_JOB, _POSITION = tag("Worker_Job_Data"), tag("Position_Data")
_MANAGER = tag("Manager_as_of_last_detected_manager_change_Reference")
_WORKER_MEMBERSHIP, _POSITION_MEMBERSHIP = tag("Worker_Organization_Data"), tag("Position_Organization_Data")


def read_jobs(
    employment: Element | None,
) -> tuple[tuple[Job, ...] | UnsetType, tuple[Text, WorkerType | UnsetType]]:
    """The jobs, primary first, and the primary job's manager."""
    if employment is None:
        return UNSET, (UNSET, UNSET)
    elements = list(employment.iterchildren(_JOB))
    if not elements:
        return (), (UNSET, UNSET)
    positions = [open_parts(element).get(_POSITION) for element in elements]
    jobs = [_read_job(each, place, several=len(elements) > 1) for each, place in zip(elements, positions, strict=True)]
    primary = [(job, place) for job, place in zip(jobs, positions, strict=True) if job.primary]
    if len(primary) != 1:
        raise RecordError(
            f"it has {len(primary)} primary jobs among {len(jobs)}, and one is needed",
            code="primary_job",
            remedy="make exactly one job of the worker the primary one in Workday",
        )
    first, place = primary[0]
    ordered = (first, *(job for job in jobs if job is not first))
    return ordered, _read_manager(place)


def _read_job(element: Element, place: Element | None, *, several: bool) -> Job:
    """One job, held at *place*; its own organizations matter, and are read, only beside other jobs."""
    position = open_parts(place)
    position_id = read_text(position, tag("Position_ID"))
    if not isinstance(position_id, str):
        position_id = read_reference(position, tag("Position_Reference"), "Position_ID")
    title = read_text(position, tag("Position_Title"))
    profile = open_parts(position.get(tag("Job_Profile_Summary_Data")))
    site = open_parts(position.get(tag("Business_Site_Summary_Data")))
    own = open_parts(element).get(tag("Position_Organizations_Data")) if several else None
    manager_id, manager_type = _read_manager(place) if several else (UNSET, UNSET)
    return Job(
        position_id=position_id,
        primary=parse_flag(element.get(tag("Primary_Job")) or "0", what="Primary_Job"),
        title=title if isinstance(title, str) else read_text(position, tag("Business_Title")),
        job_profile_id=read_reference(profile, tag("Job_Profile_Reference"), "Job_Profile_ID"),
        location_id=read_reference(site, tag("Location_Reference"), "Location_ID"),
        time_type=read_reference(position, tag("Position_Time_Type_Reference"), "Position_Time_Type_ID"),
        shift_id=read_reference(position, tag("Work_Shift_Reference"), "Work_Shift_ID"),
        fte=read_decimal(position, tag("Full_Time_Equivalent_Percentage"), exponent=-2),
        weekly_hours=read_decimal(position, tag("Scheduled_Weekly_Hours")),
        effective_on=parse_day(read_attribute(place, tag("Effective_Date")), what="Effective_Date"),
        end_on=read_day(position, tag("End_Date")),
        excluded_from_headcount=read_flag(position, tag("Exclude_from_Headcount")),
        organizations=UNSET if own is None else _choose(_read_memberships(own, _POSITION_MEMBERSHIP), UNSET),
        assignment=tag("International_Assignment_Data") in position,
        manager_id=manager_id,
        manager_type=manager_type,
    )


def _read_manager(position: Element | None) -> tuple[Text, WorkerType | UnsetType]:
    """The last of the managers listed; none listed in a position that is shown is a vacancy (WP-14)."""
    if position is None:
        return UNSET, UNSET
    references = list(position.iterchildren(_MANAGER))
    if not references:
        return None, UNSET
    for id_type, kind in ID_TYPES.items():
        if text := find_id(references[-1], id_type):
            return text, kind
    return (UNSET if references[-1].find(ID) is not None else None), UNSET


def _read_memberships(section: Element, name: str) -> list[Membership | None]:
    return [read_membership(member) for member in section.iterchildren(name)]


def _choose(memberships: Iterable[Membership | None], primary: Organizations | UnsetType) -> Organizations:
    """One organization per field; between several, the primary job's own decides."""
    gathered: dict[str, list[str]] = {}
    for member in memberships:
        if member is not None and member.name not in gathered.setdefault(member.field, []):
            gathered[member.field].append(member.name)
    chosen: dict[str, str] = {}
    for field, names in gathered.items():
        decided = getattr(primary, field, None) if isinstance(primary, Organizations) else None
        if len(names) > 1 and decided not in names:
            raise RecordError(
                f"it belongs to several organizations as {field}: {', '.join(names)}", code="ambiguous_organization"
            )
        chosen[field] = names[0] if len(names) == 1 else str(decided)
    return Organizations(**chosen)


def read_organizations(
    section: Element | None, jobs: tuple[Job, ...] | UnsetType, own: Sequence[Membership | None] | None
) -> Organizations | UnsetType:
    """The worker's memberships, which are those of the primary job; *own* where they were cut out of the section."""
    if section is None:
        return UNSET
    primary = jobs[0].organizations if jobs else UNSET
    return _choose(_read_memberships(section, _WORKER_MEMBERSHIP) if own is None else own, primary)
