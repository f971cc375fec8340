"""
The jobs a worker holds beside the primary one: in each plant those of the day it is there (TZ-02, TZ-03). Pure.

A worker is seen as of the day it is where the primary job is. Where it is another day, a job may be there still, or
already, of which that day says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import msgspec
from msgspec import UnsetType

from ml_connector.canonical.workforce import Job, Worker

OnDay = Callable[[Worker, date], Worker | None]
"""What a worker is on another day; None where nothing changes near it."""


def as_ever(_worker: Worker, _day: date) -> None:
    """Nothing changes from day to day."""


class Beside:
    """
    Tells the jobs beside the primary one, where *today* says which day it is in each plant.

    *plant_of* gives the plant of a job that is told with its own organizations, None where it cannot be told.
    """

    def __init__(self, *, today: Mapping[str, date], on_day: OnDay, plant_of: Callable[[Job], str | None]) -> None:
        self._today, self._on_day, self._plant_of = today, on_day, plant_of
        self._days = sorted(set(today.values()))

    def jobs(self, worker: Worker, *, home: str | None) -> list[Job]:
        """
        The jobs, each plant's as of its own day; *home* is the plant of the primary job, None where none takes that.
        """
        jobs = _beside(worker)
        own_day = self._days[-1] if home is None else self._today[home]
        for day in self._days:
            then = None if day == own_day else self._on_day(worker, day)
            if then is not None:
                jobs = self._as_of(day, then, jobs, own_day=own_day)
        return jobs

    def _as_of(self, day: date, then: Worker, jobs: list[Job], *, own_day: date) -> list[Job]:
        """*jobs*, but in the plants where it is that *day* those which the worker holds *then*."""
        ended = then.active is False and isinstance(then.terminated_on, date) and then.terminated_on < day
        if not ended and (then.active is not True or isinstance(then.jobs, UnsetType)):
            return jobs
        plants = {plant for plant, today in self._today.items() if today == day} - self._primary_plant(then)
        told = [] if ended else [job for job in _beside(then) if self._plant_of(job) in {None, *plants}]
        if day < own_day:
            told = [msgspec.structs.replace(job, end_on=day) if _is_gone(job, jobs) else job for job in told]
        kept = [job for job in jobs if self._plant_of(job) not in plants or _begins_after(day, job)]
        return kept + [job for job in told if job not in kept]

    def _primary_plant(self, then: Worker) -> set[str]:
        """The plant of the primary job: left by a move only, which is made on the day of the new plant (WP-09)."""
        job = then.primary_job
        if job is None or then.active is not True:
            return set()
        plant = self._plant_of(msgspec.structs.replace(job, organizations=then.organizations))
        return set() if plant is None else {plant}


def _beside(worker: Worker) -> list[Job]:
    return [] if isinstance(worker.jobs, UnsetType) else [job for job in worker.jobs if not job.primary]


def _begins_after(day: date, job: Job) -> bool:
    return isinstance(job.effective_on, date) and job.effective_on > day


def _is_gone(job: Job, later: Sequence[Job]) -> bool:
    """Whether a job without an end is listed no more on a later day."""
    return not isinstance(job.end_on, date) and all(each.position_id != job.position_id for each in later)
