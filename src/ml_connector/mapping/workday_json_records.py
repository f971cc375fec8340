"""JSON facts of Workday to canonical workers and reference data, as SOAP's translations do for XML. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from msgspec import UNSET, UnsetType

from ml_connector.canonical.keys import Record, RecordType, normal_decimal
from ml_connector.canonical.organization import CostCenter, JobProfile, Location, Organization, Position
from ml_connector.canonical.workforce import Compensation, Job, Name, Organizations, Worker, mark_number
from ml_connector.errors import RecordError
from ml_connector.mapping.workday_element import Flag, Text, negate
from ml_connector.mapping.workday_job import WorkerType
from ml_connector.mapping.workday_json import Facts, all_unset, first_told, tell_decimal, tell_text
from ml_connector.mapping.workday_worker import exact_pay

_WID = re.compile("[0-9a-f]{32}")
_TIME_TYPES = {"full time": "Full_time", "part time": "Part_time"}
_MOST_FTE = 2
_WORKER_IDS = ("Employee_ID", "Contingent_Worker_ID")


def read_worker(facts: Facts, *, use_preferred_name: bool = True) -> Worker:
    """
    Translate one worker.

    Raises:
        RecordError: no WID, no worker id, no telling employee from contingent, a bad date or number.
    """
    wid = facts.text("key")
    if not isinstance(wid, str) or not _WID.fullmatch(wid):
        raise RecordError("it has no WID", code="no_id")
    employee_id = _need_employee_id((facts.text("employee_id"), tell_text(facts.staffing.get("workerId"))))
    active = facts.flag("active")
    ended_on, hired_on = facts.day("terminated_on"), facts.day("hired_on")
    if active is True and (isinstance(ended_on, UnsetType) or (ended_on and hired_on and ended_on < hired_on)):
        ended_on = None
    manager_id = facts.reference("manager_id", *_WORKER_IDS)
    return Worker(
        key=wid,
        employee_id=employee_id,
        worker_type=_read_type(facts),
        universal_id=facts.text("universal_id"),
        name=_read_name(facts, use_preferred=use_preferred_name),
        email=first_told((facts.text("email"), _staffing_email(facts))),
        active=active,
        on_leave=facts.flag("on_leave"),
        hired_on=hired_on,
        original_hire_on=facts.day("original_hire_on"),
        terminated_on=ended_on,
        pay_through_on=facts.day("pay_through_on") if ended_on else ended_on,
        manager_id=manager_id,
        manager_type=_read_kind(facts.value("manager_id")) if isinstance(manager_id, str) else UNSET,
        jobs=_read_jobs(facts),
        organizations=_read_organizations(facts),
        compensation=_read_compensation(facts),
    )


def _need_employee_id(told: Iterable[Text]) -> str:
    employee_id = first_told(told)
    if not isinstance(employee_id, str):
        raise RecordError(
            "it has no employee id and no contingent worker id",
            code="no_id",
            remedy="give the worker one ID in Workday",
        )
    return employee_id


def _staffing_email(facts: Facts) -> Text:
    person = facts.staffing.get("person")
    return tell_text(person.get("email")) if isinstance(person, dict) else UNSET


def _primary_job(facts: Facts) -> dict[str, Any]:
    job = facts.staffing.get("primaryJob")
    return job if isinstance(job, dict) else {}


def number_of(facts: Facts) -> str | None:
    """The number people know a worker by, even one that cannot be understood; unmarked where nothing tells the type."""
    number = facts.text("employee_id")
    if not isinstance(number, str):
        return None
    try:
        return mark_number(_read_type(facts), number)
    except RecordError:
        return number


def _read_type(facts: Facts) -> WorkerType:
    """Employee or contingent worker: by a flag, by the type's own words, else by the mark on the label."""
    flag = facts.flag("contingent")
    if isinstance(flag, bool):
        return "contingent" if flag else "employee"
    for told in (facts.text("worker_type"), tell_text(facts.staffing.get("workerType"))):
        if isinstance(told, str) and "contingent" in told.lower():
            return "contingent"
        if isinstance(told, str) and "employee" in told.lower():
            return "employee"
    label = tell_text(facts.staffing.get("descriptor"))
    if isinstance(label, str):
        return "contingent" if label.endswith("[C]") else "employee"
    raise RecordError(
        "nothing says whether it is an employee or a contingent worker",
        code="no_type",
        remedy="add the worker type to what is read: workday.wql.worker or workday.report.columns",
    )


def _read_kind(worker: object) -> WorkerType | UnsetType:
    """Of a worker pointed to: Workday marks the labels of contingent workers."""
    label = worker.get("descriptor") if isinstance(worker, dict) else None
    return UNSET if not isinstance(label, str) else "contingent" if label.rstrip().endswith("[C]") else "employee"


def _read_name(facts: Facts, *, use_preferred: bool) -> Name | UnsetType:
    parts = [facts.text(part) for part in ("name.given", "name.middle", "name.family", "name.preferred")]
    if all_unset(parts):
        return UNSET
    if use_preferred:
        parts[0] = first_told((facts.text("name.preferred_given"), parts[0]))
    return Name(given=parts[0], middle=parts[1], family=parts[2], preferred=parts[3])


def _read_jobs(facts: Facts) -> tuple[Job, ...] | UnsetType:
    """The primary job, the only one these surfaces show."""
    primary = _primary_job(facts)
    made = Job(
        position_id=facts.reference("jobs.position_id", "Position_ID"),
        primary=True,
        title=first_told((facts.text("jobs.title"), tell_text(primary.get("businessTitle")))),
        job_profile_id=first_told(
            (
                facts.reference("jobs.job_profile_id", "Job_Profile_ID"),
                _identify(facts, primary.get("jobProfile"), "Job_Profile_ID"),
            )
        ),
        location_id=first_told(
            (
                facts.reference("jobs.location_id", "Location_ID"),
                _identify(facts, primary.get("location"), "Location_ID"),
            )
        ),
        time_type=_read_time_type(facts, "jobs.time_type"),
        shift_id=facts.text("jobs.shift_id"),
        fte=_read_fte(facts),
        weekly_hours=facts.decimal("jobs.weekly_hours"),
        effective_on=facts.day("jobs.effective_on"),
    )
    told = (made.position_id, made.title, made.job_profile_id, made.location_id, made.time_type)
    return UNSET if all_unset(told) else (made,)


def _read_organizations(facts: Facts) -> Organizations | UnsetType:
    supervisory = _primary_job(facts).get("supervisoryOrganization")
    found = Organizations(
        company=facts.reference("organizations.company", "Company_Reference_ID"),
        cost_center=facts.reference("organizations.cost_center", "Cost_Center_Reference_ID"),
        supervisory=first_told(
            (
                facts.reference("organizations.supervisory", "Organization_Reference_ID"),
                _identify(facts, supervisory, "Organization_Reference_ID"),
            )
        ),
        pay_group=facts.reference("organizations.pay_group", "Organization_Reference_ID"),
    )
    told = (found.company, found.cost_center, found.supervisory, found.pay_group)
    return UNSET if all_unset(told) else found


def _identify(facts: Facts, value: object, id_type: str) -> Text:
    """A staffing instance's id; its label is none."""
    return facts.name_of(value, id_type) if isinstance(value, dict) else UNSET


def _read_time_type(facts: Facts, name: str) -> Text:
    """Full or part time by its label (these surfaces give no Position_Time_Type_ID); an id stays as it is."""
    value = facts.value(name)
    if value is None:
        return UNSET
    text = facts.name_of(value, "Position_Time_Type_ID")
    label = first_told((text, tell_text(value)))
    return _TIME_TYPES.get(label.lower().replace("_", " "), text) if isinstance(label, str) else UNSET


def _read_fte(facts: Facts) -> Text:
    """A share of 1. Tenants show FTE as a share or per cent, and nobody holds more than two full-time jobs in one."""
    told = facts.decimal("jobs.fte")
    if not isinstance(told, str) or Decimal(told) <= _MOST_FTE:
        return told
    return normal_decimal(Decimal(told).scaleb(-2))


def _read_compensation(facts: Facts) -> Compensation | UnsetType:
    """Base pay, where amount, currency and frequency are all told; messages name no figure."""
    pay, frequency = facts.value("compensation.amount"), facts.text("compensation.frequency")
    amount, currency = (
        (pay.get("value"), pay.get("currency"))
        if isinstance(pay, dict)
        else (pay, facts.value("compensation.currency"))
    )
    figure, unit = tell_decimal(tell_text(amount), what="compensation"), tell_text(currency)
    if not (isinstance(figure, str) and isinstance(unit, str) and isinstance(frequency, str)):
        return UNSET
    return Compensation(
        amount=exact_pay(Decimal(figure), currency=unit),
        currency=unit,
        frequency=frequency,
        effective_on=facts.day("compensation.effective_on"),
    )


def _read_cost_center(facts: Facts) -> CostCenter:
    return CostCenter(
        key=_need_key(facts),
        wid=facts.text("wid"),
        code=facts.text("code"),
        name=facts.text("name"),
        active=_read_active(facts),
        available_on=facts.day("available_on"),
    )


def _read_job_profile(facts: Facts) -> JobProfile:
    return JobProfile(
        key=_need_key(facts),
        wid=facts.text("wid"),
        code=facts.text("code"),
        title=facts.text("title"),
        active=_read_active(facts),
        effective_on=facts.day("effective_on"),
        category=facts.text("category"),
    )


def _read_location(facts: Facts) -> Location:
    return Location(
        key=_need_key(facts),
        wid=facts.text("wid"),
        name=facts.text("name"),
        active=_read_active(facts),
        time_zone=facts.reference("time_zone", "Time_Zone_ID"),
    )


def _read_organization(facts: Facts) -> Organization:
    return Organization(
        key=_need_key(facts),
        wid=facts.text("wid"),
        code=facts.text("code"),
        name=facts.text("name"),
        kind="SUPERVISORY",
        active=_read_active(facts),
        manager_id=facts.reference("manager_id", *_WORKER_IDS),
        superior_id=facts.reference("superior_id", "Organization_Reference_ID"),
    )


def _read_position(facts: Facts) -> Position:
    return Position(
        key=_need_key(facts),
        wid=facts.text("wid"),
        title=facts.text("title"),
        job_profile_id=facts.reference("job_profile_id", "Job_Profile_ID"),
        location_id=facts.reference("location_id", "Location_ID"),
        company=facts.reference("company", "Company_Reference_ID"),
        cost_center=facts.reference("cost_center", "Cost_Center_Reference_ID"),
        supervisory=facts.reference("supervisory", "Organization_Reference_ID"),
        time_type=_read_time_type(facts, "time_type"),
        available_on=facts.day("available_on"),
        filled_by=facts.reference("filled_by", *_WORKER_IDS),
        open=facts.flag("open"),
    )


def _read_active(facts: Facts) -> Flag:
    """Sources have the one word or the other."""
    told = facts.flag("active")
    return negate(facts.flag("inactive")) if isinstance(told, UnsetType) else told


def _need_key(facts: Facts) -> str:
    key = facts.text("key")
    if not isinstance(key, str):
        raise RecordError("it has no reference id", code="no_id", remedy="give it a reference ID in Workday")
    return key


READERS: dict[RecordType, Callable[[Facts], Record]] = {
    RecordType.ORGANIZATION: _read_organization,
    RecordType.JOB_PROFILE: _read_job_profile,
    RecordType.LOCATION: _read_location,
    RecordType.POSITION: _read_position,
    RecordType.COST_CENTER: _read_cost_center,
}
