"""
One Worker element to one canonical worker, by explicit paths (layout of v30 and later). Pure.

Sections follow Workday's security domains: a section left out is `UNSET` as a whole (UP-02). Inside a section that is
there, a list with no entries is an empty list: that is the only way Workday can say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import msgspec
from lxml.etree import _Element as Element
from msgspec import UNSET, UnsetType

from ml_connector.canonical.workforce import Compensation, Name, Worker
from ml_connector.errors import RecordError
from ml_connector.mapping.plausible import contradiction
from ml_connector.mapping.workday_element import (
    Day,
    Parts,
    Text,
    check_ids,
    check_single,
    each_child,
    find_id,
    open_parts,
    parse_flag,
    read_attribute,
    read_day,
    read_decimal,
    read_flag,
    read_reference,
    read_text,
    tag,
)
from ml_connector.mapping.workday_job import ID_TYPES, WorkerType, read_jobs, read_organizations
from ml_connector.mapping.workday_membership import Membership
from ml_connector.secret import Pay

# Minor units other than two (ISO 4217), so that 21.5 and 21.500000 are one amount (CO-08, UP-04).
_WHOLE = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"})
_THOUSANDTHS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})

_REFERENCE, _DATA = tag("Worker_Reference"), tag("Worker_Data")
_PERSONAL, _EMPLOYMENT = tag("Personal_Data"), tag("Employment_Data")
_ORGANIZATIONS, _PAY = tag("Organization_Data"), tag("Compensation_Data")
# What a worker has one of; other sections of Worker_Data may repeat and are not read.
_ONCE = (tag("Worker_ID"), tag("Universal_ID"), _PERSONAL, _EMPLOYMENT, _ORGANIZATIONS, _PAY)
_NAMES, _DETAIL, _LEGAL, _PREFERRED = (
    tag(name) for name in ("Name_Data", "Name_Detail_Data", "Legal_Name_Data", "Preferred_Name_Data")
)
_STATUS, _POSITION, _ON_LEAVE = tag("Worker_Status_Data"), tag("Position_Data"), tag("On_Leave")
_USAGE, _USAGE_TYPE = tag("Usage_Data"), tag("Type_Data")


def read_worker(
    element: Element, *, use_preferred_name: bool, own: Sequence[Membership | None] | None = None
) -> Worker:
    """
    Translate one Worker element; *own* are its memberships where they were cut out of it.

    Raises:
        RecordError: no or two worker ids, one thing said twice, several or no primary jobs, a bad date or number, the
            layout of before v30.
    """
    parts = open_parts(element)
    check_single(element, parts, (_REFERENCE, _DATA))
    section = parts.get(_DATA)
    reference, data = parts.get(_REFERENCE), open_parts(section)
    check_single(section, data, _ONCE)
    worker_type, employee_id = _read_identity(reference)
    wid = find_id(reference, "WID")
    if wid is None:
        raise RecordError("it has no WID", code="no_id")
    personal = open_parts(data.get(_PERSONAL))
    employment = data.get(_EMPLOYMENT)
    employed = open_parts(employment)
    if _POSITION in employed:
        raise RecordError(
            "it comes in the layout of before v30, which is not read",
            code="legacy_layout",
            remedy="set the connection's version to a recent one, such as v45.0",
        )
    jobs, manager = read_jobs(employment)
    worker = Worker(
        key=wid,
        employee_id=employee_id,
        worker_type=worker_type,
        universal_id=_read_universal_id(parts, data),
        name=_read_name(personal, use_preferred=use_preferred_name),
        email=_read_work_email(personal),
        manager_id=manager[0],
        manager_type=manager[1],
        jobs=jobs,
        organizations=read_organizations(data.get(_ORGANIZATIONS), jobs, own),
        compensation=_read_compensation(data.get(_PAY)),
    )
    return _with_status(worker, employed.get(_STATUS))


def _read_identity(reference: Element | None) -> tuple[WorkerType, str]:
    """Employee or contingent worker, by the type of the id it has (WP-01: the ids of both may be alike)."""
    if reference is not None:
        check_ids(reference)
    found = [(kind, text) for id_type, kind in ID_TYPES.items() if (text := find_id(reference, id_type))]
    if len(found) != 1:
        raise RecordError(
            "it has no employee id and no contingent worker id"
            if not found
            else "it has an employee id and a contingent worker id at once",
            code="no_id",
            remedy="give the worker one ID in Workday",
        )
    return found[0]


def _read_universal_id(parts: Parts, data: Parts) -> Text:
    told = read_reference(parts, tag("Universal_Identifier_Reference"), "Universal_Identifier_ID")
    return read_text(data, tag("Universal_ID")) if isinstance(told, UnsetType) else told


def _read_name(personal: Parts, *, use_preferred: bool) -> Name | UnsetType:
    names = open_parts(personal.get(_NAMES))
    legal, preferred = (open_parts(names.get(name)).get(_DETAIL) for name in (_LEGAL, _PREFERRED))
    source = preferred if use_preferred and preferred is not None else legal
    if source is None and preferred is None:
        return UNSET
    parts = open_parts(source)
    return Name(
        given=read_text(parts, tag("First_Name")),
        middle=read_text(parts, tag("Middle_Name")),
        family=read_text(parts, tag("Last_Name")),
        preferred=read_attribute(preferred, tag("Formatted_Name")),
    )


def _read_work_email(personal: Parts) -> Text:
    """
    The work e-mail, the primary one first.

    None among them stays `UNSET`: work and home contacts are secured apart, so it may be there and not be shown.
    """
    best: Text = UNSET
    for email in each_child(personal.get(tag("Contact_Data")), tag("Email_Address_Data")):
        for usage in email.iterchildren(_USAGE):
            for kind in usage.iterchildren(_USAGE_TYPE):
                if find_id(open_parts(kind).get(tag("Type_Reference")), "Communication_Usage_Type_ID") != "WORK":
                    continue
                address = read_text(open_parts(email), tag("Email_Address"))
                if parse_flag(kind.get(tag("Primary")) or "0", what="Primary"):
                    return address
                best = address if isinstance(best, UnsetType) else best
    return best


def _with_status(worker: Worker, status: Element | None) -> Worker:
    if status is None:
        return worker
    parts = open_parts(status)
    leaves = [read_flag(open_parts(leave), _ON_LEAVE) for leave in each_child(status, tag("Leave_Status_Data"))]
    active, hired_on = read_flag(parts, tag("Active")), read_day(parts, tag("Hire_Date"))
    ended_on = _read_ending(parts, hired_on)
    if active is True:
        _check_status(parts, hired_on)
    return msgspec.structs.replace(
        worker,
        active=active,
        on_leave=True in leaves,
        hired_on=hired_on,
        original_hire_on=read_day(parts, tag("Original_Hire_Date")),
        terminated_on=ended_on,
        # Without an ending it tells of an earlier employment.
        pay_through_on=read_day(parts, tag("Pay_Through_Date")) if ended_on else ended_on,
        hire_rescinded=read_flag(parts, tag("Hire_Rescinded")),
        rehire=read_flag(parts, tag("Rehire")),
    )


def _check_status(parts: Parts, hired_on: Day) -> None:
    """
    Of who is active: what is said of an ending besides can be true.

    Raises:
        RecordError: it cannot; the message shows both facts.
    """
    ended_on, terminated = read_day(parts, tag("Termination_Date")), read_flag(parts, tag("Terminated"))
    if terminated is True and not isinstance(ended_on, date):
        raise contradiction("Active is 1", "Terminated is 1 without a Termination_Date")
    earlier = isinstance(ended_on, date) and isinstance(hired_on, date) and ended_on < hired_on
    if earlier and read_flag(parts, tag("Rehire")) is False:
        raise contradiction(
            f"the Hire_Date is {hired_on} with Rehire 0", f"an employment ended on {ended_on} before it"
        )


def _read_ending(parts: Parts, hired_on: Day) -> Day:
    """
    The ending of the current employment.

    “Not terminated” without a date is an explicit “none”; a date before the current hire belongs to an earlier
    employment (a rehire) and is none of this one.
    """
    ended_on, terminated = read_day(parts, tag("Termination_Date")), read_flag(parts, tag("Terminated"))
    if terminated is not False:
        return ended_on
    if ended_on is None or isinstance(ended_on, UnsetType):
        return None
    return None if hired_on and ended_on < hired_on else ended_on


def _read_compensation(section: Element | None) -> Compensation | UnsetType | None:
    """The base pay plan; messages name no figure. A section without one says that there is none."""
    if section is None:
        return UNSET
    plans = [_read_plan(open_parts(plan)) for plan in section.iterchildren(tag("Salary_and_Hourly_Data"))]
    if len(plans) > 1 and any(plan != plans[0] for plan in plans):
        raise RecordError("it has several base pay plans", code="ambiguous_pay")
    return plans[0] if plans else None


def _read_plan(plan: Parts) -> Compensation | UnsetType:
    amount = read_decimal(plan, tag("Amount"))
    currency = read_reference(plan, tag("Currency_Reference"), "Currency_ID")
    frequency = read_reference(plan, tag("Frequency_Reference"), "Frequency_ID")
    if not (isinstance(amount, str) and isinstance(currency, str) and isinstance(frequency, str)):
        return UNSET
    return Compensation(
        amount=exact_pay(Decimal(amount), currency=currency),
        currency=currency,
        frequency=frequency,
        effective_on=read_day(plan, tag("Assignment_Effective_Date")),
    )


def exact_pay(amount: Decimal, *, currency: str) -> Pay:
    """The amount in the currency's minor units where it fits them, so that 21.5 and 21.500000 are one amount."""
    least = Decimal(1) if currency in _WHOLE else Decimal("0.001" if currency in _THOUSANDTHS else "0.01")
    exact = amount.quantize(least)
    return Pay(exact if amount == exact else amount)
