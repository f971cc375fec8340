"""What happens on a day: the first one follows a script, every later one is small and ruled by seed and date."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ml_connector.sandbox.tenant.desk import PLANTS, Desk

RENAMED = ("CC4300", "Final Assembly")


def play_story_day(desk: Desk) -> dict[str, Any]:
    """
    Three hires (one into a job nobody has mapped), a transfer, a termination, a cost center renamed.

    A tenant too small for the transfer or the termination goes without.
    """
    told: dict[str, Any] = {"hired": [desk.hire("DET").key, desk.hire("TOL").key, desk.hire_unmapped("DET").key]}
    told |= {"transferred": [], "terminated": []}
    if desk.plain_workers(location="DET"):
        moved = desk.pick(location="DET")
        desk.transfer(moved, location="TOL")
        told["transferred"].append(moved.key)
    stayed = [worker for worker in desk.plain_workers(location="TOL") if worker.key not in told["transferred"]]
    if stayed:
        left = desk.random.choice(stayed)
        desk.terminate(left, last_day=desk.on - timedelta(days=1))
        told["terminated"].append(left.key)
    center, name = RENAMED
    desk.rename(center, name=name)
    return told | {"renamed": [center]}


def play_ordinary_day(desk: Desk) -> dict[str, Any]:
    """A few hires, leavers, moves and rises, and on most days not all of them."""
    random = desk.random
    told: dict[str, Any] = {"hired": [], "terminated": [], "transferred": [], "changed_job": [], "pay_raised": []}
    for _ in range(random.randrange(3)):
        told["hired"].append(desk.hire(random.choice(list(PLANTS))).key)
    for name, count in (("terminated", 2), ("transferred", 2), ("changed_job", 2), ("pay_raised", 3)):
        for _ in range(random.randrange(count)):
            if desk.plain_workers():
                told[name].append(_happen(desk, name))
    return told


def _happen(desk: Desk, name: str) -> str:
    worker = desk.pick()
    if name == "terminated":
        desk.terminate(worker, last_day=desk.on - timedelta(days=1))
    elif name == "transferred":
        elsewhere = [location for location in ("DET", "TOL") if location != worker.primary_job.location]
        desk.transfer(worker, location=desk.random.choice(elsewhere))
    elif name == "changed_job":
        desk.change_job(worker)
    else:
        desk.raise_pay(worker)
    return worker.key
