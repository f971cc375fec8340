"""What the manufacturer knows about a person, a position and an organization on one day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """
    One job of a worker. *organization* is the supervisory organization, whose manager is the worker's.

    *ends_on* is the last day of a job that is held for a time only; *assignment* marks an international one.
    """

    position_id: str
    job_profile: str
    location: str
    company: str
    cost_center: str
    organization: str
    shift: str | None
    weekly_hours: Decimal
    full_time: bool
    since_on: date
    primary: bool = True
    ends_on: date | None = None
    assignment: bool = False


class Pay(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker earns: per hour, or per year."""

    amount: Decimal
    hourly: bool
    since_on: date


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """
    One person in one role. *worker_id* is None for the odd one who was entered without.

    *first_hired_on* is set only for who came back; *leave_on* only while a leave lasts, whatever day somebody was
    expected back on; *person* only where the same person had another role before; *last_worked_on* only where the last
    day at work was earlier than the last day of employment. Nothing links who is *unlinked* to another role.
    """

    key: str
    wid: str
    worker_id: str | None
    contingent: bool
    first_name: str | None
    middle_name: str | None
    last_name: str
    preferred_first_name: str | None
    email: str
    hire_on: date
    jobs: tuple[Job, ...]
    pay: Pay
    pay_group: str | None
    first_hired_on: date | None = None
    terminated_on: date | None = None
    paid_through: date | None = None
    leave_on: date | None = None
    back_expected_on: date | None = None
    leave_ended_on: date | None = None
    person: str | None = None
    last_worked_on: date | None = None
    unlinked: bool = False

    @property
    def full_name(self) -> str:
        """All names in order, as far as there are any."""
        return " ".join(part for part in (self.first_name, self.middle_name, self.last_name) if part)

    @property
    def universal_id(self) -> str | None:
        """The id of the person behind the role; None where the tenant gives none."""
        return None if self.unlinked else f"U-{self.person or self.key}"

    @property
    def primary_job(self) -> Job:
        """The first job."""
        return self.jobs[0]

    def is_active(self, on: date) -> bool:
        """Both the day of hire and the day of termination count as days of work."""
        return self.hire_on <= on and (self.terminated_on is None or on <= self.terminated_on)


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """A chair, filled or not: one person's worth of work in a supervisory organization."""

    position_id: str
    wid: str
    organization: str
    job_profile: str
    location: str
    company: str
    cost_center: str
    contingent: bool
    full_time: bool
    available_on: date


class Organization(msgspec.Struct, frozen=True, kw_only=True):
    """
    Any organization. *kind* is the Organization_Type_ID; *manager* is a worker's key; *superior* another's id.

    *restricted_to* names the companies, or hierarchies of them, that a cost center is for.
    """

    reference_id: str
    wid: str
    kind: str
    name: str
    code: str
    available_on: date
    superior: str | None = None
    manager: str | None = None
    location: str | None = None
    active: bool = True
    restricted_to: tuple[str, ...] = ()


class JobProfile(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of job; `company.JobProfile` says which."""

    reference_id: str
    wid: str
    code: str
    title: str
    category: str
    shop: bool
    manages: bool
    since_on: date
    active: bool = True


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """A business site."""

    location_id: str
    wid: str
    name: str
    time_zone: str
    since_on: date
