"""
Which fields Workday shows of each worker, compared with the last believed reading (UP-01, UP-02). Pure.

What a security domain forbids is left out without a word: one worker without an e-mail is nothing, one in twenty who
had one last time is a permission taken away. Compared worker by worker, so that who joins or leaves changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec import UNSET

from ml_connector.canonical.workforce import Job, Name, Organizations, Worker
from ml_connector.settings.workday import WorkdayConnection

TOLERANCE = 0.05
NOTHING_SHOWN = "Workday answers and shows nothing: there is nothing, or we may see nothing"
_FEW = 2  # one worker alone is a person's own affair


class Group(NamedTuple):
    """
    Fields that one permission shows or hides.

    *domain* is Workday's, None where its documents name none; *withholds* are fields of a Plex employee that are not
    compared without it; *always*: whoever is active has it. It *stops* people where nobody can be placed without it.
    """

    domain: str | None
    withholds: frozenset[str] = frozenset()
    always: bool = False
    stops: bool = False


_STAFFING = "Worker Data: Current Staffing Information"
GROUPS: Mapping[str, Group] = {
    "personal": Group("Person Data: Name", frozenset({"first_name", "middle_name", "last_name"}), always=True),
    "contact": Group("Person Data: Work Contact Information", frozenset({"email"})),
    "employment": Group(_STAFFING, always=True, stops=True),
    "jobs": Group(_STAFFING, always=True, stops=True),
    "organizations": Group("Worker Data: Organization Information", always=True, stops=True),
    "details": Group(_STAFFING, frozenset({"type"})),
    "other organizations": Group("Worker Data: Organization Information"),
    "manager": Group(_STAFFING, frozenset({"supervisor_id"})),
    "leave": Group(None, frozenset({"status"})),
    "identity": Group(None),
}

# Each bit of a worker's mask, in order: append only, since masks are kept. Field (as `discover` names it) → its group.
_FIELDS = {
    "name": "personal",
    "name.given": "personal",
    "name.middle": "personal",
    "name.family": "personal",
    "email": "contact",
    "active": "employment",
    "hired_on": "employment",
    "original_hire_on": "details",
    "terminated_on": "employment",
    "on_leave": "leave",
    "manager_id": "manager",
    "universal_id": "identity",
    "jobs": "jobs",
    "jobs.job_profile_id": "jobs",
    "jobs.location_id": "jobs",
    "jobs.position_id": "details",
    "jobs.time_type": "details",
    "jobs.fte": "details",
    "jobs.weekly_hours": "details",
    "organizations": "organizations",
    "organizations.company": "organizations",
    "organizations.cost_center": "organizations",
    "organizations.supervisory": "other organizations",
    "organizations.pay_group": "other organizations",
}
_BIT = {name: 1 << number for number, name in enumerate(_FIELDS)}
_EXPECTED = sum(_BIT[name] for name in ("name", "active", "jobs", "organizations"))
_ENDING = _BIT["terminated_on"]
# Of somebody who left, Workday rightly shows no job any more; of somebody who works, no ending.
_OF_LEAVERS = _ENDING | sum(_BIT[name] for name in ("name", "name.given", "name.family", "active"))
_OF_ACTIVE = sum(_BIT.values()) & ~_ENDING
# A team without its manager and a return from leave are everyday: only when everybody at once has none, and they are
# many, is it a permission. Fewer managers taken away are a change of one field, which has a guard of its own.
_EVERYDAY = frozenset({"on_leave", "manager_id"})
_MANY, _NEARLY_ALL = 10, 0.99
# Where the section around it is gone, that is the cause.
_WITHIN = {"contact": "personal", "leave": "employment"}
_NO_NAME, _NO_JOB, _NO_ORGANIZATIONS = Name(), Job(), Organizations()


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """Fields of one domain that *lost* of the workers who had them no longer show; *new*: nobody was seen before."""

    domain: str | None
    groups: tuple[str, ...]
    fields: tuple[str, ...]
    lost: int
    of: int
    new: bool = False

    @property
    def optional(self) -> bool:
        """Whether a worker may rightly be without it, so that a person may say that it is meant."""
        return not any(GROUPS[group].always for group in self.groups)


def mask_of(worker: Worker) -> int:
    """Which fields hold a value, a bit each."""
    name = _NO_NAME if worker.name is UNSET else worker.name
    jobs = () if worker.jobs is UNSET else worker.jobs
    job = worker.primary_job or _NO_JOB
    orgs = _NO_ORGANIZATIONS if worker.organizations is UNSET else worker.organizations
    told = (
        worker.name,
        name.given,
        name.middle,
        name.family,
        worker.email,
        worker.active,
        worker.hired_on,
        worker.original_hire_on,
        worker.terminated_on,
        worker.on_leave or None,
        worker.manager_id,
        worker.universal_id,
        jobs or None,
        job.job_profile_id,
        job.location_id,
        job.position_id,
        job.time_type,
        job.fte,
        job.weekly_hours,
        worker.organizations,
        orgs.company,
        orgs.cost_center,
        orgs.supervisory,
        orgs.pay_group,
    )
    mask = 0
    for number, value in enumerate(told):
        if value is not UNSET and value is not None:
            mask |= 1 << number
    return mask


class FillWatch:
    """One reading beside the last: a few numbers per kind of worker, however many there are."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[int | None, int, bool]] = Counter()
        self.news: dict[str, int] = {}

    def add(self, worker: Worker, *, had: int | None) -> None:
        """Take in one worker; *had* is the mask of the last believed reading, None for somebody new."""
        mask = mask_of(worker)
        self._seen[had, mask, worker.active is not False] += 1
        if mask != had:
            self.news[worker.key] = mask

    def add_as_before(self, mask: int, *, active: bool) -> None:
        """Take in one worker who shows exactly what the last believed reading showed."""
        self._seen[mask, mask, active] += 1

    def missing(self) -> list[Missing]:
        """What is left out for more than one in twenty of those who had it, by domain, in order."""
        rows = []
        for name, bit in _BIT.items():
            lost, of = self._count(bit)
            few, tolerance = (_MANY, _NEARLY_ALL) if name in _EVERYDAY else (_FEW, TOLERANCE)
            if lost >= few and lost > tolerance * of:
                rows.append((name, lost, of))
        groups = {_FIELDS[name] for name, _lost, _of in rows}
        found: dict[str, list[tuple[str, int, int]]] = {}
        for row in rows:
            group = _FIELDS[row[0]]
            cause = _WITHIN[group] if _WITHIN.get(group) in groups else group
            found.setdefault(GROUPS[cause].domain or cause, []).append(row)
        new = not any(had is not None for had, _mask, _active in self._seen)
        return [_tell(rows, new=new) for rows in found.values()]

    def _count(self, bit: int) -> tuple[int, int]:
        """How many lost this field, of how many who should show it."""
        lost = of = 0
        for (had, mask, active), count in self._seen.items():
            judged = _OF_ACTIVE if active else _OF_LEAVERS
            expected = had if had is not None else (_EXPECTED if active else 0)
            if bit & judged & expected:
                of += count
                lost += 0 if mask & bit else count
        return lost, of


def _tell(rows: Sequence[tuple[str, int, int]], *, new: bool) -> Missing:
    groups = tuple(dict.fromkeys(_FIELDS[name] for name, _lost, _of in rows))
    names = [name for name, _lost, _of in rows]
    # A section says it all: its own fields went with it.
    fields = tuple(name for name in names if name.partition(".")[0] == name or name.partition(".")[0] not in names)
    _name, lost, of = max(rows, key=lambda row: row[1])
    return Missing(domain=GROUPS[groups[0]].domain, groups=groups, fields=fields, lost=lost, of=of, new=new)


def withheld_by(groups: Collection[str]) -> frozenset[str]:
    """The fields of a Plex employee that are not compared while these are missing."""
    return frozenset[str]().union(*(GROUPS[group].withholds for group in groups))


def grant_nothing_shown(kind: str, asked: str, workday: WorkdayConnection) -> str:
    """
    What to do where Workday answers to what was *asked* (an operation, a data source) and shows no record of a *kind*.
    """
    return grant_for(_STAFFING if kind == "worker" else None, (asked,), workday=workday)


def grant_for(domain: str | None, fields: Sequence[str], *, workday: WorkdayConnection) -> str:
    """What a Workday security administrator does about it, in the words of the surface we read by."""
    what = f'"{domain}"' if domain else f"the domain that View Security for Securable Item names for {fields[0]}"
    activate = "activate pending security policy changes in Workday"
    if workday.surface == "soap":
        return f"grant the integration user Get on {what} and {activate}"
    if workday.surface == "rest":
        return (
            f"grant the API client's user View on {what} and {activate}: WQL leaves out what that user may not view; if a "
            "field has another alias now, set it in workday.wql.worker.fields"
        )
    report = f"{workday.report.owner}/{workday.report.name}" if workday.report else "the report"
    return (
        f"grant the user who runs report {report} View on {what} and {activate}; if a column was renamed or taken out, "
        "put it back or set it in workday.report.columns"
    )
