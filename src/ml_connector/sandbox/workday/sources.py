"""The data sources WQL can ask: which records each lists, its columns, and the domain behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from ml_connector.sandbox.company import make_wid
from ml_connector.sandbox.tenant import domains
from ml_connector.sandbox.tenant.facts import Organization
from ml_connector.sandbox.workday.call import Call
from ml_connector.sandbox.workday.columns import BOOLEAN, DATE, MULTI, SINGLE, TEXT, WORKER_COLUMNS, Column, person_of
from ml_connector.sandbox.workday.markup import Ref
from ml_connector.sandbox.workday.refs import (
    job_profile_ref,
    location_ref,
    organization_ref,
    position_ref,
    value_ref,
    worker_ref,
)
from ml_connector.sandbox.workday.shelves import known_keys
from ml_connector.sandbox.workday.worker_parts import management_level
from ml_connector.sandbox.workday.workers import Workers

Subjects = Callable[[Call], Iterator[Any]]


class Source(msgspec.Struct, frozen=True):
    """One data source. *filters* narrow it; *domain* is the permission without which it is not there."""

    alias: str
    label: str
    description: str
    business_object: str
    columns: tuple[Column, ...]
    subjects: Subjects
    domain: str
    filters: tuple[str, ...] = ()
    needs_filter: bool = False

    @property
    def id(self) -> str:
        """The data source's Workday id."""
        return make_wid("data source", self.alias)

    def column(self, alias: str) -> Column | None:
        """Find a column by its alias."""
        return next((column for column in self.columns if column.alias == alias), None)


def _people(wanted: Callable[[Any, Call], bool]) -> Subjects:
    def subjects(call: Call) -> Iterator[Any]:
        people = (person_of(call, key) for key in Workers().select(call))
        return (person for person in people if wanted(person, call))

    return subjects


def _shelf(name: str, *, kinds: Iterable[str] = ()) -> Subjects:
    def subjects(call: Call) -> Iterator[Any]:
        shelf = getattr(call.view.world, f"{name}s")
        found = (getattr(call.as_of, name)(key) for key in known_keys(call, shelf))
        return (facts for facts in found if facts is not None and (not kinds or facts.kind in kinds))

    return subjects


def _empty_chairs(call: Call) -> Iterator[Any]:
    taken = call.as_of.occupants()
    return (position for position in _shelf("position")(call) if position.position_id not in taken)


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


def _organization_columns(own: str, label: str) -> tuple[Column, ...]:
    return (
        _column("workdayID", "Workday ID", TEXT, lambda o: o.wid),
        _column(own, label, SINGLE, organization_ref, related=label),
        _column("referenceID", "Reference ID", TEXT, lambda o: o.reference_id),
        _column("name", "Name", TEXT, lambda o: o.name),
        _column("code", "Code", TEXT, lambda o: o.code or None),
        _column("inactive", "Inactive", BOOLEAN, lambda _: False),
        _column("availabilityDate", "Availability Date", DATE, lambda o: o.available_on),
        _linked("superiorOrganization", "Superior Organization", lambda c, o: _organization(c, o.superior), label),
        _linked("manager", "Manager", _manager, "Worker"),
        _linked("location", "Location", lambda c, o: _location(c, o.location), "Location"),
    )


_POSITION_COLUMNS = (
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

_PROFILE_COLUMNS = (
    _column("workdayID", "Workday ID", TEXT, lambda p: p.wid),
    _column("jobProfile", "Job Profile", SINGLE, job_profile_ref, related="Job Profile"),
    _column("referenceID", "Reference ID", TEXT, lambda p: p.reference_id),
    _column("name", "Name", TEXT, lambda p: p.title),
    _column("jobCode", "Job Code", TEXT, lambda p: p.code),
    _column("inactive", "Inactive", BOOLEAN, lambda _: False),
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

_LOCATION_COLUMNS = (
    _column("workdayID", "Workday ID", TEXT, lambda p: p.wid),
    _column("location", "Location", SINGLE, location_ref, related="Location"),
    _column("referenceID", "Reference ID", TEXT, lambda p: p.location_id),
    _column("name", "Name", TEXT, lambda p: p.name),
    _column("inactive", "Inactive", BOOLEAN, lambda _: False),
    _column("timeZone", "Time Zone", TEXT, lambda p: p.time_zone),
)

_BEGUN = _people(lambda person, call: person.job is not None)
SOURCES = (
    Source(
        "allWorkers",
        "All Workers",
        "Active and terminated workers, and even workers to be hired in the future.",
        "Worker",
        WORKER_COLUMNS,
        _people(lambda *_: True),
        domains.WORKERS_TASK,
    ),
    Source(
        "allActiveAndTerminatedWorkers",
        "All Active and Terminated Workers",
        "Workers who have begun, whether or not they have left since.",
        "Worker",
        WORKER_COLUMNS,
        _BEGUN,
        domains.WORKERS_TASK,
    ),
    Source(
        "allContingentWorkers",
        "All Contingent Workers",
        "Workers under contract.",
        "Worker",
        WORKER_COLUMNS,
        _people(lambda person, call: person.worker.contingent),
        domains.WORKERS_TASK,
    ),
    Source(
        "workersForHCMReporting",
        "Workers for HCM Reporting",
        "Workers, by a filter that must be named.",
        "Worker",
        WORKER_COLUMNS,
        _people(lambda person, call: person.job is not None and person.worker.is_active(call.as_of.on)),
        domains.WORKERS_TASK,
        filters=("allActiveWorkers",),
        needs_filter=True,
    ),
    Source(
        "allPositions",
        "All Positions",
        "Every position that is not closed.",
        "Position",
        _POSITION_COLUMNS,
        _shelf("position"),
        domains.POSITIONS_TASK,
    ),
    Source(
        "allOpenPositions",
        "All Open Positions",
        "Positions nobody fills.",
        "Position",
        _POSITION_COLUMNS,
        _empty_chairs,
        domains.POSITIONS_TASK,
    ),
    Source(
        "allJobProfiles",
        "All Job Profiles",
        "Every job profile.",
        "Job Profile",
        _PROFILE_COLUMNS,
        _shelf("job_profile"),
        domains.JOB_PROFILES_TASK,
    ),
    Source(
        "costCenters",
        "Cost Centers",
        "Every cost center.",
        "Cost Center",
        _organization_columns("costCenter", "Cost Center"),
        _shelf("organization", kinds=("COST_CENTER",)),
        domains.COST_CENTERS_TASK,
    ),
    Source(
        "supervisoryOrganizations",
        "Supervisory Organizations",
        "Every supervisory organization.",
        "Supervisory Organization",
        _organization_columns("supervisoryOrganization", "Supervisory Organization"),
        _shelf("organization", kinds=("SUPERVISORY",)),
        domains.ORGANIZATIONS_TASK,
    ),
    Source(
        "companies",
        "Companies",
        "Every company.",
        "Company",
        _organization_columns("company", "Company"),
        _shelf("organization", kinds=("COMPANY",)),
        domains.ORGANIZATIONS_TASK,
    ),
    Source(
        "allPayGroups",
        "All Pay Groups",
        "Every pay group.",
        "Pay Group",
        _organization_columns("payGroup", "Pay Group"),
        _shelf("organization", kinds=("PAY_GROUP",)),
        domains.ORGANIZATIONS_TASK,
    ),
    Source(
        "locations",
        "Locations",
        "Every business site.",
        "Location",
        _LOCATION_COLUMNS,
        _shelf("location"),
        domains.LOCATIONS_TASK,
    ),
    Source(
        "compensationForWorkers",
        "Compensation for Workers",
        "The pay of everybody paid here, as of the effective date.",
        "Worker",
        WORKER_COLUMNS,
        _people(lambda person, call: person.job is not None and not person.worker.contingent),
        domains.COMPENSATION,
    ),
)
BY_ALIAS = {source.alias: source for source in SOURCES}
