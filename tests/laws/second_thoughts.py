"""
What is entered and taken back, or entered wrong and corrected, beside a history; and the same history without it.

Each happens to somebody the history leaves alone. A seat is opened by whoever hires or moves into one, and stays open
when that is taken back: so the history without it opens the seat too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, NamedTuple

import msgspec

from ml_connector.sandbox import company
from ml_connector.sandbox.tenant.desk import PLANTS
from ml_connector.sandbox.tenant.facts import Job
from ml_connector.sandbox.tenant.history import Entry
from tests.laws.history import DAYS, VERBS, Do, NumberedDesk, Step, found_tenant, hired_in

_LONGEST = 9  # days until somebody thinks again
_HIRE, _ENDING, _TRANSFER, _MOVE = (
    "Hire Employee",
    "Terminate Employee",
    "Transfer Employee",
    "Change Organization Assignments",
)
TAKEN_BACK = {
    "hire": _HIRE,
    "hire later": _HIRE,
    "hire entered late": _HIRE,
    "end": _ENDING,
    "end later": _ENDING,
    "end entered late": _ENDING,
    "transfer": _TRANSFER,
    "transfer later": _TRANSFER,
    "transfer entered late": _TRANSFER,
    "move": _MOVE,
    "move later": _MOVE,
    "move entered late": _MOVE,
    "change job": "Change Job",
    "change team": "Move Workers",
    "leave or return": "Request Leave of Absence",
    "second job": "Add Additional Job",
    "renumber": "Edit Worker ID",
}


class Pair(NamedTuple):
    """The same history twice, with and without a second thought."""

    plain: list[Step]
    other: list[Step]


def take_back(steps: Sequence[Step], *, chance: Random) -> Pair:
    """History + (event, its rescind), and the history."""
    plain, other = list(steps), list(steps)
    for number, day, later, verb, who, pick in _draw(TAKEN_BACK, steps, chance):
        do, kind = VERBS[verb].do, TAKEN_BACK[verb]
        whose = hired_in(number) if kind == _HIRE else who
        plain.append(Step(day, number, verb, who, pick, _without_entry(do)))
        other += [Step(day, number, verb, who, pick, do), Step(later, number, verb, whose, pick, _rescind(kind))]
    return Pair(plain, other)


def correct(steps: Sequence[Step], *, chance: Random) -> Pair:
    """History + (event, its correction), and history + the event as it should have been."""
    plain, other = list(steps), list(steps)
    for number, day, later, verb, who, pick in _draw(CORRECTED, steps, chance):
        do, kind = VERBS[verb].do, TAKEN_BACK[verb]
        whose = hired_in(number) if kind == _HIRE else who
        plain.append(Step(day, number, verb, who, pick, _right_at_once(do, whose, verb)))
        other += [Step(day, number, verb, who, pick, do), Step(later, number, verb, whose, pick, _correct(verb))]
    return Pair(plain, other)


def _draw(verbs: Any, steps: Sequence[Step], chance: Random) -> list[tuple[int, int, int, str, str, int]]:
    """For each verb: number, day, day of the second thought, verb, who, pick."""
    bystanders = _bystanders(steps)
    chance.shuffle(bystanders)
    drawn = []
    for number, verb in enumerate(verbs, start=100):
        day = chance.randrange(DAYS - _LONGEST - 1)
        later = day + chance.randrange(_LONGEST)
        who = chance.choice(list(PLANTS)) if TAKEN_BACK[verb] == _HIRE else bystanders.pop()
        drawn.append((number, day, later, verb, who, chance.randrange(100)))
    return drawn


def _bystanders(steps: Sequence[Step]) -> list[str]:
    """Whom no step happens to, of those who have been here for long, are at work and lead nobody."""
    tenant = found_tenant()
    desk = NumberedDesk(tenant._world, on=tenant.today, random=Random(0), tick=tenant.now, number=0)  # noqa: S311
    touched = {name for step in steps for name in step.who.split("|")}
    return [
        worker.key
        for worker in desk.plain_workers()
        if worker.key not in touched
        and worker.leave_on is None
        and worker.hire_on < tenant.today - timedelta(days=60)
        and len(desk.world.workers[worker.key].entries) == 1
    ]


def _rescind(kind: str) -> Do:
    return lambda desk, who, _pick: desk.rescind(who, kind)


def _without_entry(do: Do) -> Do:
    """Do it, and leave nothing of it but the seat that was opened for it."""

    def open_seat(desk: NumberedDesk, who: str, pick: int) -> None:
        workers = desk.world.workers
        before = {key: history.entries for key, history in workers.items()}
        do(desk, who, pick)
        for key in list(workers):
            if key in before:
                workers[key].entries = before[key]
            else:
                del workers[key]

    return open_seat


# Corrections: what a kind of entry should have said, and from when


def _other_center(job: Job, pick: int) -> Job:
    pcn = PLANTS[job.location].pcn
    centers = [c.ref_id for c in company.COST_CENTERS if pcn in c.plants and c.ref_id != job.cost_center]
    return msgspec.structs.replace(job, cost_center=centers[pick % len(centers)])


def _other_job(entry: Entry, pick: int, *, days: int = 0) -> tuple[dict[str, Any], date]:
    first, *rest = entry.changes["jobs"]
    return {"jobs": (_other_center(first, pick), *rest)}, entry.effective_on + timedelta(days=days)


def _other_end(entry: Entry, pick: int) -> tuple[dict[str, Any], date]:
    last_day = entry.effective_on + timedelta(days=pick % 11 - 5)
    return {"terminated_on": last_day}, last_day


def _other_hire(entry: Entry, pick: int) -> tuple[dict[str, Any], date]:
    first_day = entry.effective_on + timedelta(days=pick % 11 - 5)
    jobs = tuple(msgspec.structs.replace(_other_center(job, pick), since_on=first_day) for job in entry.changes["jobs"])
    return {"hire_on": first_day, "jobs": jobs, "last_name": f"Right{pick}"}, first_day


CORRECTED: dict[str, Callable[[Entry, int], tuple[dict[str, Any], date]]] = {
    "hire": _other_hire,
    "hire later": _other_hire,
    "hire entered late": _other_hire,
    "end": _other_end,
    "end later": _other_end,
    "end entered late": _other_end,
    "transfer": _other_job,
    "transfer later": lambda entry, pick: _other_job(entry, pick, days=pick % 7 - 3),
    "transfer entered late": lambda entry, pick: _other_job(entry, pick, days=pick % 7 - 3),
    "move": _other_job,
    "move later": lambda entry, pick: _other_job(entry, pick, days=pick % 7 - 3),
    "move entered late": lambda entry, pick: _other_job(entry, pick, days=pick % 7 - 3),
    "change job": _other_job,
}


def _correct(verb: str) -> Do:
    def correct_it(desk: NumberedDesk, who: str, pick: int) -> None:
        kind = TAKEN_BACK[verb]
        changes, on = CORRECTED[verb](desk.world.workers[who].newest(kind), pick)
        desk.correct(who, kind, changes, on=on)

    return correct_it


def _right_at_once(do: Do, whose: str, verb: str) -> Do:
    """Do it, correct it, and let the history look as if it had been right from the first."""

    def do_right(desk: NumberedDesk, who: str, pick: int) -> None:
        do(desk, who, pick)
        history = desk.world.workers[whose]
        wrong = history.newest(TAKEN_BACK[verb])
        _correct(verb)(desk, whose, pick)
        right = [
            msgspec.structs.replace(entry, corrects=False, entered_at=wrong.entered_at) if entry.corrects else entry
            for entry in history.entries
            if entry.taken_back_at is None
        ]
        history.entries = ()
        for entry in right:
            history.append(entry)

    return do_right
