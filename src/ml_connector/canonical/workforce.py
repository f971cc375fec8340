"""Workers as both systems understand them: the person, the jobs, the pay; never more than we map (UP-03)."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from ml_connector.canonical.keys import UNSET, Record, UnsetType
from ml_connector.secret import Pay

CONTINGENT_BADGE = "CW-"


class Name(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Text is NFC (WP-13). *preferred* is the whole preferred name, as Workday formats it."""

    given: str | UnsetType | None = UNSET
    middle: str | UnsetType | None = UNSET
    family: str | UnsetType | None = UNSET
    preferred: str | UnsetType | None = UNSET


class Job(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """
    One position held. *fte* is a decimal string where 1 is full time; hours are per week.

    *assignment* marks an international one, held beside the job at home (WP-07). *organizations* and the manager are
    told of each job only where there are several.
    """

    position_id: str | UnsetType | None = UNSET
    primary: bool = False
    title: str | UnsetType | None = UNSET
    job_profile_id: str | UnsetType | None = UNSET
    location_id: str | UnsetType | None = UNSET
    time_type: str | UnsetType | None = UNSET
    shift_id: str | UnsetType | None = UNSET
    fte: str | UnsetType | None = UNSET
    weekly_hours: str | UnsetType | None = UNSET
    effective_on: date | UnsetType | None = UNSET
    end_on: date | UnsetType | None = UNSET
    excluded_from_headcount: bool | UnsetType = UNSET
    organizations: Organizations | UnsetType = UNSET
    assignment: bool | UnsetType = UNSET
    manager_id: str | UnsetType | None = UNSET
    manager_type: Literal["employee", "contingent"] | UnsetType = UNSET


class Organizations(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Reference ids by organization type; supervisory is never a cost dimension (WP-04)."""

    company: str | UnsetType | None = UNSET
    cost_center: str | UnsetType | None = UNSET
    supervisory: str | UnsetType | None = UNSET
    pay_group: str | UnsetType | None = UNSET


class Compensation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The base rate as Workday states it; never annualised here (CO-01)."""

    amount: Pay
    currency: str
    frequency: str
    effective_on: date | UnsetType | None = UNSET


class Worker(Record, frozen=True, kw_only=True, tag="worker"):
    """
    One Workday worker profile as of one moment. *key* is the WID; ids are text end to end (UP-08).

    A section that Workday left out is UNSET as a whole, which is how a missing permission looks (UP-02).

    *pay_through_on* may lie past *terminated_on*: who is paid on is no head any more (ED-17).
    """

    employee_id: str
    worker_type: Literal["employee", "contingent"]
    universal_id: str | UnsetType | None = UNSET
    name: Name | UnsetType = UNSET
    email: str | UnsetType | None = UNSET
    active: bool | UnsetType = UNSET
    on_leave: bool | UnsetType = UNSET
    hired_on: date | UnsetType | None = UNSET
    original_hire_on: date | UnsetType | None = UNSET
    terminated_on: date | UnsetType | None = UNSET
    pay_through_on: date | UnsetType | None = UNSET
    hire_rescinded: bool | UnsetType = UNSET
    rehire: bool | UnsetType = UNSET
    manager_id: str | UnsetType | None = UNSET
    manager_type: Literal["employee", "contingent"] | UnsetType = UNSET
    jobs: tuple[Job, ...] | UnsetType = UNSET
    organizations: Organizations | UnsetType = UNSET
    compensation: Compensation | UnsetType | None = UNSET

    @property
    def known_as(self) -> str:
        """The number people know the worker by, which no worker of the other type has."""
        return mark_number(self.worker_type, self.employee_id)

    @property
    def primary_job(self) -> Job | None:
        """The job that decides plant, department and position (WP-03)."""
        if isinstance(self.jobs, UnsetType):
            return None
        return next((job for job in self.jobs if job.primary), None)


def mark_number(worker_type: str, number: str) -> str:
    """
    A worker's number, marked for contingent workers so that EE 1001 is not CW 1001 (WP-01).

    A tenant that marks its ids so itself is not marked again: people wear the number as it is.
    """
    if worker_type == "employee" or number.startswith(CONTINGENT_BADGE):
        return number
    return f"{CONTINGENT_BADGE}{number}"
