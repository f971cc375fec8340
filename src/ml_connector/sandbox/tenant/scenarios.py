"""
Situations to play on demand: the ordinary ones, and those that hurt integrations in the field.

Each returns the keys of what it touched. What needs the tenant itself (who may see whom, a hire between two pages)
lives in `tenant.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from ml_connector.sandbox import company
from ml_connector.sandbox.tenant.days import RENAMED
from ml_connector.sandbox.tenant.desk import PLANTS, Desk

_LONG_NAME = ("Wolfeschlegelsteinhausenbergerdorff-" * 9)[:300]


def _hire(desk: Desk) -> list[str]:
    return [desk.hire("DET").key]


def _hire_in_future(desk: Desk) -> list[str]:
    return [desk.hire("DET", on=desk.on + timedelta(days=7)).key]


def _rehire(desk: Desk) -> list[str]:
    now = desk.now()
    workers = [worker for key in desk.world.workers if (worker := now.worker(key)) is not None]
    gone = [worker for worker in workers if not worker.contingent and not worker.is_active(desk.on)]
    if not gone:
        raise LookupError("nobody has left yet who could come back: play terminate first")
    back = desk.random.choice(gone)
    desk.rehire(back)
    return [back.key]


def _transfer(desk: Desk) -> list[str]:
    worker = desk.pick(location="DET")
    desk.transfer(worker, location="TOL")
    return [worker.key]


def _change_job(desk: Desk) -> list[str]:
    worker = desk.pick()
    desk.change_job(worker)
    return [worker.key]


def _start_leave(desk: Desk) -> list[str]:
    worker = desk.pick()
    desk.start_leave(worker)
    return [worker.key]


def _terminate(desk: Desk, count: int = 1) -> list[str]:
    workers = desk.plain_workers()
    gone = desk.random.sample(workers, k=min(count, len(workers)))
    for worker in gone:
        desk.terminate(worker, last_day=desk.on - timedelta(days=1))
    return [worker.key for worker in gone]


def _mass_termination(desk: Desk) -> list[str]:
    return _terminate(desk, 24)


def _rename_cost_center(desk: Desk) -> list[str]:
    center, name = RENAMED
    desk.rename(center, name=name)
    return [center]


def _unmapped_job(desk: Desk) -> list[str]:
    return [desk.hire_unmapped().key]


def _no_employee_id(desk: Desk) -> list[str]:
    return [desk.hire("DET", worker_id=None).key]


def _two_primary_jobs(desk: Desk) -> list[str]:
    worker = desk.pick(location="DET")
    desk.claim_second_primary(worker)
    return [worker.key]


def _long_name(desk: Desk) -> list[str]:
    return [desk.hire("TOL", last_name=_LONG_NAME).key]


def _teams(desk: Desk) -> list[tuple[str, str]]:
    """Pair each led team below a plant with its leader."""
    now = desk.now()
    pairs = []
    for key in sorted(desk.world.organizations):
        found = now.organization(key)
        if found is not None and found.kind == "SUPERVISORY" and found.manager is not None and key.count("-") == 2:
            pairs.append((key, found.manager))
    if len(pairs) < 2:
        raise LookupError("this needs two supervisors: start the sandbox with more workers")
    return pairs


def _manager_cycle(desk: Desk) -> list[str]:
    """Let two supervisors each work in the other's team."""
    (first, leader), (second, other) = _teams(desk)[:2]
    now = desk.now()
    for key, team in ((leader, second), (other, first)):
        worker = now.worker(key)
        if worker is not None:
            desk.change_primary_job(worker, kind="Change Job", organization=team)
    return [leader, other]


def _vacant_manager(desk: Desk) -> list[str]:
    """Let a supervisor go whom nobody replaces."""
    team, leader = _teams(desk)[-1]
    worker = desk.now().worker(leader)
    if worker is not None:
        desk.terminate(worker, last_day=desk.on - timedelta(days=1))
    return [leader, team]


def _same_field_change(desk: Desk) -> list[str]:
    """Let a mistaken reorganization move everybody to the next cost center of their plant."""
    now = desk.now()
    changed = []
    for key in list(desk.world.workers):
        worker = now.worker(key)
        if worker is None or not worker.is_active(desk.on):
            continue
        pcn = PLANTS[worker.primary_job.location].pcn
        centers = [center.ref_id for center in company.COST_CENTERS if pcn in center.plants]
        following = centers[(centers.index(worker.primary_job.cost_center) + 1) % len(centers)]
        desk.change_primary_job(worker, kind="Change Organization Assignments", cost_center=following)
        changed.append(key)
    return changed


SCENARIOS: dict[str, Callable[[Desk], list[str]]] = {
    "hire": _hire,
    "future_hire": _hire_in_future,
    "rehire": _rehire,
    "transfer": _transfer,
    "change_job": _change_job,
    "leave": _start_leave,
    "terminate": _terminate,
    "mass_termination": _mass_termination,
    "rename_cost_center": _rename_cost_center,
    "unmapped_job": _unmapped_job,
    "no_employee_id": _no_employee_id,
    "two_primary_jobs": _two_primary_jobs,
    "long_name": _long_name,
    "manager_cycle": _manager_cycle,
    "vacant_manager": _vacant_manager,
    "same_field_change": _same_field_change,
}
