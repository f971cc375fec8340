"""References to what the tenant knows, with every ID type Workday gives for it."""

from __future__ import annotations

from functools import cache

from ml_connector.sandbox.company import make_wid
from ml_connector.sandbox.tenant.facts import JobProfile, Location, Organization, Position, Worker
from ml_connector.sandbox.workday.markup import Ref

_OWN_ID = {"COMPANY": "Company_Reference_ID", "COST_CENTER": "Cost_Center_Reference_ID"}


def worker_ref(worker: Worker) -> Ref:
    """Refer to a worker: employees and contingent workers have IDs of different types."""
    ids = [("WID", worker.wid)]
    if worker.worker_id is not None:
        ids.append(("Contingent_Worker_ID" if worker.contingent else "Employee_ID", worker.worker_id))
    return Ref(tuple(ids), describe_worker_name(worker))


def describe_worker_name(worker: Worker) -> str:
    """Label a worker; contingent workers are marked."""
    return f"{worker.full_name} [C]" if worker.contingent else worker.full_name


def organization_ref(organization: Organization) -> Ref:
    """Refer to an organization; companies and cost centers carry an ID of their own type besides."""
    ids = [("WID", organization.wid), ("Organization_Reference_ID", organization.reference_id)]
    if organization.kind in _OWN_ID:
        ids.append((_OWN_ID[organization.kind], organization.reference_id))
    return Ref(tuple(ids), organization.name)


def position_ref(position: Position, *, title: str = "") -> Ref:
    """Refer to a position, labelled with its id and what is done there."""
    return Ref(
        (("WID", position.wid), ("Position_ID", position.position_id)), f"{position.position_id} {title}".strip()
    )


def job_profile_ref(profile: JobProfile) -> Ref:
    """Refer to a job profile."""
    return Ref((("WID", profile.wid), ("Job_Profile_ID", profile.reference_id)), profile.title)


def location_ref(location: Location) -> Ref:
    """Refer to a location."""
    return Ref((("WID", location.wid), ("Location_ID", location.location_id)), location.name)


@cache
def value_ref(kind: str, text: str) -> Ref:
    """Refer to one of a fixed list of values, such as `Currency_ID` USD."""
    return Ref((("WID", make_wid(kind, text)), (kind, text)), text.replace("_", " "))
