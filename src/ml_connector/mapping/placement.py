"""
Where a worker's jobs put them: in the plant of the primary job (WP-03), and in every other plant where they hold
another job (WP-06) or are on assignment from abroad (WP-07). Pure.

A plant is left only where Workday says so: by a job's end, or by telling all jobs and none of them there. A job whose
plant cannot be told leaves every other plant as it is that may be the one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import NamedTuple

from msgspec import UnsetType

from ml_connector.canonical.keys import known_text
from ml_connector.canonical.plant import Scalar
from ml_connector.canonical.workforce import Job, Organizations, Worker
from ml_connector.errors import RecordError
from ml_connector.mapping.beside import Beside, OnDay, as_ever
from ml_connector.mapping.center_days import CenterDays
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import Crosswalk
from ml_connector.mapping.desired import THROUGH, Desired, Pending, reference
from ml_connector.mapping.people import label
from ml_connector.mapping.routing import PLANTLESS, may_take, route
from ml_connector.settings.plex import Plant

Record = Callable[[str, str], str]
"""The id of an employee: plant and person to Plex's id."""


class Place(Desired, frozen=True, kw_only=True):
    """
    Where a worker belongs and under which texts, by one of their jobs; what is left to add is the person.

    *closed* says that its cost center takes nobody new, and the worker was in it before (RD-03).
    """

    cost_center: str
    cost_center_source: str
    job_profile: str
    job: Job
    closed: bool = False


Stays = Callable[[Place], bool]
"""Whether Plex holds the worker in that cost center already."""


def nobody_stays(_place: Place) -> bool:
    """Everybody is new."""
    return False


class Elsewhere(NamedTuple):
    """
    What the jobs beside the primary one ask for.

    *places* are the other plants, each once; *waiting* what cannot be placed, with its plant where that is known;
    *pending* the jobs that begin or end on a later day of their plant. *plants* hold a job of the worker, placed or
    not, or will, or may, where Workday leaves out half of what a route goes by; *sure* says whether these are all of
    them. *others_here* are the further jobs in the primary job's own plant.
    """

    places: tuple[Place, ...] = ()
    waiting: tuple[tuple[str, RecordError], ...] = ()
    pending: tuple[Pending, ...] = ()
    plants: frozenset[str] = frozenset()
    sure: bool = True
    others_here: tuple[Job, ...] = ()


class Placement:
    """Places workers by routes, crosswalk and each plant's own day."""

    def __init__(
        self,
        *,
        plants: Sequence[Plant],
        crosswalk: Crosswalk,
        today: Mapping[str, date],
        record: Record,
        centers: CenterDays,
        stays: Stays,
        on_day: OnDay = as_ever,
    ) -> None:
        self._plants, self._crosswalk, self._today, self._record = plants, crosswalk, today, record
        self._routes: dict[tuple[str | None, str | None], Plant] = {}
        self._centers, self._stays = centers, stays
        self._beside = Beside(today=today, on_day=on_day, plant_of=self._plant_of_job)

    def here(self, worker: Worker, *, on: date | None = None) -> Place:
        """
        The place of the primary job, today or *on* another day.

        Raises:
            RecordError: a section is missing, no plant takes the worker, a reference is unmapped, or its cost center
                does not take the worker.
        """
        job, organizations = primary_of(worker), organizations_of(worker)
        return self._place(worker, job, organizations, plant=self.plant(job, organizations), on=on)

    def plant_of(self, worker: Worker) -> str | None:
        """
        The plant of somebody's primary job; None where Workday shows no job.

        Raises:
            RecordError: no plant takes the worker.
        """
        job = worker.primary_job
        if job is None or isinstance(worker.organizations, UnsetType):
            return None
        return self.plant(job, worker.organizations).pcn

    def elsewhere(self, worker: Worker, here: Place | None) -> Elsewhere:
        """
        The places of the other jobs; an ordinary job comes before an assignment to the same plant.

        *here* is the place of the primary job, None where no plant takes that.
        """
        home = None if here is None else here.plant
        jobs = self._beside.jobs(worker, home=home)
        if not jobs:
            return Elsewhere()
        places: dict[str, Place] = {}
        waiting: list[tuple[str, RecordError]] = []
        pending: list[Pending] = []
        plants, sure, others_here = set[str](), True, list[Job]()
        for job in sorted(jobs, key=lambda job: job.assignment is True):
            try:
                plant = self.plant(job, _organizations_of_job(job))
            except RecordError as error:
                waiting.append(("", error))
                sure = sure and error.code in PLANTLESS
                plants |= self._may_hold(job)
                continue
            here_now, due = self._on_its_day(worker, job, plant.pcn)
            if due is not None and plant.pcn != home:
                pending.append(due)
                if due.begins:
                    # It may be the changed sequel of what is there until then: what begins ends nothing.
                    plants.add(plant.pcn)
            if not here_now:
                continue
            if plant.pcn == home:
                others_here.append(job)
                continue
            plants.add(plant.pcn)
            if plant.pcn not in places:
                try:
                    places[plant.pcn] = self._place(worker, job, _organizations_of_job(job), plant=plant)
                except RecordError as error:
                    waiting.append((plant.pcn, error))
        return Elsewhere(
            tuple(places.values()), tuple(waiting), tuple(pending), frozenset(plants), sure, tuple(others_here)
        )

    def _plant_of_job(self, job: Job) -> str | None:
        """The plant of a job; None where it cannot be told."""
        with suppress(RecordError):
            return self.plant(job, _organizations_of_job(job)).pcn
        return None

    def _may_hold(self, job: Job) -> frozenset[str]:
        """The plants that a job without one could turn out to be in; none where Workday tells company and location."""
        company = None if isinstance(job.organizations, UnsetType) else known_text(job.organizations.company)
        return may_take(self._plants, company=company, location=known_text(job.location_id))

    def _on_its_day(self, worker: Worker, job: Job, plant: str) -> tuple[bool, Pending | None]:
        """Whether the job is held on the plant's own day, and its beginning or ending where that lies ahead."""
        today = self._today[plant]
        what = "assignment" if job.assignment is True else "another job"
        if isinstance(job.effective_on, date) and job.effective_on > today:
            return False, self._pending(worker, plant, job.effective_on, f"{what} begins", begins=True)
        if not isinstance(job.end_on, date):
            return True, None
        if job.end_on < today:
            return False, None
        return True, self._pending(worker, plant, job.end_on, f"{what} ends: {THROUGH}", begins=False)

    def _pending(self, worker: Worker, plant: str, on: date, reason: str, *, begins: bool) -> Pending:
        key = self._record(plant, worker.key)
        return tell_pending(worker, plant=plant, key=key, on=on, reason=reason, begins=begins)

    def plant(self, job: Job, organizations: Organizations) -> Plant:
        """
        The plant whose route takes a job; asked once for each company and location.

        Raises:
            RecordError: no plant takes it.
        """
        way = known_text(organizations.company), known_text(job.location_id)
        if way not in self._routes:
            self._routes[way] = route(self._plants, company=way[0], location=way[1])
        return self._routes[way]

    def _place(
        self, worker: Worker, job: Job, organizations: Organizations, *, plant: Plant, on: date | None = None
    ) -> Place:
        cost_center, profile, location = (
            known_text(organizations.cost_center),
            known_text(job.job_profile_id),
            known_text(job.location_id),
        )
        for what, value in (("cost center", cost_center), ("job profile", profile), ("location", location)):
            if value is None:
                raise RecordError(
                    f"Workday gives no {what}",
                    code="incomplete",
                    waiting_for=f"a {what} in Workday",
                    remedy=f"assign a {what} to the worker in Workday",
                )
        day = on or self._today[plant.pcn]
        self._centers.check(cost_center or "", company=known_text(organizations.company), on=day)
        texts = {
            "department": self._crosswalk.resolve(Kind.COST_CENTER, source=cost_center or "", plant=plant.pcn, on=on),
            "position": self._crosswalk.resolve(Kind.JOB_PROFILE, source=profile or "", plant=plant.pcn, on=on),
            "building": self._crosswalk.resolve(Kind.LOCATION, source=location or "", plant=plant.pcn, on=on),
        }
        fields: dict[str, Scalar] = {name: row.target[name] for name, row in texts.items()}
        if plant.default_shift is not None:
            fields["shift"] = plant.default_shift
        place = Place(
            type="employee",
            plant=plant.pcn,
            key=self._record(plant.pcn, worker.key),
            source=worker.known_as,
            label=label(worker),
            fields=fields,
            rows={name: row.named for name, row in texts.items()},
            needs=tuple(reference(name, plant=plant.pcn, key=str(fields[name])) for name in texts),
            cost_center=texts["department"].target["cost_center"],
            cost_center_source=cost_center or "",
            job_profile=profile or "",
            job=job,
            closed=self._centers.is_closed(cost_center or "", plant=plant.pcn, row=texts["department"], on=day),
        )
        if place.closed and not self._stays(place):
            raise self._centers.say_closed(cost_center or "", plant=plant.pcn)
        return place


def primary_of(worker: Worker) -> Job:
    """
    The primary job.

    Raises:
        RecordError: Workday left it out.
    """
    job = worker.primary_job
    if job is None:
        raise RecordError(
            "Workday left out the job",
            code="section_missing",
            waiting_for="domain Worker Data: Current Staffing Information",
            remedy="grant the integration user Get on that domain, activate pending security changes, then plan again",
        )
    return job


def organizations_of(worker: Worker) -> Organizations:
    """
    What the worker belongs to, which is what the primary job does.

    Raises:
        RecordError: Workday left it out.
    """
    return _told(worker.organizations)


def _organizations_of_job(job: Job) -> Organizations:
    return _told(job.organizations)


def _told(organizations: Organizations | UnsetType) -> Organizations:
    if isinstance(organizations, UnsetType):
        raise RecordError(
            "Workday left out the organizations",
            code="section_missing",
            waiting_for="domain Worker Data: Organization Information",
            remedy="grant the integration user Get on that domain, activate pending security changes, then plan again",
        )
    return organizations


def tell_pending(
    worker: Worker, *, plant: str, key: str, on: date | None, reason: str, begins: bool = False
) -> Pending:
    """What lies ahead of a worker's employee; *on* is None where Workday does not tell the day."""
    return Pending(
        type="employee",
        plant=plant,
        key=key,
        label=label(worker),
        on="" if on is None else on.isoformat(),
        reason=reason,
        begins=begins,
        source=worker.known_as,
    )
