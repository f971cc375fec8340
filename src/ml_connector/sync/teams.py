"""
Teams whose manager left their seat, came to a vacant one, or bears another number now. Workday logs the manager's
change and not the team's, which has another manager by it, or names theirs by a number that has passed to somebody
else.

So the team is read anew, by name, in the same run; who manages whom is what we hold already (CC-06). Which team a seat
leads is told nowhere, so whoever takes a seat may lead any that has nobody. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec
from msgspec import UNSET, UnsetType

from ml_connector.canonical.workforce import Worker
from ml_connector.mapping.people import person_id

# More than so many report to nobody in a tenant that names few managers, not for a vacancy.
_MOST_ALONE = 200


class _Led(msgspec.Struct):
    """Whom a worker reports to, in all or in one of several jobs."""

    manager_id: str | UnsetType | None = UNSET
    manager_type: str = "employee"


class Managed(_Led, kw_only=True):
    """A worker as far as it matters who manages them."""

    key: str
    active: bool | UnsetType = UNSET
    jobs: tuple[_Led, ...] | UnsetType = ()

    @property
    def bosses(self) -> set[str | None]:
        """Their typed ids, None for a vacancy; nobody where Workday does not tell."""
        jobs = () if isinstance(self.jobs, UnsetType) else self.jobs
        told = {(each.manager_type, each.manager_id) for each in (self, *jobs)}
        return {number and person_id(kind, number) for kind, number in told if number is not UNSET}


def find_leavers(before: Mapping[str, Worker], now: Mapping[str, Worker]) -> set[str]:
    """The typed ids, old and new, of who was at work before, by WID, and has ended, changed the seat or the number."""
    return {
        _number(each)
        for key, worker in now.items()
        if (was := before.get(key)) is not None and was.active is True
        if (_seat(worker), _number(worker)) != (_seat(was), _number(was))
        for each in (worker, was)
    }


def is_taken(before: Mapping[str, Worker], now: Mapping[str, Worker]) -> bool:
    """Whether anybody, by WID, sits on another seat than before, or is new."""
    return any(
        (seat := _seat(worker)) is not None and ((was := before.get(key)) is None or seat != _seat(was))
        for key, worker in now.items()
    )


def _number(worker: Worker) -> str:
    return person_id(worker.worker_type, worker.employee_id)


def _seat(worker: Worker) -> object:
    job = worker.primary_job
    return None if worker.active is not True or job is None else job.position_id


def find_teams(everybody: Iterable[Managed], managers: Collection[str], *, vacant: bool) -> set[str]:
    """
    The WIDs of who reports to one of *managers*, by what is held of them; where *vacant*, of who reports to nobody,
    too.
    """
    teams, alone = set[str](), set[str]()
    for each in everybody:
        bosses = each.bosses
        if not bosses.isdisjoint(managers):
            teams.add(each.key)
        elif vacant and each.active is True and None in bosses:
            alone.add(each.key)
    return teams | alone if len(alone) <= _MOST_ALONE else teams
