"""
Situations in which what people point to changes: cost centers that open, close and are limited, jobs that change class.

Each returns the keys of what it touched, as those in `scenarios.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from ml_connector.sandbox.tenant.desk import Desk
from ml_connector.sandbox.tenant.reorganizations import inactivate_cost_center

NEW, _PARTS = "CC4800", ("CC4810", "CC4820")
_RESTRICTED, _OTHER_COMPANY, _HIERARCHY = "CC5200", "C90", "CH-ACME"


def _future_cost_center(desk: Desk) -> list[str]:
    """Open a cost center in a week, and let somebody move to it on its first day."""
    opens = desk.on + timedelta(days=7)
    worker = desk.pick(location="DET")
    facts = {"name": "Robotics", "code": "4800", "available_on": opens, "superior": "CCH-ALL"}
    desk.put_organization(NEW, facts, kind="COST_CENTER", on=desk.on)
    desk.move_to(worker, cost_center=NEW, on=opens)
    return [NEW, worker.key]


def _future_cost_center_seat(desk: Desk) -> list[str]:
    """Let somebody be in that cost center already, before its first day."""
    center, moved = _future_cost_center(desk)
    worker = next(each for each in desk.plain_workers(location="DET") if each.key != moved)
    desk.move_to(worker, cost_center=center, on=desk.on)
    return [center, worker.key, moved]


def _cost_center_reactivated(desk: Desk) -> list[str]:
    """Open every cost center again that was closed."""
    now = desk.now()
    closed = [key for key in desk.world.organizations if (found := now.organization(key)) and not found.active]
    for key in closed:
        desk.put_organization(key, {"active": True}, kind="COST_CENTER", on=desk.on)
    return closed


def _move_to_inactive(desk: Desk) -> list[str]:
    """Close a cost center from today, and move somebody into it all the same."""
    center = inactivate_cost_center(desk)[0]
    worker = next(each for each in desk.plain_workers(location="DET") if each.primary_job.cost_center != center)
    desk.move_to(worker, cost_center=center, on=desk.on)
    return [center, worker.key]


def _cost_center_split(desk: Desk) -> list[str]:
    """Close a cost center from today for two new ones, with its people still to be told which of them is theirs."""
    center, *members = inactivate_cost_center(desk)
    for key in _PARTS:
        code = key.removeprefix("CC")
        facts = {"name": f"Split {code}", "code": code, "available_on": desk.on, "superior": "CCH-ALL"}
        desk.put_organization(key, facts, kind="COST_CENTER", on=desk.on)
    return [center, *_PARTS, *members]


def _cost_center_restricted(desk: Desk) -> list[str]:
    """Limit a cost center to another company than the one of those who are in it."""
    desk.put_organization(_RESTRICTED, {"restricted_to": (_OTHER_COMPANY,)}, kind="COST_CENTER", on=desk.on)
    return [_RESTRICTED]


def _cost_center_restricted_to_hierarchy(desk: Desk) -> list[str]:
    """Limit a cost center to a hierarchy of companies, which says nothing about any one company."""
    desk.put_organization(_RESTRICTED, {"restricted_to": (_HIERARCHY,)}, kind="COST_CENTER", on=desk.on)
    return [_RESTRICTED]


def _change_profile(desk: Desk, key: str, *, days: int, **changes: object) -> list[str]:
    on = desk.on + timedelta(days=days)
    facts = {**changes, "since_on": on}
    desk.world.job_profiles.change(key, facts, kind="Edit Job Profile", on=on, at=desk.tick())
    return [key]


def _job_reclassified(desk: Desk) -> list[str]:
    """Enter today that material handling is direct work since last week."""
    return _change_profile(desk, "JP-MATL", days=-8, category="Direct")


def _job_inactivated(desk: Desk) -> list[str]:
    return _change_profile(desk, "JP-CLRK", days=0, active=False)


REFERENCE_SCENARIOS: dict[str, Callable[[Desk], list[str]]] = {
    "future_cost_center": _future_cost_center,
    "future_cost_center_too_early": _future_cost_center_seat,
    "cost_center_reactivated": _cost_center_reactivated,
    "cost_center_split": _cost_center_split,
    "move_to_inactive_cost_center": _move_to_inactive,
    "cost_center_restricted": _cost_center_restricted,
    "cost_center_restricted_to_hierarchy": _cost_center_restricted_to_hierarchy,
    "job_reclassified": _job_reclassified,
    "job_inactivated": _job_inactivated,
}
