"""Reorganizations: cost centers and teams that are renamed, closed, merged, or put below another superior."""

from __future__ import annotations

from collections import Counter

from ml_connector.sandbox import company
from ml_connector.sandbox.tenant.desk import Desk
from ml_connector.sandbox.tenant.facts import Worker
from ml_connector.sandbox.tenant.founding import SHOPS
from ml_connector.sandbox.tenant.setup import TOP


def led_teams(desk: Desk) -> list[tuple[str, str]]:
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


def inactivate_cost_center(desk: Desk) -> list[str]:
    """Close the smallest cost center of Detroit from today, with its people in it."""
    center = _centers(desk)[-1]
    desk.reorganize(center, active=False)
    return [center, *(worker.key for worker in _members(desk, center))]


def merge_cost_centers(desk: Desk) -> list[str]:
    """Close the smallest cost center of Detroit from today and move all its people to the largest of both shops."""
    *others, smallest = _centers(desk)
    shared = {center.ref_id for center in company.COST_CENTERS if set(SHOPS) <= set(center.plants)}
    largest = next((center for center in others if center in shared), others[0])
    moved = _members(desk, smallest)
    for worker in moved:
        desk.change_primary_job(worker, kind="Change Organization Assignments", cost_center=largest)
    desk.reorganize(smallest, active=False)
    return [smallest, largest, *(worker.key for worker in moved)]


def rename_team(desk: Desk) -> list[str]:
    """Give a supervisory organization another name."""
    team, _ = led_teams(desk)[0]
    desk.reorganize(team, name="Continuous Improvement")
    return [team]


def move_team(desk: Desk) -> list[str]:
    """Put a team directly below the executive office."""
    team, _ = led_teams(desk)[0]
    desk.reorganize(team, superior=TOP)
    return [team]


def merge_teams(desk: Desk) -> list[str]:
    """Let everybody of one team work for the leader of another, and close what is empty then."""
    (old, _), (new, leader) = led_teams(desk)[:2]
    now = desk.now()
    found = [worker for key in desk.world.workers if (worker := now.worker(key)) is not None]
    moved = [worker for worker in found if worker.primary_job.organization == old and worker.is_active(desk.on)]
    for worker in moved:
        desk.change_primary_job(worker, kind="Move Workers", organization=new)
    desk.reorganize(old, active=False, manager=None)
    return [old, new, leader, *(worker.key for worker in moved)]


def _centers(desk: Desk) -> list[str]:
    """List the cost centers the shop floor of Detroit works for, the largest first."""
    counted = Counter(worker.primary_job.cost_center for worker in desk.plain_workers(location="DET"))
    if len(counted) < 2:
        raise LookupError("this needs two cost centers with people: start the sandbox with more workers")
    return sorted(counted, key=lambda center: (-counted[center], center))


def _members(desk: Desk, center: str) -> list[Worker]:
    now = desk.now()
    found = [worker for key in desk.world.workers if (worker := now.worker(key)) is not None]
    return [worker for worker in found if worker.primary_job.cost_center == center and now.is_active(worker)]
