"""
What WQL can tell of positions, job profiles, organizations and locations: columns, as `columns` has them for workers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ml_connector.sandbox.tenant import domains
from ml_connector.sandbox.tenant.facts import Organization
from ml_connector.sandbox.workday.call import Call
from ml_connector.sandbox.workday.columns import BOOLEAN, DATE, MULTI, SINGLE, TEXT, Column
from ml_connector.sandbox.workday.markup import Ref
from ml_connector.sandbox.workday.refs import (
    job_profile_ref,
    location_ref,
    organization_ref,
    position_ref,
    value_ref,
    worker_ref,
)
from ml_connector.sandbox.workday.worker_parts import management_level


def _column(alias: str, label: str, kind: str, read: Callable[[Any], Any], *, related: str | None = None) -> Column:
    """Make a column that needs nothing but the record itself."""
    return Column(alias, label, kind, lambda _, facts: read(facts), None, related)


def _linked(alias: str, label: str, read: Callable[[Call, Any], Ref | None], related: str) -> Column:
    return Column(alias, label, SINGLE, read, None, related)


def _organization(call: Call, key: str | None) -> Ref | None:
    found = None if key is None else call.as_of.organization(key)
    return None if found is None else organization_ref(found)


def _location(call: Call, key: str | None) -> Ref | None:
    found = None if key is None else call.as_of.location(key)
    return None if found is None else location_ref(found)


def _profile(call: Call, position: Any) -> Ref | None:
    found = call.as_of.job_profile(position.job_profile)
    return None if found is None else job_profile_ref(found)


def _position_label(call: Call, position: Any) -> Ref:
    profile = call.as_of.job_profile(position.job_profile)
    return position_ref(position, title="" if profile is None else profile.title)


def _workers_in(call: Call, position: Any) -> list[Ref]:
    """Say who sits on a chair, from the occupants worked out once for each call."""
    worker = call.as_of.seated().get(position.position_id)
    return [] if worker is None else [worker_ref(worker)]


def _manager(call: Call, organization: Organization) -> Ref | None:
    found = call.as_of.manager(organization.reference_id, of="")
    return None if found is None else worker_ref(found)


def organization_columns(own: str, label: str) -> tuple[Column, ...]:
    """Make the columns of one kind of organization; *own* is the alias of the reference to itself."""
    return (
        _column("workdayID", "Workday ID", TEXT, lambda o: o.wid),
        _column(own, label, SINGLE, organization_ref, related=label),
        _column("referenceID", "Reference ID", TEXT, lambda o: o.reference_id),
        _column("name", "Name", TEXT, lambda o: o.name),
        _column("code", "Code", TEXT, lambda o: o.code or None),
        _column("inactive", "Inactive", BOOLEAN, lambda o: not o.active),
        _column("availabilityDate", "Availability Date", DATE, lambda o: o.available_on),
        _linked("superiorOrganization", "Superior Organization", lambda c, o: _organization(c, o.superior), label),
        _linked("manager", "Manager", _manager, "Worker"),
        _linked("location", "Location", lambda c, o: _location(c, o.location), "Location"),
    )


POSITION_COLUMNS = (
    _column("workdayID", "Workday ID", TEXT, lambda p: p.wid),
    _linked("position", "Position", _position_label, "Position"),
    _column("positionID", "Position ID", TEXT, lambda p: p.position_id),
    _linked("jobProfile", "Job Profile", _profile, "Job Profile"),
    _linked("location", "Location", lambda c, p: _location(c, p.location), "Location"),
    _linked("company", "Company", lambda c, p: _organization(c, p.company), "Company"),
    _linked("costCenter", "Cost Center", lambda c, p: _organization(c, p.cost_center), "Cost Center"),
    _linked(
        "supervisoryOrganization",
        "Supervisory Organization",
        lambda c, p: _organization(c, p.organization),
        "Supervisory Organization",
    ),
    _column("availabilityDate", "Availability Date", DATE, lambda p: p.available_on),
    _column("isContingentPosition", "Is Contingent Position", BOOLEAN, lambda p: p.contingent),
    Column("worker", "Worker", MULTI, _workers_in, domains.STAFFING, "Worker"),
)

PROFILE_COLUMNS = (
    _column("workdayID", "Workday ID", TEXT, lambda p: p.wid),
    _column("jobProfile", "Job Profile", SINGLE, job_profile_ref, related="Job Profile"),
    _column("referenceID", "Reference ID", TEXT, lambda p: p.reference_id),
    _column("name", "Name", TEXT, lambda p: p.title),
    _column("jobCode", "Job Code", TEXT, lambda p: p.code),
    _column("inactive", "Inactive", BOOLEAN, lambda p: not p.active),
    _column(
        "jobCategory",
        "Job Category",
        SINGLE,
        lambda p: value_ref("Job_Category_ID", p.category),
        related="Job Category",
    ),
    _column(
        "managementLevel",
        "Management Level",
        SINGLE,
        lambda p: management_level(manages=p.manages),
        related="Management Level",
    ),
    _column("effectiveDate", "Effective Date", DATE, lambda p: p.since_on),
)

LOCATION_COLUMNS = (
    _column("workdayID", "Workday ID", TEXT, lambda p: p.wid),
    _column("location", "Location", SINGLE, location_ref, related="Location"),
    _column("referenceID", "Reference ID", TEXT, lambda p: p.location_id),
    _column("name", "Name", TEXT, lambda p: p.name),
    _column("inactive", "Inactive", BOOLEAN, lambda _: False),
    _column("timeZone", "Time Zone", TEXT, lambda p: p.time_zone),
)
