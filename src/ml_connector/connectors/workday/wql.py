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
from ml_connector.settings.workday import WqlSource

COMPANY, PAY_GROUP = "company", "pay_group"
PAY = frozenset({"compensation.amount", "compensation.frequency", "compensation.effective_on"})

_WORKER = {
    "key": "workdayID",
    "employee_id": "employeeID",
    "worker_type": "workerType",
    "contingent": "isContingentWorker",
    "universal_id": "universalID",
    "name.given": "firstName",
    "name.preferred_given": "preferredFirstName",
    "name.middle": "middleName",
    "name.family": "lastName",
    "name.preferred": "preferredName",
    "email": "email_PrimaryWork",
    "active": "activeStatus|isActive",
    "on_leave": "onLeave",
    "hired_on": "hireDate",
    "original_hire_on": "originalHireDate",
    "terminated_on": "terminationDate",
    "pay_through_on": "payThroughDate",
    "manager_id": "manager",
    "jobs.position_id": "positionID",
    "jobs.title": "businessTitle",
    "jobs.job_profile_id": "jobProfile",
    "jobs.location_id": "location",
    "jobs.time_type": "timeType",
    "jobs.shift_id": "workShift",
    "jobs.fte": "fTE|fte",
    "jobs.weekly_hours": "scheduledWeeklyHours",
    "jobs.effective_on": "",
    "organizations.company": "company",
    "organizations.cost_center": "costCenter",
    "organizations.supervisory": "supervisoryOrganization",
    "organizations.pay_group": "payGroup",
    "compensation.amount": "totalBasePay_Amount|basePay",
    "compensation.frequency": "totalBasePayFrequency|basePayFrequency",
    "compensation.effective_on": "compensationEffectiveDate",
}
# "a|b": the names under which tenants are known, or likely, to have it; the first that is not refused is taken.
_DEFAULTS: dict[str, tuple[str, dict[str, str], tuple[str, ...]]] = {
    RecordType.WORKER: ("allWorkers", _WORKER, ("key", "employee_id", "active")),
    RecordType.COST_CENTER: (
        "costCenters",
        {
            "wid": "workdayID",
            "key": "referenceID",
            "code": "code",
            "name": "name",
            "active": "active",
            "inactive": "inactive",
            "available_on": "availabilityDate",
        },
        ("wid", "key"),
    ),
    RecordType.JOB_PROFILE: (
        "allJobProfiles",
        {
            "wid": "workdayID",
            "key": "referenceID|jobProfileID",
            "code": "jobCode",
            "title": "jobTitle|name",
            "active": "active",
            "inactive": "inactive",
            "category": "jobCategory",
            "effective_on": "effectiveDate",
        },
        ("wid", "key"),
    ),
    RecordType.POSITION: (
        "allPositionsIncludingClosedPositions|allPositions",
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
            "inactive": "inactive",
            "manager_id": "manager",
            "superior_id": "superiorOrganization",
        },
        ("wid", "key"),
    ),
    # No alias of a source of these two is public: likely ones are tried, and refused ones are told.
    RecordType.LOCATION: (
        "allLocations|locations",
        {
            "wid": "workdayID",
            "key": "referenceID|locationID",
            "name": "name",
            "active": "active",
            "inactive": "inactive",
            "time_zone": "timeZone",
        },
        ("wid", "key"),
    ),
    COMPANY: ("allCompanies|companies", {"wid": "workdayID", "key": "referenceID"}, ("wid", "key")),
    PAY_GROUP: ("allPayGroups", {"wid": "workdayID", "key": "referenceID"}, ("wid", "key")),
}


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """
    One data source as this tenant may have it. *fields* are canonical field → alias; *needed* must not be refused.

    *other_aliases* and *other_names* are tried in the place of a refused one. *unset* are fields without an alias.
    """

    type: str
    alias: str
    fields: dict[str, str]
    needed: tuple[str, ...]
    other_aliases: tuple[str, ...] = ()
    other_names: dict[str, tuple[str, ...]] = {}
    unset: tuple[str, ...] = ()

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
        first, *others = (own.source or alias).split("|")
        several = {name: tuple(field.split("|")) for name, field in merged.items() if field}
        sources[str(kind)] = Source(
            type=str(kind),
            alias=first,
            fields={name: fields[0] for name, fields in several.items()},
            needed=needed,
            other_aliases=tuple(others),
            other_names={name: fields[1:] for name, fields in several.items() if len(fields) > 1},
            unset=tuple(name for name, field in merged.items() if not field),
        )
    return sources


def build_query(source: Source, *, effective_on: date | None, names: Iterable[str] | None = None) -> str:
    """The WQL text; every part of it is an alias checked at load, or a date."""
    fields = source.fields if names is None else {name: source.fields[name] for name in names}
    as_of = f' (effectiveAsOfDate = "{effective_on.isoformat()}")' if effective_on is not None else ""
    # Not SQL, and nothing in it comes from outside: aliases are checked when the settings are read.
    return f"SELECT {', '.join(dict.fromkeys(fields.values()))} FROM {source.alias}{as_of}"  # noqa: S608
