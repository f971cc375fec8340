"""Workday's reference data to canonical records, by explicit paths: what workers point to. Pure."""

from __future__ import annotations

from lxml.etree import _Element as Element
from msgspec import UNSET, UnsetType

from ml_connector.canonical.organization import CostCenter, JobProfile, Location, Organization, Position
from ml_connector.errors import RecordError
from ml_connector.mapping.workday_element import (
    Flag,
    Parts,
    Text,
    each_child,
    find_id,
    negate,
    open_parts,
    parse_day,
    read_attribute,
    read_day,
    read_flag,
    read_only_reference,
    read_reference,
    read_text,
    tag,
)

_WORKER_IDS = ("Employee_ID", "Contingent_Worker_ID")


def read_cost_center(element: Element) -> CostCenter:
    """Translate one Cost_Center element. Raises RecordError for a missing id, a bad date or flag."""
    parts = open_parts(element)
    reference, data = parts.get(tag("Cost_Center_Reference")), open_parts(parts.get(tag("Cost_Center_Data")))
    organization = open_parts(data.get(tag("Organization_Data")))
    return CostCenter(
        key=_need_key(find_id(reference, "Cost_Center_Reference_ID"), read_text(organization, tag("ID"))),
        wid=_read_wid(reference),
        code=read_text(organization, tag("Organization_Code")),
        name=read_text(organization, tag("Organization_Name")),
        active=read_flag(organization, tag("Organization_Active")),
        available_on=read_day(organization, tag("Availability_Date")),
        effective_on=parse_day(
            read_attribute(parts.get(tag("Cost_Center_Data")), tag("Effective_Date")), what="Effective_Date"
        ),
        restricted_to=_read_companies(parts.get(tag("Cost_Center_Data"))),
    )


def _read_companies(data: Element | None) -> tuple[str, ...] | UnsetType:
    """
    The companies a cost center is for; a hierarchy of them says nothing about any one, as its members are not read.
    """
    if data is None:
        return UNSET
    named = [
        find_id(each, "Company_Reference_ID")
        for each in each_child(data, tag("Restricted_To_Company_or_Company_Hierarchy_Reference"))
    ]
    return tuple(each for each in named if each) if all(named) else UNSET


def read_job_profile(element: Element) -> JobProfile:
    """Translate one Job_Profile element. Raises as `read_cost_center`."""
    parts = open_parts(element)
    reference, data = parts.get(tag("Job_Profile_Reference")), open_parts(parts.get(tag("Job_Profile_Data")))
    basic = open_parts(data.get(tag("Job_Profile_Basic_Data")))
    return JobProfile(
        key=_need_key(find_id(reference, "Job_Profile_ID"), read_text(data, tag("Job_Code"))),
        wid=_read_wid(reference),
        code=read_text(data, tag("Job_Code")),
        title=read_text(basic, tag("Job_Title")),
        active=negate(read_flag(basic, tag("Inactive"))),
        effective_on=read_day(data, tag("Effective_Date")),
        category=read_reference(basic, tag("Job_Category_Reference"), "Job_Category_ID"),
    )


def read_location(element: Element) -> Location:
    """Translate one Location element. Raises as `read_cost_center`."""
    parts = open_parts(element)
    reference, data = parts.get(tag("Location_Reference")), open_parts(parts.get(tag("Location_Data")))
    return Location(
        key=_need_key(find_id(reference, "Location_ID"), read_text(data, tag("Location_ID"))),
        wid=_read_wid(reference),
        name=read_text(data, tag("Location_Name")),
        active=negate(read_flag(data, tag("Inactive"))),
        time_zone=read_reference(data, tag("Time_Zone_Reference"), "Time_Zone_ID"),
    )


def read_organization(element: Element) -> Organization:
    """Translate one Organization element of Get_Organizations. Raises as `read_cost_center`."""
    parts = open_parts(element)
    reference, data = parts.get(tag("Organization_Reference")), open_parts(parts.get(tag("Organization_Data")))
    hierarchy = open_parts(data.get(tag("Hierarchy_Data")))
    return Organization(
        key=_need_key(find_id(reference, "Organization_Reference_ID"), read_text(data, tag("Reference_ID"))),
        wid=_read_wid(reference),
        code=read_text(data, tag("Organization_Code")),
        name=read_text(data, tag("Name")),
        kind=read_reference(data, tag("Organization_Type_Reference"), "Organization_Type_ID"),
        active=negate(read_flag(data, tag("Inactive"))),
        manager_id=read_reference(data, tag("Manager_Reference"), *_WORKER_IDS),
        superior_id=read_reference(hierarchy, tag("Superior_Organization_Reference"), "Organization_Reference_ID"),
    )


def read_position(element: Element) -> Position:
    """
    Translate one Position element; a seat restricted to several profiles or places tells no single one.

    Raises as `read_cost_center`.
    """
    parts = open_parts(element)
    reference, data = parts.get(tag("Position_Reference")), open_parts(parts.get(tag("Position_Data")))
    definition = open_parts(data.get(tag("Position_Definition_Data")))
    limits = data.get(tag("Position_Restrictions_Data"))
    seat = open_parts(limits)
    assigned = data.get(tag("Default_Position_Organization_Assignments_Data"))
    filled = open_parts(data.get(tag("Worker_For_Filled_Position")))
    return Position(
        key=_need_key(find_id(reference, "Position_ID"), read_text(definition, tag("Position_ID"))),
        wid=_read_wid(reference),
        title=read_text(definition, tag("Job_Posting_Title")),
        job_profile_id=_read_only_profile(limits),
        location_id=read_only_reference(limits, tag("Location_Reference"), "Location_ID"),
        company=read_only_reference(assigned, tag("Company_Assignments_Reference"), "Company_Reference_ID"),
        cost_center=read_only_reference(assigned, tag("Cost_Center_Assignments_Reference"), "Cost_Center_Reference_ID"),
        supervisory=read_reference(data, tag("Supervisory_Organization_Reference"), "Organization_Reference_ID"),
        time_type=read_reference(seat, tag("Time_Type_Reference"), "Position_Time_Type_ID"),
        available_on=read_day(seat, tag("Availability_Date")),
        filled_by=read_reference(filled, tag("Worker_Reference"), *_WORKER_IDS),
        open=_read_open(definition),
    )


def _read_only_profile(limits: Element | None) -> Text:
    told = {
        read_reference(open_parts(summary), tag("Job_Profile_Reference"), "Job_Profile_ID")
        for summary in each_child(limits, tag("Job_Profile_Restriction_Summary_Data"))
    }
    return told.pop() if len(told) == 1 else UNSET


def _read_open(definition: Parts) -> Flag:
    """Whether somebody may be hired onto it now."""
    available, frozen = read_flag(definition, tag("Available_For_Hire")), read_flag(definition, tag("Hiring_Freeze"))
    return available if isinstance(available, UnsetType) else available and frozen is not True


def _read_wid(reference: Element | None) -> Text:
    return find_id(reference, "WID") or UNSET


def _need_key(*candidates: Text) -> str:
    for candidate in candidates:
        if isinstance(candidate, str):
            return candidate
    raise RecordError("it has no reference id", code="no_id", remedy="give it a reference ID in Workday")
