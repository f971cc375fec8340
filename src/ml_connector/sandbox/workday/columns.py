"""
What WQL and reports can tell of a worker: named columns, each with its type and the security domain behind it.

Without the domain a column is there and always empty, as Workday leaves it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.sandbox.tenant import domains
from ml_connector.sandbox.tenant.facts import Job, Worker
from ml_connector.sandbox.workday.call import Call
from ml_connector.sandbox.workday.markup import Ref
from ml_connector.sandbox.workday.refs import (
    describe_worker_name,
    job_profile_ref,
    location_ref,
    organization_ref,
    position_ref,
    value_ref,
    worker_ref,
)
from ml_connector.sandbox.workday.worker_parts import time_type
from ml_connector.sandbox.workday.workers import facts_of

TEXT, NUMERIC, CURRENCY, DATE, BOOLEAN = "Text", "Numeric", "Currency", "Date", "Boolean"
SINGLE, MULTI = "Single instance", "Multi-instance"
_WEEKS, _FULL_WEEK = 52, Decimal(40)

Read = Callable[[Call, Any], Any]


class Column(msgspec.Struct, frozen=True):
    """A column: its WQL alias, its label and type, how to read it, and the domain without which it stays empty."""

    alias: str
    label: str
    kind: str
    read: Read
    domain: str | None = None
    related: str | None = None

    def value(self, call: Call, subject: Any) -> Any:
        """Tell the value: text, Decimal, date, bool, a reference or several; None where there is none."""
        return self.read(call, subject) if self.domain is None or call.allows(self.domain) else None


class Person(msgspec.Struct, frozen=True):
    """A worker as rows see one. Who has not begun yet has no *job*: nothing dated is told before the first day."""

    worker: Worker
    job: Job | None


def person_of(call: Call, key: str) -> Person:
    """See a worker as of the call's day and moment."""
    present = call.as_of.worker(key)
    return Person(facts_of(call, key), None if present is None else present.primary_job)


def _of_worker(read: Callable[[Call, Worker], Any]) -> Read:
    return lambda call, person: read(call, person.worker)


def _of_job(read: Callable[[Call, Worker, Job], Any]) -> Read:
    return lambda call, person: None if person.job is None else read(call, person.worker, person.job)


def _of_pay(read: Callable[[Call, Worker, Job], Any]) -> Read:
    """Only employees are paid through this tenant."""
    return _of_job(lambda call, worker, job: None if worker.contingent else read(call, worker, job))


def _organization(call: Call, key: str | None) -> Ref | None:
    found = None if key is None else call.as_of.organization(key)
    return None if found is None else organization_ref(found)


def _profile(call: Call, _: Worker, job: Job) -> Ref | None:
    found = call.as_of.job_profile(job.job_profile)
    return None if found is None else job_profile_ref(found)


def _location(call: Call, _: Worker, job: Job) -> Ref | None:
    found = call.as_of.location(job.location)
    return None if found is None else location_ref(found)


def _title(call: Call, _: Worker, job: Job) -> str | None:
    found = call.as_of.job_profile(job.job_profile)
    return None if found is None else found.title


def _position(call: Call, worker: Worker, job: Job) -> Ref | None:
    found = call.as_of.position(job.position_id)
    return None if found is None else position_ref(found, title=_title(call, worker, job) or "")


def _manager(call: Call, worker: Worker, job: Job) -> Ref | None:
    found = call.as_of.manager(job.organization, of=worker.key)
    return None if found is None else worker_ref(found)


def _preferred_name(_: Call, worker: Worker) -> str:
    first = worker.preferred_first_name or worker.first_name
    return " ".join(part for part in (first, worker.middle_name, worker.last_name) if part)


def _yearly(_: Call, worker: Worker, job: Job) -> Decimal:
    pay = worker.pay
    return pay.amount * job.weekly_hours * _WEEKS if pay.hourly else pay.amount


def _type(_: Call, worker: Worker) -> Ref:
    kinds = ("Contingent_Worker_Type_ID", "Contractor"), ("Employee_Type_ID", "Regular")
    return value_ref(*kinds[0 if worker.contingent else 1])


def _status(call: Call, worker: Worker) -> str:
    if not call.as_of.is_active(worker):
        return "Terminated" if worker.hire_on <= call.as_of.on else "Active"
    return "On Leave" if worker.leave_on is not None else "Active"


def _ended_on(_: Call, worker: Worker) -> date | None:
    return worker.terminated_on


def _paid_through(_: Call, worker: Worker) -> date | None:
    return worker.terminated_on and (worker.paid_through or worker.terminated_on)


_STAFFING, _PERSONAL, _PAY, _ORG = domains.STAFFING, domains.PERSONAL, domains.COMPENSATION, domains.ORGANIZATIONS

WORKER_COLUMNS = (
    Column("workdayID", "Workday ID", TEXT, _of_worker(lambda _, w: w.wid)),
    Column("worker", "Worker", SINGLE, _of_worker(lambda _, w: worker_ref(w)), None, "Worker"),
    Column("employeeID", "Employee ID", TEXT, _of_worker(lambda _, w: w.worker_id)),
    Column("universalID", "Universal ID", TEXT, _of_worker(lambda _, w: w.universal_id)),
    Column("workerType", "Worker Type", SINGLE, _of_worker(_type), None, "Worker Type"),
    Column("isContingentWorker", "Is Contingent Worker", BOOLEAN, _of_worker(lambda _, w: w.contingent)),
    Column("fullName", "Full Name", TEXT, _of_worker(lambda _, w: describe_worker_name(w)), _PERSONAL),
    Column("firstName", "First Name", TEXT, _of_worker(lambda _, w: w.first_name), _PERSONAL),
    Column("middleName", "Middle Name", TEXT, _of_worker(lambda _, w: w.middle_name), _PERSONAL),
    Column("lastName", "Last Name", TEXT, _of_worker(lambda _, w: w.last_name), _PERSONAL),
    Column(
        "preferredFirstName",
        "Preferred First Name",
        TEXT,
        _of_worker(lambda _, w: w.preferred_first_name or w.first_name),
        _PERSONAL,
    ),
    Column("preferredName", "Preferred Name", TEXT, _of_worker(_preferred_name), _PERSONAL),
    Column("email_PrimaryWork", "Email - Primary Work", TEXT, _of_worker(lambda _, w: w.email), _PERSONAL),
    Column("isActive", "Active Status", BOOLEAN, _of_worker(lambda c, w: c.as_of.is_active(w)), _STAFFING),
    Column("workerStatus", "Worker Status", TEXT, _of_worker(_status), _STAFFING),
    Column("hireDate", "Hire Date", DATE, _of_worker(lambda _, w: w.hire_on), _STAFFING),
    Column(
        "originalHireDate",
        "Original Hire Date",
        DATE,
        _of_worker(lambda _, w: w.first_hired_on or w.hire_on),
        _STAFFING,
    ),
    Column("terminationDate", "Termination Date", DATE, _of_worker(_ended_on), _STAFFING),
    Column("payThroughDate", "Pay Through Date", DATE, _of_worker(_paid_through), _STAFFING),
    Column("onLeave", "On Leave", BOOLEAN, _of_worker(lambda _, w: w.leave_on is not None), _STAFFING),
    Column("leaveStartDate", "Leave Start Date", DATE, _of_worker(lambda _, w: w.leave_on), _STAFFING),
    Column("position", "Position", SINGLE, _of_job(_position), _STAFFING, "Position"),
    Column("positionID", "Position ID", TEXT, _of_job(lambda _, w, j: j.position_id), _STAFFING),
    Column("positionStartDate", "Position Start Date", DATE, _of_job(lambda _, w, j: j.since_on), _STAFFING),
    Column("businessTitle", "Business Title", TEXT, _of_job(_title), _STAFFING),
    Column("jobProfile", "Job Profile", SINGLE, _of_job(_profile), _STAFFING, "Job Profile"),
    Column("location", "Location", SINGLE, _of_job(_location), _STAFFING, "Location"),
    Column("workShift", "Work Shift", TEXT, _of_job(lambda _, w, j: j.shift), _STAFFING),
    Column(
        "timeType",
        "Time Type",
        SINGLE,
        _of_job(lambda _, w, j: value_ref("Position_Time_Type_ID", time_type(full_time=j.full_time))),
        _STAFFING,
        "Time Type",
    ),
    Column(
        "scheduledWeeklyHours", "Scheduled Weekly Hours", NUMERIC, _of_job(lambda _, w, j: j.weekly_hours), _STAFFING
    ),
    Column("fte", "FTE %", NUMERIC, _of_job(lambda _, w, j: j.weekly_hours * 100 / _FULL_WEEK), _STAFFING),
    Column("company", "Company", SINGLE, _of_job(lambda c, w, j: _organization(c, j.company)), _ORG, "Company"),
    Column(
        "costCenter",
        "Cost Center",
        SINGLE,
        _of_job(lambda c, w, j: _organization(c, j.cost_center)),
        _ORG,
        "Cost Center",
    ),
    Column(
        "supervisoryOrganization",
        "Supervisory Organization",
        SINGLE,
        _of_job(lambda c, w, j: _organization(c, j.organization)),
        _ORG,
        "Supervisory Organization",
    ),
    Column("payGroup", "Pay Group", SINGLE, _of_job(lambda c, w, j: _organization(c, w.pay_group)), _ORG, "Pay Group"),
    Column("manager", "Manager", SINGLE, _of_job(_manager), _ORG, "Worker"),
    Column("totalBasePay_Amount", "Total Base Pay - Amount", CURRENCY, _of_pay(lambda _, w, j: w.pay.amount), _PAY),
    Column(
        "totalBasePayFrequency",
        "Total Base Pay - Frequency",
        SINGLE,
        _of_pay(lambda _, w, j: value_ref("Frequency_ID", "Hourly" if w.pay.hourly else "Annual")),
        _PAY,
        "Frequency",
    ),
    Column("totalBasePayAnnualized_Amount", "Total Base Pay Annualized - Amount", CURRENCY, _of_pay(_yearly), _PAY),
    Column(
        "payRateType",
        "Pay Rate Type",
        SINGLE,
        _of_job(lambda _, w, j: value_ref("Pay_Rate_Type_ID", "Hourly" if w.pay.hourly else "Salary")),
        _STAFFING,
        "Pay Rate Type",
    ),
    Column(
        "compensationEffectiveDate",
        "Compensation Effective Date",
        DATE,
        _of_pay(lambda _, w, j: w.pay.since_on),
        _PAY,
    ),
    Column("currency", "Currency", SINGLE, _of_pay(lambda _, w, j: value_ref("Currency_ID", "USD")), _PAY, "Currency"),
)
