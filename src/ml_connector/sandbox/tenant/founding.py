"""
The manufacturer as it stands before the story begins, the same for the same seed, size and day.

Leaders first (chief executive, plant managers, supervisors), then everybody else by each plant's share.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

import msgspec

from ml_connector.sandbox import company
from ml_connector.sandbox.tenant.facts import Worker
from ml_connector.sandbox.tenant.people import PROFILES, Role, make_job, make_position, make_worker
from ml_connector.sandbox.tenant.setup import SINCE, TOP, found_organization, found_setup, morning
from ml_connector.sandbox.tenant.world import World

SHOPS = ("101", "102")


def found_world(*, seed: int, workers: int, today: date) -> World:
    """Found the manufacturer with so many *workers*, some of whom have left by *today*."""
    world, random = World(), Random(f"{seed}/founding")  # noqa: S311 - repeatable on purpose
    found_setup(world)
    for role in _roles(world, workers=workers, random=random):
        _employ(world, role=role, random=random, today=today)
    for _ in range(max(1, workers * 3 // 100)):
        _open_position(world, random=random, today=today)
    return world


def shift_for(profile: company.JobProfile, *, random: Random) -> str | None:
    """Pick a shift for those who work shifts: the shop floor and its supervisors. The day shift is the largest."""
    if not profile.shop and profile.ref_id != "JP-SUPV":
        return None
    return random.choices(company.SHIFTS, weights=(5, 3, 2))[0]


def pick_profile(plant: company.Plant, *, random: Random) -> tuple[company.JobProfile, str]:
    """Pick a job profile that exists in a plant, and one of its cost centers there."""
    choices, weights = _choices(plant)
    profile, centers = random.choices(choices, weights=weights)[0]
    return profile, random.choice(centers)


@cache
def _choices(plant: company.Plant) -> tuple[list[tuple[company.JobProfile, list[str]]], list[int]]:
    """List the job profiles a plant hires for, each with its cost centers there, and how often each is picked."""
    choices = [
        (profile, centers)
        for profile in company.JOB_PROFILES
        if profile.weight and not profile.manages and (centers := _centers(profile, plant=plant))
    ]
    return choices, [profile.weight for profile, _ in choices]


def _centers(profile: company.JobProfile, *, plant: company.Plant) -> list[str]:
    there = {center.ref_id for center in company.COST_CENTERS if plant.pcn in center.plants}
    return [center for center in profile.cost_centers if center in there]


def _quotas(workers: int) -> dict[str, int]:
    quotas: dict[str, int] = {}
    before = share = 0.0
    for plant in company.PLANTS:
        share += plant.share
        quotas[plant.pcn] = round(workers * share) - round(workers * before)
        before = share
    return quotas


def _roles(world: World, *, workers: int, random: Random) -> Iterator[Role]:
    """Yield exactly so many roles, leaders first; the organization of each leader is founded on the way."""
    plants = {plant.pcn: plant for plant in company.PLANTS}
    left = _quotas(workers)
    teams: dict[str, list[str]] = {pcn: [] for pcn in plants}
    leaders = [_lead(plants["100"], "JP-CEO", center="CC7100", leads=TOP)]
    leaders += [_lead(plants[pcn], "JP-PMGR", center="CC6100", leads=_found_plant(world, plants[pcn])) for pcn in SHOPS]
    for pcn in SHOPS:
        for number in range(1, 1 + (left[pcn] * 55 // 1000 or left[pcn] // 6)):
            leader = _supervise(world, plants[pcn], number=number)
            leaders.append(leader)
            teams[pcn].append(leader.leads or "")
    for leader in leaders[:workers]:
        left[leader.plant.pcn] -= 1
        yield leader
    followers = [plants[pcn] for pcn, count in left.items() for _ in range(count)]
    for plant in followers[: max(0, workers - len(leaders))]:
        profile, center = pick_profile(plant, random=random)
        team = random.choice(teams[plant.pcn]) if profile.shop and teams[plant.pcn] else top_of(plant)
        shift = shift_for(profile, random=random)
        yield Role(plant=plant, profile=profile, cost_center=center, organization=team, shift=shift)


def top_of(plant: company.Plant) -> str:
    """Name the organization of a plant's manager; head office has the chief executive's own."""
    return f"{TOP[:-3]}{plant.pcn}"


def _found_plant(world: World, plant: company.Plant) -> str:
    reference_id, name = top_of(plant), f"{plant.company_code} Operations"
    found_organization(world, reference_id, kind="SUPERVISORY", name=name, superior=TOP, location=plant.location)
    return reference_id


def _lead(plant: company.Plant, profile: str, *, center: str, leads: str) -> Role:
    return Role(plant=plant, profile=PROFILES[profile], cost_center=center, organization=TOP, shift=None, leads=leads)


def _supervise(world: World, plant: company.Plant, *, number: int) -> Role:
    profile = PROFILES["JP-SUPV"]
    centers = _centers(profile, plant=plant)
    center, shift = centers[number % len(centers)], company.SHIFTS[number % len(company.SHIFTS)]
    area = next(known.name for known in company.COST_CENTERS if known.ref_id == center)
    team, name = f"{top_of(plant)}-{number:04d}", f"{plant.location} {area} {shift} {number}"
    found_organization(world, team, kind="SUPERVISORY", name=name, superior=top_of(plant), location=plant.location)
    return Role(plant=plant, profile=profile, cost_center=center, organization=top_of(plant), shift=shift, leads=team)


def _employ(world: World, *, role: Role, random: Random, today: date) -> None:
    leads = role.leads is not None
    contingent = not leads and random.random() < 0.03
    full_time = leads or random.random() >= 0.06
    hired_on = today - timedelta(days=random.randrange(3650, 6500) if leads else random.randrange(30, 3600))
    number = len(world.workers) + 1
    position = make_position(
        len(world.positions) + 1, role=role, contingent=contingent, full_time=full_time, on=hired_on
    )
    world.positions.found(
        position.position_id, kind="Create Position", on=hired_on, at=morning(hired_on), facts=position
    )
    worker = make_worker(number, position=position, shift=role.shift, random=random, on=hired_on)
    world.hire(worker, at=morning(hired_on))
    if role.leads is not None:
        world.organizations.change(
            role.leads, {"manager": worker.key}, kind="Assign Roles", on=SINCE, at=morning(SINCE)
        )
    else:
        _live(world, worker, random=random, today=today)


def _live(world: World, worker: Worker, *, random: Random, today: date) -> None:
    """Let some have a rise, a leave, a second job or an ending since they were hired."""
    days = (today - worker.hire_on).days
    happened_on = today - timedelta(days=random.randrange(2, days))
    chance = random.random()
    kind, changes = "", dict[str, Any]()
    if chance < 0.30:
        pay = msgspec.structs.replace(worker.pay, amount=worker.pay.amount + 1, since_on=happened_on)
        kind, changes = "Request Compensation Change", {"pay": pay}
    elif chance < 0.32:
        kind, changes = "Request Leave of Absence", {"leave_on": happened_on}
    elif chance < 0.33 and not worker.contingent:
        _add_job(world, worker, on=happened_on)
    elif chance < 0.345:
        kind = "End Contingent Worker Contract" if worker.contingent else "Terminate Employee"
        changes = {"terminated_on": happened_on}
    if changes:
        world.workers.change(worker.key, changes, kind=kind, on=happened_on, at=morning(happened_on))


def _add_job(world: World, worker: Worker, *, on: date) -> None:
    plant = next(plant for plant in company.PLANTS if plant.location == worker.primary_job.location)
    role = Role(
        plant=plant,
        profile=PROFILES["JP-MATL" if plant.pcn != "100" else "JP-ACCT"],
        cost_center="CC5300" if plant.pcn != "100" else "CC7100",
        organization=worker.primary_job.organization,
        shift=worker.primary_job.shift,
    )
    position = make_position(len(world.positions) + 1, role=role, contingent=False, full_time=False, on=on)
    world.positions.found(position.position_id, kind="Create Position", on=on, at=morning(on), facts=position)
    jobs = (*worker.jobs, make_job(position, shift=role.shift, on=on, primary=False))
    world.workers.change(worker.key, {"jobs": jobs}, kind="Add Additional Job", on=on, at=morning(on))


def _open_position(world: World, *, random: Random, today: date) -> None:
    plant = random.choice(company.PLANTS)
    profile, center = pick_profile(plant, random=random)
    role = Role(plant=plant, profile=profile, cost_center=center, organization=top_of(plant), shift=None)
    on = today - timedelta(days=random.randrange(5, 120))
    position = make_position(len(world.positions) + 1, role=role, contingent=False, full_time=True, on=on)
    world.positions.found(position.position_id, kind="Create Position", on=on, at=morning(on), facts=position)
