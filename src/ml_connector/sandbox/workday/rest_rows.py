"""
Workers, jobs, job profiles and organizations as rows of the REST services.

Keys are absent where a value is missing. There is no hire date, no pay and, but for staffing, no worker id: that is
what these services really lack.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_connector.sandbox.company import make_wid
from ml_connector.sandbox.tenant import domains
from ml_connector.sandbox.tenant.facts import Job, JobProfile, Location, Organization, Worker
from ml_connector.sandbox.workday.call import Call
from ml_connector.sandbox.workday.refs import describe_worker_name, position_ref, value_ref
from ml_connector.sandbox.workday.worker_parts import management_level

Row = dict[str, Any]


class RestRows:
    """Writes rows for one call; *base* is the address of the common service, for links."""

    def __init__(self, call: Call, *, base: str) -> None:
        self._call, self._base = call, base
        self._leaders = {
            found.manager
            for key in call.view.world.organizations
            if (found := call.as_of.organization(key)) is not None
        }

    def summarize(self, worker: Worker, *, whole: bool = False) -> Row:
        """Write a worker as the common and compensation services do; *whole* adds what only a single one tells."""
        call, job = self._call, worker.primary_job
        staffing = call.allows(domains.STAFFING)
        organization = call.as_of.organization(job.organization)
        row: Row = {
            "id": worker.wid,
            "descriptor": describe_worker_name(worker),
            "href": f"{self._base}/workers/{worker.wid}",
            "isManager": worker.key in self._leaders,
            "primaryWorkEmail": worker.email if call.allows(domains.PERSONAL) else None,
            "businessTitle": self._title(job) if staffing else None,
        }
        if organization is not None and call.allows(domains.ORGANIZATIONS):
            row["primarySupervisoryOrganization"] = self._linked(organization)
        if whole and staffing:
            location = call.as_of.location(job.location)
            row["location"] = None if location is None else {"descriptor": location.name, "id": location.wid}
            row["yearsOfService"] = str((call.as_of.on - worker.hire_on).days // 365)
        return told(row)

    def staff(self, worker: Worker) -> Row:
        """Write a worker as the staffing service does."""
        kind = value_ref(*_WORKER_TYPES[worker.contingent])
        person: Row = {"id": make_wid("person", worker.key)}
        if self._call.allows(domains.PERSONAL):
            person["email"] = worker.email
        return told(
            {
                "id": worker.wid,
                "descriptor": describe_worker_name(worker),
                "workerId": worker.worker_id,
                "workerType": {
                    "descriptor": "Contingent Worker" if worker.contingent else "Employee",
                    "id": kind.ids[0][1],
                },
                "person": person,
                "primaryJob": self.job(worker.primary_job) if self._call.allows(domains.STAFFING) else None,
            }
        )

    def job(self, job: Job, *, worker: Worker | None = None) -> Row:
        """Write a job; its id is the position's."""
        call, title = self._call, self._title(job)
        position, profile = call.as_of.position(job.position_id), call.as_of.job_profile(job.job_profile)
        organization, location = call.as_of.organization(job.organization), call.as_of.location(job.location)
        kind = "Primary" if job.primary else "Additional"
        row = {
            "id": None if position is None else position.wid,
            "descriptor": None if position is None else position_ref(position, title=title or "").descriptor,
            "businessTitle": title,
            "jobType": {"descriptor": kind, "id": make_wid("job type", kind), "Job_Type_Name_ID": kind},
            "jobProfile": None if profile is None else _profile_link(profile),
            "location": None if location is None else _location_link(location),
            "worker": None if worker is None else {"descriptor": describe_worker_name(worker), "id": worker.wid},
        }
        if organization is not None and call.allows(domains.ORGANIZATIONS):
            row["supervisoryOrganization"] = {
                "id": organization.wid,
                "descriptor": organization.name,
                "Organization_Reference_ID": organization.reference_id,
            }
        return told(row)

    def organization(self, organization: Organization) -> Row:
        """Write a supervisory organization."""
        manager = self._call.as_of.manager(organization.reference_id, of="")
        link: Row | None = None
        if manager is not None:
            href = f"{self._base}/workers/{manager.wid}"
            link = {"descriptor": describe_worker_name(manager), "id": manager.wid, "href": href}
        href = f"{self._base}/supervisoryOrganizations/{organization.wid}"
        row = {"id": organization.wid, "descriptor": organization.name, "href": href, "name": organization.name}
        return told(row | {"code": organization.code, "manager": link, "workers": f"{href}/workers"})

    def profile(self, profile: JobProfile) -> Row:
        """Write a job profile."""
        category, level = value_ref("Job_Category_ID", profile.category), management_level(manages=profile.manages)
        return _profile_link(profile) | {
            "name": profile.title,
            "inactive": False,
            "jobCategory": {"descriptor": category.descriptor, "id": category.ids[0][1]},
            "managementLevel": {"descriptor": level.descriptor, "id": level.ids[0][1]},
        }

    def _title(self, job: Job) -> str | None:
        profile = self._call.as_of.job_profile(job.job_profile)
        return None if profile is None else profile.title

    def _linked(self, organization: Organization) -> Row:
        href = f"{self._base}/supervisoryOrganizations/{organization.wid}"
        return {"descriptor": organization.name, "id": organization.wid, "href": href}


_WORKER_TYPES = {False: ("Worker_Type_ID", "Employee"), True: ("Worker_Type_ID", "Contingent_Worker")}


def _profile_link(profile: JobProfile) -> Row:
    return {"id": profile.wid, "descriptor": profile.title, "Job_Profile_ID": profile.reference_id}


def _location_link(location: Location) -> Row:
    country = {"descriptor": "United States of America", "ISO_3166-1_Alpha-3_Code": "USA"}
    return {"id": location.wid, "descriptor": location.name, "Location_ID": location.location_id, "country": country}


def told(row: Mapping[str, Any]) -> Row:
    """Leave out what there is no value for."""
    return {name: value for name, value in row.items() if value is not None}
