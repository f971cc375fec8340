"""
Workday's words to canonical records: the door to the translations. Pure.

A record that cannot be understood raises RecordError, which names it by its id and never shows a pay figure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec
from lxml.etree import _Element as Element

from ml_connector.canonical.keys import UNSET, NativeRecord, Record, RecordType
from ml_connector.canonical.workforce import Worker, mark_number
from ml_connector.errors import RecordError
from ml_connector.mapping import workday_organization as reference_data
from ml_connector.mapping.workday_element import find_id, tag
from ml_connector.mapping.workday_job import ID_TYPES
from ml_connector.mapping.workday_json import find_names, is_json, read_facts
from ml_connector.mapping.workday_json_records import READERS, number_of
from ml_connector.mapping.workday_json_records import read_worker as read_json_worker
from ml_connector.mapping.workday_membership import Membership, ShortRecord, shorten, stand_in_place
from ml_connector.mapping.workday_staffing import read_staffed
from ml_connector.mapping.workday_worker import read_worker
from ml_connector.safe_xml import parse_xml

_READERS: dict[RecordType, Callable[[Element], Record]] = {
    RecordType.ORGANIZATION: reference_data.read_organization,
    RecordType.JOB_PROFILE: reference_data.read_job_profile,
    RecordType.LOCATION: reference_data.read_location,
    RecordType.POSITION: reference_data.read_position,
    RecordType.COST_CENTER: reference_data.read_cost_center,
}
_ELEMENTS = {
    RecordType.WORKER: tag("Worker"),
    RecordType.ORGANIZATION: tag("Organization"),
    RecordType.JOB_PROFILE: tag("Job_Profile"),
    RecordType.LOCATION: tag("Location"),
    RecordType.POSITION: tag("Position"),
    RecordType.COST_CENTER: tag("Cost_Center"),
}
# The type of the reference ID that is the canonical key; a worker's is the WID.
_KEY_TYPES = {
    RecordType.ORGANIZATION: "Organization_Reference_ID",
    RecordType.JOB_PROFILE: "Job_Profile_ID",
    RecordType.LOCATION: "Location_ID",
    RecordType.POSITION: "Position_ID",
    RecordType.COST_CENTER: "Cost_Center_Reference_ID",
}
_LOOK = "read it again; if it stays, look at it with `ml-connector read workday … --raw`"
_ANY_WID = re.compile(rb"[\s:]type\s{0,9}=\s{0,9}[\"']WID[\"'][^<>]{0,99}>\s{0,99}([0-9a-f]{32})\s*<")


def to_canonical(native: NativeRecord, *, use_preferred_name: bool = True) -> Record:
    """
    Translate one record of any Workday type.

    Raises:
        RecordError: it cannot be understood; *code* tells how (`no_id`, `primary_job`, `bad_date`, …).
    """
    if is_json(native.payload):
        return _translate_json(native, use_preferred_name=use_preferred_name)
    element, own = _parse_short(native) if native.record_type is RecordType.WORKER else (_parse(native), None)
    try:
        if native.record_type is RecordType.WORKER:
            return read_worker(element, use_preferred_name=use_preferred_name, own=own)
        return _READERS[native.record_type](element)
    except RecordError as error:
        raise RecordError(
            f"{_label(native.record_type)} {_find_name(native.record_type, element) or 'without an id'}: "
            f"{error.message}",
            code=error.code,
            remedy=error.remedy or "correct the record in Workday",
        ) from None


def to_kept(native: NativeRecord, *, use_preferred_name: bool = True) -> tuple[str, Record]:
    """
    The key of a record and what is kept of it: pay is not kept beside names, the journal reads and seals its own
    (CO-10).

    Raises as `to_canonical`.
    """
    record = to_canonical(native, use_preferred_name=use_preferred_name)
    if isinstance(record, Worker) and record.compensation is not UNSET:
        record = msgspec.structs.replace(record, compensation=UNSET)
    return record.key, record


def shorten_native(native: NativeRecord) -> NativeRecord:
    """The record without most of what no translation reads: it becomes the same canonical record, or is as faulty."""
    if native.record_type is not RecordType.WORKER or is_json(native.payload):
        return native
    return shorten(native) or native


def describe_native(native: NativeRecord) -> str | None:
    """The best key to be had of a record, even one that cannot be understood: its own key, else its WID."""
    if is_json(native.payload):
        return _name_json(native)
    try:
        element = _parse(native)
    except RecordError:
        found = _ANY_WID.search(native.payload)
        return found[1].decode() if found else None
    return find_id(_reference(native.record_type, element), _KEY_TYPES.get(native.record_type, "WID"), "WID")


def name_native(native: NativeRecord) -> str | None:
    """What people know a record by, even one that cannot be understood: a worker's number, else as described."""
    if native.record_type is not RecordType.WORKER:
        return describe_native(native)
    try:
        number = (
            number_of(read_facts(native)) if is_json(native.payload) else _find_name(native.record_type, _parse(native))
        )
    except RecordError:
        number = next(find_names(native.payload, "employee_id"), None)
    return number or describe_native(native)


def _translate_json(native: NativeRecord, *, use_preferred_name: bool) -> Record:
    if native.record_type not in _ELEMENTS:
        raise RecordError(f"Workday has no {native.record_type}", code="unknown_type")
    try:
        if native.record_type is RecordType.WORKER:
            staffed = read_staffed(native.payload)
            return staffed or read_json_worker(read_facts(native), use_preferred_name=use_preferred_name)
        return READERS[native.record_type](read_facts(native))
    except RecordError as error:
        raise RecordError(
            f"{_label(native.record_type)} {name_native(native) or 'without an id'}: {error.message}",
            code=error.code,
            remedy=error.remedy or "correct the record in Workday",
        ) from None


def _name_json(native: NativeRecord) -> str | None:
    names = ("key", "wid", "employee_id")
    try:
        facts = read_facts(native)
    except RecordError:
        return next(find_names(native.payload, *names), None)
    return next((told for name in names if isinstance(told := facts.text(name), str)), None)


def _parse_short(native: NativeRecord) -> tuple[Element, Sequence[Membership] | None]:
    """The worker without what it shares with others, which comes apart; or whole, where that is not safe."""
    short = native if isinstance(native, ShortRecord) else shorten(native)
    if short is not None:
        element = _parse(NativeRecord(native.record_type, short.rest))
        if stand_in_place(element, short.own):
            return element, short.own
    return _parse(native), None


def _parse(native: NativeRecord) -> Element:
    expected = _ELEMENTS.get(native.record_type)
    if expected is None:
        raise RecordError(f"Workday has no {native.record_type}", code="unknown_type")
    try:
        element = parse_xml(native.payload)
    except ValueError as reason:
        raise RecordError(
            f"a {_label(native.record_type)} cannot be read: {reason}",
            code="malformed",
            remedy=_LOOK,
        ) from None
    if element.tag != expected:
        raise RecordError(f"what came is no {_label(native.record_type)} of Workday's", code="malformed", remedy=_LOOK)
    return element


def _reference(record_type: RecordType, element: Element) -> Element | None:
    return next(element.iterchildren(f"{_ELEMENTS[record_type]}_Reference"), None)


def _find_name(record_type: RecordType, element: Element) -> str | None:
    """What people know it by: a worker of whichever type by a number that is marked for contingent workers (WP-01)."""
    reference = _reference(record_type, element)
    if record_type is not RecordType.WORKER:
        return find_id(reference, _KEY_TYPES[record_type], "WID")
    for id_type, worker_type in ID_TYPES.items():
        number = find_id(reference, id_type)
        if number is not None:
            return mark_number(worker_type, number)
    return find_id(reference, "WID")


def _label(record_type: RecordType) -> str:
    return record_type.value.replace("_", " ")
