"""
Random histories of a manufacturer: what is entered in Workday, on which of thirty days.

An *event* is drawn: a day, a verb, and a number that picks whom it happens to. Played once in an empty room it becomes
a *step*, which names the worker: steps mean the same beside other steps, so that two histories that differ in one step
differ in nothing else. Every choice inside a step comes from its own number and pick, never from what came before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import partial
from random import Random
from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st

from ml_connector.sandbox import company
from ml_connector.sandbox.tenant.desk import PLANTS, Desk
from ml_connector.sandbox.tenant.facts import Worker
from ml_connector.sandbox.tenant.history import Entry
from ml_connector.sandbox.tenant.setup import morning
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.tenant.world import Shelf

START = company.START
WORKERS, DAYS, EVENTS = 60, 30, 45
_FIRST_NUMBER = 5_000  # above everybody who was there at the beginning
_ENDING, _HIRE = "Terminate Employee", "Hire Employee"


class Event(NamedTuple):
    """Something that happens on a day (0 is the day before the first); *pick* says to whom, and how."""

    day: int
    verb: str
    pick: int


Do = Callable[["NumberedDesk", str, int], object]
History = dict[int, Event]  # by the number each event keeps when others are left out


class Step(NamedTuple):
    """An event that is settled: *number* is its place in the history, *who* the worker, team or place it happens to."""

    day: int
    number: int
    verb: str
    who: str
    pick: int
    do: Do

    def __repr__(self) -> str:
        return f"({self.day}, {self.number}, {self.verb!r}, {self.who!r}, {self.pick})"


class NumberedDesk(Desk):
    """A desk whose new people and positions are numbered by the step, not by how many there are."""

    def __init__(self, *args: Any, number: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._next = _FIRST_NUMBER + 10 * number  # -1 is before the history

    def _number(self, shelf: Shelf[Any]) -> int:
        self._next += 1
        return self._next

    def entries(self, key: str, kind: str = "") -> list[Entry]:
        """What still counts of somebody's history, of one kind of entry or of all."""
        return [
            entry
            for entry in self.world.workers[key].entries
            if kind in {"", entry.kind} and entry.taken_back_at is None and not entry.rescinds
        ]


class Verb(NamedTuple):
    """Whom it can happen to, and what happens."""

    who: Callable[[NumberedDesk], Iterable[str]]
    do: Do


# Whom it can happen to


def _places(desk: NumberedDesk) -> list[str]:
    return [*PLANTS, "DET", "TOL"]


def _everybody(desk: NumberedDesk) -> list[Worker]:
    now = desk.now()
    return [worker for key in desk.world.workers if (worker := now.worker(key)) is not None]


def _plain(desk: NumberedDesk) -> list[str]:
    """Employees at work with one job, whom no ending awaits."""
    return [worker.key for worker in desk.plain_workers() if not _is_ending(desk, worker.key)]


def _settled(desk: NumberedDesk) -> list[str]:
    """Of those, who has been here for a month: something can have happened to them three weeks ago."""
    now = desk.now()
    found = {key: now.worker(key) for key in _plain(desk)}
    return [key for key, worker in found.items() if worker and worker.hire_on < desk.on - timedelta(days=30)]


def _is_ending(desk: NumberedDesk, key: str) -> bool:
    return any(entry.effective_on >= desk.on for entry in desk.entries(key, _ENDING))


def _coming(desk: NumberedDesk) -> list[str]:
    """Whose hire lies ahead; not who is converted, since the contractor would still be there on an earlier day."""
    return [
        key
        for key, history in desk.world.workers.items()
        if history.entries[0].changes.get("person") is None
        and any(entry.effective_on > desk.on for entry in desk.entries(key, _HIRE))
    ]


def _newcomers(desk: NumberedDesk) -> list[str]:
    """Whose hire can still be taken back: hired in this history, and nothing that builds on it happened since."""
    lately = [key for key in desk.world.workers if key[-6:] > f"{_FIRST_NUMBER:06d}"]
    return [key for key in lately if len(desk.entries(key)) == 1 and desk.entries(key, _HIRE)]


def _ended(desk: NumberedDesk) -> list[str]:
    """Whose ending was entered, whether or not it has come."""
    return [key for key in desk.world.workers if desk.entries(key, _ENDING) and not _is_back(desk, key)]


def _is_back(desk: NumberedDesk, key: str) -> bool:
    """Whether somebody was hired again after the ending, under this id or another."""
    ended = max(entry.entered_at for entry in desk.entries(key, _ENDING))
    again = any(entry.entered_at > ended for entry in desk.entries(key, _HIRE))
    return again or any(history.entries[0].changes.get("person") == key for history in desk.world.workers.values())


def _gone(desk: NumberedDesk) -> list[str]:
    """Employees who left and did not come back."""
    return [
        worker.key
        for worker in _everybody(desk)
        if not worker.contingent
        and worker.person is None
        and worker.terminated_on is not None
        and worker.terminated_on < desk.on
        and desk.entries(worker.key, _ENDING)
        and not _is_back(desk, worker.key)
    ]


def _contractors(desk: NumberedDesk) -> list[str]:
    return [
        worker.key
        for worker in _everybody(desk)
        if worker.contingent
        and worker.hire_on < desk.on - timedelta(days=20)
        and worker.is_active(desk.on)
        and worker.terminated_on is None
        and not desk.entries(worker.key, _ENDING)
    ]


def _leaders(desk: NumberedDesk) -> list[str]:
    return [team.manager for team in led_teams(desk).values() if team.manager and not _is_ending(desk, team.manager)]


def led_teams(desk: NumberedDesk) -> dict[str, Any]:
    """The led teams below a plant."""
    now = desk.now()
    found = {key: now.organization(key) for key in desk.world.organizations if key.count("-") == 2}
    return {key: team for key, team in found.items() if team and team.kind == "SUPERVISORY" and team.manager}


def _promotions(desk: NumberedDesk) -> list[str]:
    """Who could lead which team next."""
    plain = _plain(desk)
    return [f"{team}|{plain[(7 * place) % len(plain)]}" for place, team in enumerate(led_teams(desk)) if plain]


def _centers(desk: NumberedDesk) -> list[str]:
    return [center.ref_id for center in company.COST_CENTERS]


# What happens


def _worker(desk: NumberedDesk, who: str) -> Worker:
    found = desk.now().worker(who)
    if found is None:
        raise LookupError(f"{who} is not known yet")
    return found


def _hire(desk: NumberedDesk, who: str, pick: int, *, days: int = 0, contingent: bool = False) -> None:
    sign = -1 if days < 0 else 1
    desk.hire(who, on=desk.on + timedelta(days=days and days + sign * (pick % 7)), contingent=contingent)


def _move_hire(desk: NumberedDesk, who: str, pick: int) -> None:
    hired = desk.world.workers[who].first(by=desk.tick())
    later = desk.on + timedelta(days=1 + pick % 9)
    jobs = tuple(msgspec.structs.replace(job, since_on=later) for job in hired.jobs)
    desk.correct(who, _HIRE, {"hire_on": later, "jobs": jobs}, on=later)


def _end(desk: NumberedDesk, who: str, pick: int, *, days: int = -1) -> None:
    sign = -1 if days < 0 else 1
    desk.terminate(_worker(desk, who), last_day=desk.on + timedelta(days=days + sign * (pick % 5)))


def _correct_ending(desk: NumberedDesk, who: str, pick: int) -> None:
    last_day = desk.on + timedelta(days=pick % 9 - 4)
    desk.correct(who, _ENDING, {"terminated_on": last_day}, on=last_day)


def _transfer(desk: NumberedDesk, who: str, pick: int, *, days: int = 0) -> None:
    worker = _worker(desk, who)
    elsewhere = [location for location in PLANTS if location != worker.primary_job.location]
    location = elsewhere[0] if pick % 5 else elsewhere[-1]
    desk.transfer_on(worker, location=location, on=desk.on + timedelta(days=days))


def _move(desk: NumberedDesk, who: str, pick: int, *, days: tuple[int, ...] = (0,)) -> None:
    """Move somebody to other cost centers of the plant: today, another day, or several times."""
    worker = _worker(desk, who)
    pcn = PLANTS[worker.primary_job.location].pcn
    centers = [center.ref_id for center in company.COST_CENTERS if pcn in center.plants]
    for number, day in enumerate(days):
        center = centers[(pick + number) % len(centers)]
        desk.move_to(worker, cost_center=center, on=desk.on + timedelta(days=day))


def _leave(desk: NumberedDesk, who: str, pick: int) -> None:
    worker = _worker(desk, who)
    if worker.leave_on is None:
        desk.start_leave(worker)
    else:
        desk._change(worker, {"leave_on": None}, kind="Return Worker from Leave")


def _rehire_as_new(desk: NumberedDesk, who: str, pick: int) -> None:
    desk.rehire_as_new(_worker(desk, who))


def _convert(desk: NumberedDesk, who: str, pick: int, *, days: int) -> None:
    desk.convert(_worker(desk, who), on=desk.on + timedelta(days=days))


def _convert_with_gap(desk: NumberedDesk, who: str, pick: int) -> None:
    """Let a contractor end today and begin as an employee in some days."""
    desk.convert(_worker(desk, who), on=desk.on + timedelta(days=3 + pick % 9))
    desk.correct(who, _ENDING, {"terminated_on": desk.on}, on=desk.on)


def _lead(desk: NumberedDesk, who: str, pick: int) -> None:
    """Give a team another manager."""
    team, manager = who.split("|")
    desk.world.organizations.change(team, {"manager": manager}, kind="Assign Roles", on=desk.on, at=desk.tick())


def _change_team(desk: NumberedDesk, who: str, pick: int) -> None:
    teams = sorted(led_teams(desk))
    desk.change_primary_job(_worker(desk, who), kind="Move Workers", organization=teams[pick % len(teams)])


def _second_job(desk: NumberedDesk, who: str, pick: int) -> None:
    desk.add_job(_worker(desk, who), location=list(PLANTS)[pick % len(PLANTS)])


VERBS: dict[str, Verb] = {
    "hire": Verb(_places, _hire),
    "hire later": Verb(_places, partial(_hire, days=1)),
    "hire entered late": Verb(_places, partial(_hire, days=-1)),
    "move a hire": Verb(_coming, _move_hire),
    "rescind a hire": Verb(_newcomers, lambda desk, who, _pick: desk.rescind(who, _HIRE)),
    "contract": Verb(_places, partial(_hire, days=-21, contingent=True)),
    "end": Verb(_plain, _end),
    "end later": Verb(_plain, partial(_end, days=0)),
    "end entered late": Verb(_settled, partial(_end, days=-5)),
    "end a leader": Verb(_leaders, _end),
    "rescind an ending": Verb(_ended, lambda desk, who, _pick: desk.rescind(who, _ENDING)),
    "correct an ending": Verb(_ended, _correct_ending),
    "transfer": Verb(_plain, _transfer),
    "transfer later": Verb(_plain, partial(_transfer, days=6)),
    "transfer entered late": Verb(_settled, partial(_transfer, days=-21)),
    "move": Verb(_plain, _move),
    "move later": Verb(_plain, partial(_move, days=(4,))),
    "move entered late": Verb(_settled, partial(_move, days=(-9,))),
    "move three times later": Verb(_plain, partial(_move, days=(3, 6, 8))),
    "move twice a day": Verb(_plain, partial(_move, days=(0, 0))),
    "change job": Verb(_plain, lambda desk, who, _pick: desk.change_job(_worker(desk, who))),
    "leave or return": Verb(_plain, _leave),
    "rehire": Verb(_gone, lambda desk, who, _pick: desk.rehire(_worker(desk, who))),
    "rehire under a new id": Verb(_gone, _rehire_as_new),
    "convert": Verb(_contractors, partial(_convert, days=0)),
    "convert later": Verb(_contractors, partial(_convert, days=8)),
    "convert entered late": Verb(_contractors, partial(_convert, days=-14)),
    "convert with a gap": Verb(_contractors, _convert_with_gap),
    "lead": Verb(_promotions, _lead),
    "change team": Verb(_plain, _change_team),
    "renumber": Verb(_plain, lambda desk, who, _pick: desk.renumber(_worker(desk, who), f"E{who}")),
    "second job": Verb(_plain, _second_job),
    "rename a cost center": Verb(_centers, lambda desk, who, pick: desk.rename(who, name=f"{who} {pick}")),
    "raise pay": Verb(_plain, lambda desk, who, _pick: desk.raise_pay(_worker(desk, who))),
}
QUIET = "nothing"


def histories(*, days: int = DAYS, events: int = EVENTS) -> st.SearchStrategy[History]:
    """Histories of so many days; a failing one shrinks towards one in which little happens."""
    event = st.builds(
        Event,
        day=st.integers(0, days - 1),
        verb=st.sampled_from((QUIET, *VERBS)),
        pick=st.integers(0, 99),
    )
    drawn = st.lists(event, min_size=events, max_size=events)
    return drawn.map(lambda all_: {number: each for number, each in enumerate(all_) if each.verb != QUIET})


_UNLOGGED, _WEEK = {"lead"}, 7


def found_tenant(start: date = START) -> Tenant:
    """The manufacturer on the first day, with a few contractors to convert and a few who left and may come back."""
    tenant = Tenant(seed=7, workers=WORKERS, today=start)
    desk = desk_of(tenant, number=-1, seed="before")
    long_ago, lately = start - timedelta(days=90), start - timedelta(days=20)
    for location in ("DET", "DET", "TOL", "HQ"):
        desk.hire(location, on=long_ago, contingent=True)
    for worker in sorted(desk.plain_workers(), key=lambda worker: worker.hire_on)[:4]:
        desk.terminate(worker, last_day=lately)
    return tenant


def settle(events: History, *, start: date = START) -> list[Step]:
    """
    Find out whom each event happens to; what can happen to nobody does not happen.

    Nor does, in the last week, what no log tells: the weekly comparison that finds it would come after the end.
    """
    tenant = found_tenant(start)
    steps: list[Step] = []
    for number, (day, verb, pick) in sorted(events.items(), key=lambda each: (each[1].day, each[0])):
        if verb in _UNLOGGED and day >= DAYS - _WEEK:
            continue
        dawn(tenant, start + timedelta(days=day))
        desk = desk_of(tenant, number=number, seed=f"{verb}/{pick}")
        candidates = sorted(VERBS[verb].who(desk))
        if candidates:
            step = Step(day, number, verb, candidates[pick % len(candidates)], pick, VERBS[verb].do)
            with contextlib.suppress(LookupError):
                take(step, tenant)
                steps.append(step)
    return steps


def take(step: Step, tenant: Tenant) -> None:
    """Enter one step in the tenant as it is today."""
    desk = desk_of(tenant, number=step.number, seed=f"{step.verb}/{step.pick}")
    step.do(desk, step.who, step.pick)


def chance_of(events: History) -> Random:
    """A source of chance that goes with a history: the same history has the same."""
    return Random(repr(events))  # noqa: S311 - repeatable on purpose


def hired_in(number: int) -> str:
    """The key of an employee whom the step with this number hires; the position has the number before."""
    return f"{_FIRST_NUMBER + 10 * number + 2:06d}"


def dawn(tenant: Tenant, day: date, *, hours: float = 0) -> None:
    """Let the tenant's next day begin, so many hours after eight o'clock and without any event of its own."""
    tenant._today, tenant._moment = day, max(tenant._moment, morning(day) + timedelta(hours=hours))
    tenant._untouched = False


def desk_of(tenant: Tenant, *, number: int, seed: str) -> NumberedDesk:
    """The desk of today at which one step is entered."""
    random = Random(f"{number}/{seed}")  # noqa: S311 - repeatable on purpose
    return NumberedDesk(tenant._world, on=tenant.today, random=random, tick=tenant.now, number=number)
