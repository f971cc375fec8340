"""
Facts of one worker that cannot all be true: shown to a person side by side, never decided by us. Pure.

A placeholder is no date: 1900 stands for “long ago” in what was migrated, 9999 for “never”.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ml_connector.canonical.workforce import Worker
from ml_connector.errors import RecordError

_FIRST, _LAST = 1901, 2199
_REMEDY = "correct it in Workday; the next run takes it by itself"


def is_plausible(day: date) -> bool:
    """Whether anybody may mean that day."""
    return _FIRST <= day.year <= _LAST


def check_plausible(worker: Worker, *, today: date) -> None:
    """
    Let a worker go on only if what Workday says of them can be true; *today* is the latest of the plants' dates.

    Raises:
        RecordError: a date nobody works on, or two facts that contradict each other; the message shows both.
    """
    for name, day in _days(worker):
        if not is_plausible(day):
            raise RecordError(
                f"{name} is {day.isoformat()}: a placeholder and no date",
                code="implausible_date",
                waiting_for=f"a {name} in Workday",
                remedy=_REMEDY,
            )
    for one, other in _contradictions(worker, today):
        raise RecordError(f"two facts contradict each other: {one}, and {other}", code="contradiction", remedy=_REMEDY)


def _days(worker: Worker) -> Iterator[tuple[str, date]]:
    job = worker.primary_job
    named = {
        "hire date": worker.hired_on,
        "termination date": worker.terminated_on,
        "effective date of the job": job.effective_on if job else None,
    }
    for name, day in named.items():
        if isinstance(day, date):
            yield name, day


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
        yield "Active is 1", f"the termination date is {ended}, and it is {today} in the latest plant"
