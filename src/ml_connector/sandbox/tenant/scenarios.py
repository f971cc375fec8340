"""
Situations to play on demand: the ordinary ones, and those that hurt integrations in the field.

Each returns the keys of what it touched. What needs the tenant itself (who may see whom, a hire between two pages)
lives in `tenant.py`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import msgspec

from ml_connector.sandbox import company
from ml_connector.sandbox.tenant import reorganizations
from ml_connector.sandbox.tenant.days import RENAMED
from ml_connector.sandbox.tenant.desk import PLANTS, Desk
from ml_connector.sandbox.tenant.facts import Worker
from ml_connector.sandbox.tenant.reference_scenarios import REFERENCE_SCENARIOS

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


def _future_rehire(desk: Desk) -> list[str]:
    """Let somebody who left be hired again, under the same id, in a week."""
    back = _ended(desk, gone=True)
    desk.rehire(back, on=desk.on + timedelta(days=7))
    return [back.key]


def _rehire_unlinked(desk: Desk) -> list[str]:
    """Hire somebody who left under a new id, in a tenant that gives the new record no universal id."""
    back = _ended(desk, gone=True)
    return [back.key, desk.rehire_as_new(back, unlinked=True).key]


def _id_reused(desk: Desk) -> list[str]:
    """Give somebody new the employee id of somebody who has left."""
    now = desk.now()
    workers = [worker for key in desk.world.workers if (worker := now.worker(key)) is not None]
    gone = [worker for worker in workers if not worker.contingent and not worker.is_active(desk.on)]
    if not gone:
        raise LookupError("nobody has left yet whose id could be used again: play terminate first")
    former = desk.random.choice(gone)
    return [former.key, desk.hire("DET", worker_id=former.worker_id).key]


def _transfer(desk: Desk) -> list[str]:
    worker = desk.pick(location="DET")
    desk.transfer(worker, location="TOL")
    return [worker.key]


def _transfer_submitted(desk: Desk) -> list[str]:
    """Ask for a transfer that nobody has approved yet."""
    worker = desk.pick(location="DET")
    desk.submit_transfer(worker, location="TOL")
    return [worker.key]


def _transfer_approved(desk: Desk) -> list[str]:
    """Approve it: it takes effect on the day it was asked for."""
    return [desk.approve_transfer()]


def _transfer_rescinded(desk: Desk) -> list[str]:
    """Take back the move to another plant that was entered last."""
    entered = {}
    for key, history in desk.world.workers.items():
        with contextlib.suppress(LookupError):
            entered[history.newest("Transfer Employee").entered_at] = key
    if not entered:
        raise LookupError("nobody has moved to another plant: play transfer or retro_transfer first")
    moved = entered[max(entered)]
    desk.rescind(moved, "Transfer Employee")
    return [moved]


def _change_job(desk: Desk) -> list[str]:
    worker = desk.pick()
    desk.change_job(worker)
    return [worker.key]


def _start_leave(desk: Desk) -> list[str]:
    worker = desk.pick()
    desk.start_leave(worker)
    return [worker.key]


def _end_leave(desk: Desk) -> list[str]:
    """Let the one whose leave began last come back."""
    now = desk.now()
    away = [
        worker
        for key in desk.world.workers
        if (worker := now.worker(key)) is not None and worker.leave_on is not None and worker.is_active(desk.on)
    ]
    if not away:
        raise LookupError("nobody is on leave who could come back: play leave first")
    back = max(away, key=lambda worker: (worker.leave_on, worker.key))
    desk.end_leave(back)
    return [back.key]


def _terminate(desk: Desk, count: int = 1) -> list[str]:
    workers = desk.plain_workers()
    gone = desk.random.sample(workers, k=min(count, len(workers)))
    for worker in gone:
        desk.terminate(worker, last_day=desk.on - timedelta(days=1))
    return [worker.key for worker in gone]


def _paid_through_later(desk: Desk) -> list[str]:
    """End somebody's employment as of yesterday, and pay them for ten days more."""
    worker = desk.pick()
    last_day = desk.on - timedelta(days=1)
    desk.terminate(worker, last_day=last_day, paid_through=last_day + timedelta(days=10))
    return [worker.key]


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


def _manager_cycle(desk: Desk) -> list[str]:
    """Let two supervisors each work in the other's team."""
    (first, leader), (second, other) = reorganizations.led_teams(desk)[:2]
    now = desk.now()
    for key, team in ((leader, second), (other, first)):
        worker = now.worker(key)
        if worker is not None:
            desk.change_primary_job(worker, kind="Change Job", organization=team)
    return [leader, other]


def _vacant_manager(desk: Desk) -> list[str]:
    """Let a supervisor go whom nobody replaces."""
    team, leader = reorganizations.led_teams(desk)[-1]
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
        held = worker.primary_job.cost_center
        following = centers[(centers.index(held) + 1) % len(centers) if held in centers else 0]
        desk.change_primary_job(worker, kind="Change Organization Assignments", cost_center=following)
        changed.append(key)
    return changed


def _contractor(desk: Desk) -> Worker:
    """One of the contingent workers; where there is none, one who came a month ago."""
    now = desk.now()
    known = [worker for key in desk.world.workers if (worker := now.worker(key)) is not None]
    found = [worker for worker in known if worker.contingent and worker.is_active(desk.on) and not worker.terminated_on]
    if not found:
        return desk.hire("DET", on=desk.on - timedelta(days=30), contingent=True)
    return desk.random.choice(found)


def _convert(desk: Desk, *, days: int) -> list[str]:
    contractor = _contractor(desk)
    return [contractor.key, desk.convert(contractor, on=desk.on + timedelta(days=days)).key]


def _gap_conversion(desk: Desk) -> list[str]:
    """Let a contractor end today and come back as an employee in ten days."""
    contractor = _contractor(desk)
    employee = desk.convert(contractor, on=desk.on + timedelta(days=10))
    desk.correct(contractor.key, "Terminate Employee", {"terminated_on": desk.on}, on=desk.on)
    return [contractor.key, employee.key]


def _ended(desk: Desk, *, gone: bool = False) -> Worker:
    """Whoever's ending was entered last; with *gone*, of those who left already."""
    now, entered = desk.now(), {}
    for key, history in desk.world.workers.items():
        worker = now.worker(key)
        with contextlib.suppress(LookupError):
            if worker is not None and not (gone and worker.is_active(desk.on)):
                entered[history.newest("Terminate Employee").entered_at] = worker
    if not entered:
        raise LookupError("nobody's employment ends: play terminate or future_termination first")
    return entered[max(entered)]


def _rehire_new_id(desk: Desk) -> list[str]:
    back = _ended(desk, gone=True)
    return [back.key, desk.rehire_as_new(back).key]


def _future_hire_moved(desk: Desk) -> list[str]:
    """Let a hire that lies ahead move by another week."""
    hired = desk.hire("DET", on=desk.on + timedelta(days=7))
    later = desk.on + timedelta(days=14)
    jobs = tuple(msgspec.structs.replace(job, since_on=later) for job in hired.jobs)
    desk.correct(hired.key, "Hire Employee", {"hire_on": later, "jobs": jobs}, on=later)
    return [hired.key]


def _future_hire_rescinded(desk: Desk) -> list[str]:
    hired = desk.hire("DET", on=desk.on + timedelta(days=7))
    desk.rescind(hired.key, "Hire Employee")
    return [hired.key]


def _hire_rescinded(desk: Desk) -> list[str]:
    """Take back the hire of the one who came last."""
    newest = max(desk.plain_workers(), key=lambda worker: worker.hire_on)
    desk.rescind(newest.key, "Hire Employee")
    return [newest.key]


def _old_hire_rescinded(desk: Desk) -> list[str]:
    """Take back a hire that lies months in the past, and so does all that is known of that worker."""
    long_ago = desk.on - timedelta(days=90)
    found = [worker for worker in desk.plain_workers(location="DET") if worker.hire_on < long_ago]
    if not found:
        raise LookupError("nobody has been in Detroit for three months")
    quietest = min(found, key=lambda worker: (len(desk.world.workers[worker.key].entries), worker.key))
    desk.rescind(quietest.key, "Hire Employee")
    return [quietest.key]


def _contractor_hired(desk: Desk) -> list[str]:
    return [desk.hire("DET", contingent=True).key]


def _unlogged_change(desk: Desk) -> list[str]:
    """Change somebody's last name, and let the transaction log tell nothing of it."""
    worker = desk.pick(location="DET")
    desk.marry(worker, last_name=f"{worker.last_name}-Adams")
    return [worker.key]


def _last_day_of_work_late(desk: Desk) -> list[str]:
    """End somebody in five days who works no more from tomorrow; that day is told when the ending has come."""
    worker = desk.pick(location="DET")
    desk.terminate(worker, last_day=desk.on + timedelta(days=5), last_worked_on=desk.on)
    return [worker.key]


def _future_termination(desk: Desk) -> list[str]:
    worker = desk.pick()
    desk.terminate(worker, last_day=desk.on + timedelta(days=5))
    return [worker.key]


def _termination_rescinded(desk: Desk) -> list[str]:
    worker = _ended(desk)
    desk.rescind(worker.key, "Terminate Employee")
    return [worker.key]


def _termination_corrected(desk: Desk) -> list[str]:
    """Let an ending turn out to be two days earlier."""
    worker = _ended(desk)
    last_day = desk.on - timedelta(days=3)
    desk.correct(worker.key, "Terminate Employee", {"terminated_on": last_day}, on=last_day)
    return [worker.key]


def _retro_transfer(desk: Desk) -> list[str]:
    """Enter today a move that took effect three weeks ago."""
    worker = next(each for each in desk.plain_workers(location="DET") if each.hire_on < desk.on - timedelta(days=30))
    desk.transfer_on(worker, location="TOL", on=desk.on - timedelta(days=21))
    return [worker.key]


def _future_transfer(desk: Desk) -> list[str]:
    worker = desk.pick(location="DET")
    desk.transfer_on(worker, location="TOL", on=desk.on + timedelta(days=6))
    return [worker.key]


def _future_rows(desk: Desk) -> list[str]:
    """Enter three moves that lie ahead for one worker: none of them may be skipped."""
    worker = desk.pick(location="DET")
    centers = [center.ref_id for center in company.COST_CENTERS if "101" in center.plants]
    for days, center in zip((3, 6, 8), centers, strict=False):
        desk.move_to(worker, cost_center=center, on=desk.on + timedelta(days=days))
    return [worker.key]


def _same_day(desk: Desk) -> list[str]:
    """Enter two moves for the same day: the later entry holds."""
    worker = desk.pick(location="DET")
    centers = [center.ref_id for center in company.COST_CENTERS if "101" in center.plants]
    for center in centers[:2]:
        desk.move_to(worker, cost_center=center, on=desk.on)
    return [worker.key]


def _new_names(desk: Desk) -> list[str]:
    """Let one worker in a hundred, and somebody at least, take another last name."""
    count = max(1, len(desk.world.workers) // 100)
    renamed = desk.random.sample(desk.plain_workers(), k=count)
    for worker in renamed:
        desk.change_name(worker)
    return [worker.key for worker in renamed]


def _employee_id_changed(desk: Desk) -> list[str]:
    worker = desk.pick()
    desk.renumber(worker, f"E{worker.worker_id}")
    return [worker.key]


def _two_jobs(desk: Desk, *, other: str = "DET") -> list[str]:
    worker = desk.pick(location="DET")
    desk.add_job(worker, location=other)
    return [worker.key]


def _second_job_ends(desk: Desk) -> list[str]:
    """Let the second job end of the one who was given it last."""
    now, given = desk.now(), {}
    for key, history in desk.world.workers.items():
        worker = now.worker(key)
        with contextlib.suppress(LookupError):
            if worker is not None and len(worker.jobs) > 1 and not worker.jobs[-1].assignment:
                given[history.newest("Add Additional Job").entered_at] = worker
    if not given:
        raise LookupError("nobody has a second job that could end: play two_plants or two_jobs first")
    worker = given[max(given)]
    desk.end_job(worker)
    return [worker.key]


def _international_assignment(desk: Desk) -> list[str]:
    """Send somebody of Detroit to Toledo for two days more, as if a border were between them."""
    worker = desk.pick(location="DET")
    desk.assign(worker, location="TOL", until=desk.on + timedelta(days=2))
    return [worker.key]


def _contradicting_facts(desk: Desk) -> list[str]:
    """Let somebody's position end a month before it begins."""
    worker = desk.pick(location="DET")
    desk.change_primary_job(worker, kind="Edit Position", ends_on=desk.on - timedelta(days=30))
    return [worker.key]


def _future_entry(desk: Desk) -> list[str]:
    """Let the log tell of a change that was entered two hours from now."""
    worker = desk.pick(location="DET")
    desk.change_name_early(worker, ahead=timedelta(hours=2))
    return [worker.key]


def _placeholder_date(desk: Desk) -> list[str]:
    """Give somebody's position an end in 9999, as a system does that has no word for never."""
    worker = desk.pick(location="DET")
    desk.change_primary_job(worker, kind="Edit Position", ends_on=date(9999, 12, 31))
    return [worker.key]


def _migrated_date(desk: Desk) -> list[str]:
    """Let somebody's position begin in 1900, as where records were migrated and nobody knew the day."""
    worker = desk.pick(location="DET")
    desk.change_primary_job(worker, kind="Edit Position", since_on=date(1900, 1, 1))
    return [worker.key]


def _legal_entity(desk: Desk) -> list[str]:
    """Let somebody stay where they work and belong to another company."""
    worker = desk.pick(location="DET")
    desk.change_primary_job(worker, kind="Change Organization Assignments", company="C90")
    return [worker.key]


SCENARIOS: dict[str, Callable[[Desk], list[str]]] = {
    "hire": _hire,
    "future_hire": _hire_in_future,
    "rehire": _rehire,
    "future_rehire": _future_rehire,
    "rehire_unlinked": _rehire_unlinked,
    "id_reused": _id_reused,
    "transfer": _transfer,
    "transfer_rescinded": _transfer_rescinded,
    "transfer_submitted": _transfer_submitted,
    "transfer_approved": _transfer_approved,
    "change_job": _change_job,
    "leave": _start_leave,
    "leave_end": _end_leave,
    "terminate": _terminate,
    "mass_termination": _mass_termination,
    "paid_through_later": _paid_through_later,
    "contradicting_facts": _contradicting_facts,
    "placeholder_date": _placeholder_date,
    "migrated_date": _migrated_date,
    "future_entry": _future_entry,
    "rename_cost_center": _rename_cost_center,
    "cost_center_inactivated": reorganizations.inactivate_cost_center,
    "cost_centers_merged": reorganizations.merge_cost_centers,
    "team_renamed": reorganizations.rename_team,
    "team_moved": reorganizations.move_team,
    "teams_merged": reorganizations.merge_teams,
    "unlogged_change": _unlogged_change,
    "unmapped_job": _unmapped_job,
    "no_employee_id": _no_employee_id,
    "two_primary_jobs": _two_primary_jobs,
    "long_name": _long_name,
    "manager_cycle": _manager_cycle,
    "vacant_manager": _vacant_manager,
    "same_field_change": _same_field_change,
    "conversion": partial(_convert, days=0),
    "backdated_conversion": partial(_convert, days=-14),
    "future_conversion": partial(_convert, days=8),
    "gap_conversion": _gap_conversion,
    "rehire_new_id": _rehire_new_id,
    "future_hire_moved": _future_hire_moved,
    "future_hire_rescinded": _future_hire_rescinded,
    "hire_rescinded": _hire_rescinded,
    "old_hire_rescinded": _old_hire_rescinded,
    "contractor_hired": _contractor_hired,
    "last_day_of_work_late": _last_day_of_work_late,
    "future_termination": _future_termination,
    "termination_rescinded": _termination_rescinded,
    "termination_corrected": _termination_corrected,
    "retro_transfer": _retro_transfer,
    "future_transfer": _future_transfer,
    "future_rows": _future_rows,
    "same_day": _same_day,
    "new_names": _new_names,
    "employee_id_changed": _employee_id_changed,
    "two_jobs": _two_jobs,
    "two_plants": partial(_two_jobs, other="TOL"),
    "second_job_ends": _second_job_ends,
    "international_assignment": _international_assignment,
    "legal_entity_change": _legal_entity,
    **REFERENCE_SCENARIOS,
}
