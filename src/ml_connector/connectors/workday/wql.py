"""
Which WQL data source and fields give which canonical field, and the query that asks for them.

Aliases are the tenant's: a delivered report field "A - B" is `a_B`, but fields can be missing, renamed or not granted.
So every name can be configured, and a field that the tenant refuses is left out and named, never guessed.
Source: recorded exchanges with a tenant (data sources, shapes) and public WQL clients (paging, effectiveAsOfDate).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from ml_connector.canonical.keys import RecordType
from ml_connector.errors import ConfigurationError
from ml_connector.settings import WqlSource

COMPANY = "company"
PAY = frozenset({"compensation.amount", "compensation.frequency", "compensation.effective_on"})

_WORKER = {
    "key": "workdayID",
    "employee_id": "employeeID",
    "worker_type": "workerType",
    "universal_id": "universalID",
    "name.given": "firstName",
    "name.middle": "middleName",
    "name.family": "lastName",
    "name.preferred": "fullName",
    "email": "email_PrimaryWork",
    "active": "activeStatus",
    "on_leave": "onLeave",
    "hired_on": "hireDate",
    "original_hire_on": "originalHireDate",
    "terminated_on": "terminationDate",
    "manager_id": "manager",
    "jobs.position_id": "positionID",
    "jobs.title": "businessTitle",
    "jobs.job_profile_id": "jobProfile",
    "jobs.location_id": "location",
    "jobs.time_type": "timeType",
    "jobs.fte": "fTE",
    "jobs.weekly_hours": "scheduledWeeklyHours",
    "jobs.effective_on": "",
    "organizations.company": "company",
    "organizations.cost_center": "costCenter",
    "organizations.supervisory": "supervisoryOrganization",
    "organizations.pay_group": "payGroup",
    "compensation.amount": "basePay",
    "compensation.frequency": "basePayFrequency",
    "compensation.effective_on": "compensationEffectiveDate",
}
_DEFAULTS: dict[str, tuple[str | None, dict[str, str], tuple[str, ...]]] = {
    RecordType.WORKER: ("allWorkers", _WORKER, ("key", "employee_id", "active")),
    RecordType.COST_CENTER: (
        "costCenters",
        {
            "wid": "workdayID",
            "key": "referenceID",
            "code": "code",
            "name": "name",
            "active": "active",
            "available_on": "availabilityDate",
        },
        ("wid", "key"),
    ),
    RecordType.JOB_PROFILE: (
        "allJobProfiles",
        {
            "wid": "workdayID",
            "key": "jobProfileID",
            "code": "jobCode",
            "title": "jobTitle",
            "active": "active",
            "category": "jobCategory",
        },
        ("wid", "key"),
    ),
    RecordType.POSITION: (
        "allPositionsIncludingClosedPositions",
        {
            "wid": "workdayID",
            "key": "positionID",
            "title": "jobPostingTitle",
            "job_profile_id": "jobProfile",
            "location_id": "location",
            "company": "company",
            "cost_center": "costCenter",
            "supervisory": "supervisoryOrganization",
            "time_type": "timeType",
            "available_on": "availabilityDate",
            "filled_by": "worker",
            "open": "",
        },
        ("wid", "key"),
    ),
    RecordType.ORGANIZATION: (
        "supervisoryOrganizations",
        {
            "wid": "workdayID",
            "key": "referenceID",
            "code": "code",
            "name": "name",
            "active": "active",
            "manager_id": "manager",
            "superior_id": "superiorOrganization",
        },
        ("wid", "key"),
    ),
    # No alias of a source of these is public: they are asked for only where the configuration names one.
    RecordType.LOCATION: (
        None,
        {"wid": "workdayID", "key": "locationID", "name": "name", "active": "active", "time_zone": "timeZone"},
        ("wid", "key"),
    ),
    COMPANY: (None, {"wid": "workdayID", "key": "referenceID"}, ("wid", "key")),
}


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One data source as this tenant has it. *fields* are canonical field → alias; *needed* must not be refused."""

    type: str
    alias: str | None
    fields: dict[str, str]
    needed: tuple[str, ...]
    unasked: tuple[str, ...] = ()

    @property
    def id_alias(self) -> str:
        """The alias of the WID, by which rows are told apart and joined."""
        return self.fields["key" if self.type == RecordType.WORKER else "wid"]

    def choose(self, names: Iterable[str]) -> Source:
        """The same source, asked for these fields only."""
        wanted = set(names)
        return msgspec.structs.replace(self, fields={k: v for k, v in self.fields.items() if k in wanted})


def open_sources(settings: Mapping[str, WqlSource]) -> dict[str, Source]:
    """
    The catalogue with this tenant's names in it.

    Raises:
        ConfigurationError: a canonical field that does not exist, or an indispensable one set to nothing.
    """
    sources = {}
    for kind, (alias, fields, needed) in _DEFAULTS.items():
        own = settings.get(kind, WqlSource())
        unknown = sorted(own.fields.keys() - fields.keys())
        if unknown:
            raise ConfigurationError(
                f"workday.wql.{kind}.fields: there is no field {', '.join(unknown)}",
                remedy=f"one of {', '.join(fields)}",
            )
        merged = fields | own.fields
        emptied = [name for name in needed if not merged[name]]
        if emptied:
            raise ConfigurationError(f"workday.wql.{kind}.fields: {', '.join(emptied)} cannot be done without")
        sources[str(kind)] = Source(
            type=str(kind),
            alias=own.source or alias,
            fields={name: field for name, field in merged.items() if field},
            needed=needed,
            unasked=tuple(name for name, field in merged.items() if not field),
        )
    return sources


def build_query(source: Source, *, effective_on: date | None, names: Iterable[str] | None = None) -> str:
    """The WQL text; every part of it is an alias checked at load, or a date."""
    fields = source.fields if names is None else {name: source.fields[name] for name in names}
    as_of = f' (effectiveAsOfDate = "{effective_on.isoformat()}")' if effective_on is not None else ""
    # Not SQL, and nothing in it comes from outside: aliases are checked when the settings are read.
    return f"SELECT {', '.join(dict.fromkeys(fields.values()))} FROM {source.alias}{as_of}"  # noqa: S608
