"""
What two histories are compared by.

`everything` is all that Plex holds, but for moments and numbers Plex gives: two runs that saw the same on the same days
must agree on it to the letter.

`master` is what must be the same however the present was reached: everybody at work, by the number people know them by,
with every field, and planned headcount and setup rows as far as somebody at work or a seat stands on them. Left out by
rule is what a longer way leaves behind: records that ended (who came and went between two looks was never created;
whoever did end keeps the fields of the last day somebody looked), and setup rows nobody stands on any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_connector.sandbox import company
from ml_connector.sandbox.tenant.facts import Worker
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.tenant.world import AsOf
from tests.laws.firm import Firm

_PCN = {plant.location: plant.pcn for plant in company.PLANTS}
_PROFILES = {profile.ref_id: profile.plex_position for profile in (*company.JOB_PROFILES, company.UNMAPPED_JOB)}
_DEPARTMENTS = {center.ref_id: center.department_code for center in company.COST_CENTERS}
_BY_HAND = {"90001", "90002", "90003", "90004", "90005"}


def everything(firm: Firm) -> dict[str, Any]:
    return firm.plex()


def master(firm: Firm) -> dict[str, Any]:
    plex = firm.plex()
    names = {row["id"]: f"{row['pcn']} {row['badgeNumber']}" for row in plex["employees"]}
    at_work = [row for row in plex["employees"] if row["status"] != "Inactive"]
    known = {row["id"] for row in at_work}
    people = {
        names[row["id"]]: row | {"id": None, "supervisorId": names.get(row["supervisorId"], row["supervisorId"])}
        for row in at_work
    }
    attributes = {
        names[row["Resource_ID"]]: (row["External_Employee_ID"], row["Cost_Center_No"])
        for row in plex["employee_attributes"]
        if row["Resource_ID"] in known
    }
    stand = seats(firm.tenant)
    used = {(row["pcn"], row["position"]) for row in at_work} | {(pcn, position) for pcn, position, _ in stand}
    used |= {(row["pcn"], row["department"]) for row in at_work} | {(pcn, department) for pcn, _, department in stand}
    return {
        "people": people,
        "attributes": attributes,
        "headcount": {
            (row["pcn"], row["Position"], row["Department_Code"], row["Shift"]): row["Staffing_Level"]
            for row in plex["headcount"]
            if (row["pcn"], row["Position"], row["Department_Code"]) in stand
        },
        "positions": {(row["pcn"], row["Position"]) for row in plex["positions"]} & used,
        "departments": {(row["pcn"], row["Department_Code"]) for row in plex["departments"]} & used,
    }


def ending(firm: Firm) -> dict[str, Any]:
    """All that Plex holds and all that we believe."""
    return everything(firm) | {f"our {name}": rows for name, rows in firm.ours().items()}


def at_work(firm: Firm) -> dict[str, tuple[str, str]]:
    """Who is at work by Plex, by plant and number: position and department; without those keyed in by hand."""
    return {
        f"{row['pcn']} {row['badgeNumber']}": (row["position"], row["department"])
        for row in firm.plex()["employees"]
        if row["status"] != "Inactive" and row["badgeNumber"] not in _BY_HAND
    }


def expected(firm: Firm) -> dict[str, tuple[str, str]]:
    """The same by Workday's own facts, without our program."""
    view = firm.tenant.view()
    as_of = AsOf(view.world, on=view.today, by=view.now)
    workers = [worker for key in view.workers if (worker := as_of.worker(key)) is not None]
    return {
        f"{_PCN[job.location]} {'CW-' * _is_unmarked(worker)}{worker.worker_id}": (
            _PROFILES[job.job_profile],
            _DEPARTMENTS[job.cost_center],
        )
        for worker in workers
        if as_of.is_active(worker)
        for job in reversed(worker.jobs)  # of several in one plant the first, which is the primary one, counts
    }


def _is_unmarked(worker: Worker) -> bool:
    """A contingent worker whose number does not say so itself: the badge does (WP-01)."""
    return worker.contingent and not worker.worker_id.startswith("CW-")


def check_truth(firm: Firm) -> None:
    """Whoever is at work by Workday is at work by Plex, in that place, and nobody else."""
    wrong = differences({"Plex | Workday": at_work(firm)}, {"Plex | Workday": expected(firm)})
    if wrong:
        review = firm.begin().tools.review
        waiting = [f"{item.key} {item.code}: {item.reason}" for item in review.parked("acme")]
        waiting += [hold.reason for hold in review.holds("acme", state="open")]
        raise AssertionError("\n".join([f"on day {firm.day}:", *wrong, "waiting:", *waiting]))


def ended(firm: Firm) -> set[str]:
    """Whom Plex knows as no longer at work."""
    return {f"{row['pcn']} {row['badgeNumber']}" for row in firm.plex()["employees"] if row["status"] == "Inactive"}


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """What of two states is not the same, a line each: easier to read than two states."""
    lines = []
    for name in sorted(first.keys() | second.keys()):
        one, other = first.get(name), second.get(name)
        if one == other:
            continue
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            keys = sorted((key for key in one.keys() | other.keys() if one.get(key) != other.get(key)), key=str)
            lines += [f"{name} {key}: {_part(one.get(key), other.get(key))}" for key in keys]
        elif isinstance(one, list | set | frozenset) and isinstance(other, list | set | frozenset):
            lines += [f"{name}: only in the first: {row}" for row in one if row not in other]
            lines += [f"{name}: only in the second: {row}" for row in other if row not in one]
        else:
            lines.append(f"{name}: {one} | {other}")
    return lines


def _part(one: Any, other: Any) -> str:
    if not (isinstance(one, Mapping) and isinstance(other, Mapping)):
        return f"{one} | {other}"
    names = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
    return ", ".join(f"{name} {one.get(name)!r} | {other.get(name)!r}" for name in names)


def seats(tenant: Tenant) -> set[tuple[str, str, str]]:
    """Plant, position and department of every seat there is today, by Workday's own facts."""
    view = tenant.view()
    return {
        (_PCN[position.location], _PROFILES[position.job_profile], _DEPARTMENTS[position.cost_center])
        for history in view.world.positions.values()
        if (position := history.at(view.today, by=view.now)) is not None
    }
