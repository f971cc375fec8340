"""The data sources WQL can ask: which records each lists, its columns, and the domain behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from ml_connector.sandbox.company import make_wid
from ml_connector.sandbox.tenant import domains
from ml_connector.sandbox.workday.call import Call
from ml_connector.sandbox.workday.columns import WORKER_COLUMNS, Column, person_of
from ml_connector.sandbox.workday.setup_columns import (
    LOCATION_COLUMNS,
    POSITION_COLUMNS,
    PROFILE_COLUMNS,
    organization_columns,
)
from ml_connector.sandbox.workday.shelves import known_keys
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
        POSITION_COLUMNS,
        _shelf("position"),
        domains.POSITIONS_TASK,
    ),
    Source(
        "allOpenPositions",
        "All Open Positions",
        "Positions nobody fills.",
        "Position",
        POSITION_COLUMNS,
        _empty_chairs,
        domains.POSITIONS_TASK,
    ),
    Source(
        "allJobProfiles",
        "All Job Profiles",
        "Every job profile.",
        "Job Profile",
        PROFILE_COLUMNS,
        _shelf("job_profile"),
        domains.JOB_PROFILES_TASK,
    ),
    Source(
        "costCenters",
        "Cost Centers",
        "Every cost center.",
        "Cost Center",
        organization_columns("costCenter", "Cost Center"),
        _shelf("organization", kinds=("COST_CENTER",)),
        domains.COST_CENTERS_TASK,
    ),
    Source(
        "supervisoryOrganizations",
        "Supervisory Organizations",
        "Every supervisory organization.",
        "Supervisory Organization",
        organization_columns("supervisoryOrganization", "Supervisory Organization"),
        _shelf("organization", kinds=("SUPERVISORY",)),
        domains.ORGANIZATIONS_TASK,
    ),
    Source(
        "companies",
        "Companies",
        "Every company.",
        "Company",
        organization_columns("company", "Company"),
        _shelf("organization", kinds=("COMPANY",)),
        domains.ORGANIZATIONS_TASK,
    ),
    Source(
        "allPayGroups",
        "All Pay Groups",
        "Every pay group.",
        "Pay Group",
        organization_columns("payGroup", "Pay Group"),
        _shelf("organization", kinds=("PAY_GROUP",)),
        domains.ORGANIZATIONS_TASK,
    ),
    Source(
        "locations",
        "Locations",
        "Every business site.",
        "Location",
        LOCATION_COLUMNS,
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
