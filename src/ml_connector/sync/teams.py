"""
Whose manager left their seat: Workday's log tells of the manager and nothing of the team, whose manager is another by that.

So the team is read anew, by name, in the same run; who manages whom is what we hold already (CC-06). Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from ml_connector.canonical.workforce import Worker
from ml_connector.mapping.people import person_id


class Managed(msgspec.Struct):
    """A worker as far as it matters who manages them."""

    key: str
    manager_id: str | None = None
    manager_type: str = "employee"


def find_leavers(before: Mapping[str, Worker], now: Mapping[str, Worker]) -> set[str]:
    """The typed ids of who was at work before, by WID, and has ended or sits on another seat now."""
    return {
        person_id(worker.worker_type, number)
        for key, worker in now.items()
        if (was := before.get(key)) is not None and was.active is True and _seat(worker) != _seat(was)
        for number in {worker.employee_id, was.employee_id}
    }


def _seat(worker: Worker) -> object:
    job = worker.primary_job
    return None if worker.active is not True or job is None else job.position_id


def find_teams(everybody: Iterable[Managed], managers: Collection[str]) -> set[str]:
    """The WIDs of who reports to one of *managers*, by what is held of them."""
    return {
        each.key
        for each in everybody
        if each.manager_id is not None and person_id(each.manager_type, each.manager_id) in managers
    }
