"""Selecting by what was entered, or took effect, in a window of time: the transaction log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from ml_connector.sandbox.tenant.history import Entry
from ml_connector.sandbox.workday.call import Call
from ml_connector.sandbox.workday.faults import invalid_id_message, validation_fault

TRANSACTION_TYPES = frozenset({
    "Add Additional Job", "Assign Roles", "Change Job", "Change Legal Name", "Change Organization Assignments",
    "Contract Contingent Worker", "Create Job Profile", "Create Organization", "Create Position", "Edit Organization",
    "Edit Position", "End Contingent Worker Contract", "Hire Employee", "Onboarding", "Request Compensation Change",
    "Request Leave of Absence", "Terminate Employee", "Transfer Employee",
})  # fmt: skip

Test = Callable[[Entry], bool]


def read_log_criteria(call: Call, *, element: str) -> Callable[[Sequence[Entry]], bool]:
    """
    Make the test whether an object's entries fit the request.

    All that one block says must hold of the same entry; any one of several blocks is enough; no block fits all.

    Raises:
        SoapFaultError: a window that is half open, the wrong way round or in the future; an unknown type.
    """
    tests = [_read_block(block, now=call.view.clock) for block in call.criteria.get(element, [])]

    def fits(entries: Sequence[Entry]) -> bool:
        return not tests or any(test(entry) for test in tests for entry in entries if not entry.unlogged)

    return fits


def _read_block(block: dict[str, Any], *, now: datetime) -> Test:
    if "Subscriber_Reference" in block:
        raise validation_fault("Subscriber Reference must have an enabled Transaction Log Service configuration.")
    dates = block.get("Transaction_Date_Range_Data", {})
    updated = _read_updated(dates, now=now)
    effective = _read_effective(dates)
    kinds = _read_types(block)

    def fits(entry: Entry) -> bool:
        return (
            (updated is None or (updated[0] <= entry.entered_at and (entry.early or entry.entered_at <= updated[1])))
            and (effective is None or effective[0] <= entry.effective_on <= effective[1])
            and (kinds is None or entry.kind in kinds)
        )

    return fits


def _read_updated(dates: dict[str, Any], *, now: datetime) -> tuple[datetime, datetime] | None:
    first, last = dates.get("Updated_From"), dates.get("Updated_Through")
    if first is None and last is None:
        return None
    if first is None or last is None:
        raise validation_fault("If one of Updated From or Updated Through contains a value, both are Required!")
    if first > last:
        raise validation_fault("Updated From must be less than or equal to Updated Through!")
    if last > now:
        raise validation_fault("Updated Through must be less than or equal to Current Moment!")
    return first, last


def _read_effective(dates: dict[str, Any]) -> tuple[date, date] | None:
    first, last = dates.get("Effective_From"), dates.get("Effective_Through")
    if first is None and last is None:
        return None
    if first is None or last is None:
        raise validation_fault("If one of Effective From or Effective Through contains a value, both are Required!")
    if first > last:
        raise validation_fault("Effective From must be less than or equal to Effective Through!")
    return first.date(), last.date()


def _read_types(block: dict[str, Any]) -> frozenset[str] | None:
    refs = block.get("Transaction_Type_References", {}).get("Transaction_Type_Reference")
    if refs is None:
        return None
    asked = [pair for ref in refs for pair in ref.ids]
    wrong = [(kind, text) for kind, text in asked if kind != "Business_Process_Type" or text not in TRANSACTION_TYPES]
    if wrong:
        raise validation_fault(*(invalid_id_message(text, kind=kind) for kind, text in wrong))
    return frozenset(text for _, text in asked)
