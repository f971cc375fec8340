"""Makes one person with one position, from a role and a source of chance."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random

import msgspec

from ml_connector.sandbox import company
from ml_connector.sandbox.tenant.facts import Job, Pay, Position, Worker
from ml_connector.sandbox.tenant.names import make_email, pick_name

PROFILES = {profile.ref_id: profile for profile in (*company.JOB_PROFILES, company.UNMAPPED_JOB)}
PAY_GROUPS = {True: "PG-HOURLY", False: "PG-SALARY"}

# Cents an hour, or dollars a year, from and below.
_HOURLY_CENTS = {"Direct": (1950, 2900), "Indirect": (2350, 3650)}
_YEARLY_DOLLARS = {"JP-CEO": (310_000, 330_000), "JP-PMGR": (130_000, 160_000), "JP-SUPV": (66_000, 92_000)}
_YEARLY_OTHERWISE = (44_000, 98_000)


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody is to work, as what, in whose organization, and which one is theirs to lead."""

    plant: company.Plant
    profile: company.JobProfile
    cost_center: str
    organization: str
    shift: str | None
    leads: str | None = None


def make_position(number: int, *, role: Role, contingent: bool, full_time: bool, on: date) -> Position:
    """Make the position a role needs, available from a day."""
    position_id = f"P-{number:05d}"
    return Position(
        position_id=position_id,
        wid=company.make_wid("position", position_id),
        organization=role.organization,
        job_profile=role.profile.ref_id,
        location=role.plant.location,
        company=role.plant.company,
        cost_center=role.cost_center,
        contingent=contingent,
        full_time=full_time,
        available_on=on,
    )


def make_job(position: Position, *, shift: str | None, on: date, primary: bool = True) -> Job:
    """Make the job that fills a position from a day."""
    return Job(
        position_id=position.position_id,
        job_profile=position.job_profile,
        location=position.location,
        company=position.company,
        cost_center=position.cost_center,
        organization=position.organization,
        shift=shift,
        weekly_hours=Decimal(40) if position.full_time else Decimal(24),
        full_time=position.full_time,
        since_on=on,
        primary=primary,
    )


def make_pay(profile: company.JobProfile, *, random: Random, on: date) -> Pay:
    """Make a wage for those on the shop floor and a salary for everybody else."""
    if profile.shop:
        cents = random.randrange(*_HOURLY_CENTS[profile.category])
        return Pay(amount=Decimal(cents).scaleb(-2), hourly=True, since_on=on)
    dollars = random.randrange(*_YEARLY_DOLLARS.get(profile.ref_id, _YEARLY_OTHERWISE))
    return Pay(amount=Decimal(dollars * 100).scaleb(-2), hourly=False, since_on=on)


def make_worker(number: int, *, position: Position, shift: str | None, random: Random, on: date) -> Worker:
    """Make the person who fills a position from the day of hire."""
    digits = f"{number:06d}"
    key = f"CW-{digits}" if position.contingent else digits
    profile = PROFILES[position.job_profile]
    name = pick_name(random)
    return Worker(
        key=key,
        wid=company.make_wid("worker", key),
        worker_id=key,
        contingent=position.contingent,
        first_name=name["first_name"],
        middle_name=name["middle_name"],
        last_name=name["last_name"] or "",
        preferred_first_name=name["preferred_first_name"],
        email=make_email(key, last_name=name["last_name"] or ""),
        hire_on=on,
        jobs=(make_job(position, shift=shift, on=on),),
        pay=make_pay(profile, random=random, on=on),
        pay_group=None if position.contingent else PAY_GROUPS[profile.shop],
    )
