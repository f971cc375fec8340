"""
Facts of one worker that cannot all be true: shown to a person side by side, never decided by us. Pure.

A placeholder is no date: of a worker, 1900 stands for “long ago” in what was migrated, 9999 for “never”. Codes and
seats are loaded into Workday as being there since 1900, and mean it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date

import msgspec

from ml_connector.canonical.workforce import Job, Worker
from ml_connector.errors import RecordError

_FIRST, _LAST = 1901, 2199
_REMEDY = "correct it in Workday; the next run takes it by itself"


def is_plausible(day: date) -> bool:
    """Whether anybody may mean that day."""
    return _FIRST <= day.year <= _LAST


def check_plausible(worker: Worker, *, today: date) -> None:
    """
    Let a worker go on only if what Workday says of them can be true; *today* is the date where they work.

    Raises:
        RecordError: a date nobody works on, or two facts that contradict each other; the message shows both.
    """
    for name, day in _days(worker):
        check_day(name, day)
    for one, other in _contradictions(worker, today):
        raise contradiction(one, other)


def check_day(name: str, day: object) -> None:
    """
    Let a date of a worker go on only if anybody may mean it; what is no date is none.

    Raises:
        RecordError: it is a placeholder.
    """
    if isinstance(day, date) and not is_plausible(day):
        raise _placeholder(name, day)


def is_first_day(day: date) -> bool:
    """Whether a code or a seat may be there from that day on; 1900 means that it always was."""
    return day.year <= _LAST


def check_first_day(name: str, day: object) -> None:
    """
    Let a code or a seat go on only if it may be there from that day on; what is no date is none.

    Raises:
        RecordError: it is a placeholder.
    """
    if isinstance(day, date) and not is_first_day(day):
        raise _placeholder(name, day)


def _placeholder(name: str, day: date) -> RecordError:
    return RecordError(
        f"{name} is {day.isoformat()}: a placeholder and no date",
        code="implausible_date",
        waiting_for=f"a {name} in Workday",
        remedy=_REMEDY,
    )


def contradiction(one: str, other: str) -> RecordError:
    """What is said where two facts cannot both be true."""
    return RecordError(f"two facts contradict each other: {one}, and {other}", code="contradiction", remedy=_REMEDY)


def _days(worker: Worker) -> Iterator[tuple[str, object]]:
    yield "hire date", worker.hired_on
    yield "termination date", worker.terminated_on
    for job in _jobs(worker):
        name = "the job" if job.primary else f"job {job.position_id}"
        yield f"effective date of {name}", job.effective_on
        yield f"end date of {name}", job.end_on


def _jobs(worker: Worker) -> tuple[Job, ...]:
    return worker.jobs if isinstance(worker.jobs, tuple) else ()


def _contradictions(worker: Worker, today: date) -> Iterator[tuple[str, str]]:
    """The same facts a person would compare; what Workday left out contradicts nothing."""
    if worker.active is not True:
        return
    hired, ended = worker.hired_on, worker.terminated_on
    if worker.hire_rescinded is True:
        yield "Active is 1", "the hire was rescinded"
    if isinstance(ended, date) and isinstance(hired, date) and ended < hired:
        yield f"Active is 1 with hire date {hired}", f"the termination date is {ended}, before it"
    elif isinstance(ended, date) and ended < today:
        yield "Active is 1", f"the termination date is {ended}, and it is {today} where they work"
    for job in _jobs(worker):
        begins, ends = job.effective_on, job.end_on
        if isinstance(begins, date) and isinstance(ends, date) and ends < begins:
            yield f"position {job.position_id} begins on {begins}", f"it ends on {ends}, before it"
    for one, other in itertools.combinations(_jobs(worker), 2):
        if isinstance(one.position_id, str) and one.position_id == other.position_id:
            yield from _tell_apart(one, other)


def _tell_apart(one: Job, other: Job) -> Iterator[tuple[str, str]]:
    """What is said of one position twice, and differently."""
    names = ("job_profile_id", "location_id", "effective_on", "end_on", "fte", "primary")
    for name in names:
        said = [getattr(job, name) for job in (one, other)]
        if said[0] != said[1]:
            shown = [None if each is msgspec.UNSET else each for each in said]
            yield f"position {one.position_id} has {name} {shown[0]}", f"it has {name} {shown[1]}"
