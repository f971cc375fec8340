"""
The fields of each Plex record: our name, Plex's name, and how a value is read. Pure.

Names of the resource API are its published camelCase; those of data sources are our spelling of Plex's columns, which
the connector has already put in their place.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.plant import Scalar
from ml_connector.mapping.period import parse_day


class Field(NamedTuple):
    """One field: our name, Plex's name, how it is read, and whether a write may carry it."""

    name: str
    wire: str
    read: Callable[[Any], Scalar]
    sent: bool = True


def read_text(value: Any) -> str | None:
    """Text without outer spaces, NFC; numbers keep their digits; blank is empty (UP-04, UP-08, WP-13)."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value.strip())
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    raise ValueError("no text")


def read_id(value: Any) -> str | None:
    """A UUID in lower case: Plex compares them without case."""
    text = read_text(value)
    return None if text is None else text.lower()


def read_flag(value: Any) -> bool | None:
    """A truth value, also in the spellings of procedures (1, "0", "true")."""
    words = {"true": True, "1": True, "false": False, "0": False, "": None}
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in words:
        raise ValueError("neither true nor false")
    return words[word]


def read_count(value: Any) -> int | None:
    """A whole number of people; `4.0` is 4, `4.5` is a fault."""
    text = read_text(value)
    if text is None:
        return None
    number = Decimal(text) if text.replace(".", "", 1).isdigit() else Decimal("0.5")
    if number != number.to_integral_value():
        raise ValueError("no whole number")
    return int(number)


def read_day(value: Any) -> str | None:
    """
    The calendar day of `2026-11-01T00:00:00Z`; Plex gives a fiscal period's days as midnights, in UTC.

    The same instant in another zone is the same day; a time that tells no offset could be two, and is none (TZ-08).
    """
    text = read_text(value)
    if text is None or parse_day(text) is not None:
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("no day") from None
    if moment.tzinfo is None:
        raise ValueError("a time that tells no offset")
    return moment.astimezone(UTC).date().isoformat()


FIELDS: Mapping[RecordType, tuple[Field, ...]] = {
    RecordType.EMPLOYEE: (
        Field("id", "id", read_id, sent=False),
        Field("badge_number", "badgeNumber", read_text),
        Field("first_name", "firstName", read_text),
        Field("middle_name", "middleName", read_text),
        Field("last_name", "lastName", read_text),
        Field("supervisor_id", "supervisorId", read_id),
        Field("status", "status", read_text),
        Field("position", "position", read_text),
        Field("shift", "shift", read_text),
        Field("building", "building", read_text),
        Field("type", "type", read_text),
        Field("department", "department", read_text),
        Field("email", "email", read_text),
    ),
    RecordType.EMPLOYEE_ATTRIBUTES: (
        Field("resource_id", "resource_id", read_id),
        Field("employee_no", "customer_employee_no", read_text, sent=False),
        Field("external_employee_id", "external_employee_id", read_text),
        Field("cost_center", "cost_center_no", read_text),
    ),
    RecordType.POSITION: (
        Field("position", "position", read_text),
        Field("description", "job_description", read_text),
        Field("active", "active", read_flag),
    ),
    RecordType.DEPARTMENT: (
        Field("department_code", "department_code", read_text),
        Field("name", "department_name", read_text),
        Field("active", "active", read_flag),
    ),
    RecordType.COST_CENTER: (
        Field("cost_center_no", "cost_center_no", read_text),
        Field("name", "cost_center_name", read_text),
        Field("active", "active", read_flag, sent=False),
        Field("department_code", "department_code", read_text),
    ),
    RecordType.HEADCOUNT: (
        Field("position", "position", read_text),
        Field("shift", "shift", read_text),
        Field("department", "department_code", read_text),
        Field("planned", "staffing_level", read_count),
    ),
    RecordType.ACCOUNT: (
        Field("account_no", "accountNumber", read_text),
        Field("name", "name", read_text),
        Field("category", "categoryType", read_text),
        Field("active", "active", read_flag),
    ),
    RecordType.BUILDING: (Field("building_code", "buildingCode", read_text), Field("name", "name", read_text)),
    RecordType.TENANT: (
        Field("id", "id", read_id),
        Field("code", "code", read_text),
        Field("name", "name", read_text),
    ),
    RecordType.FISCAL_PERIOD: (
        Field("period", "periodDisplay", read_text),
        Field("begin_on", "beginDate", read_day),
        Field("end_on", "endDate", read_day),
        Field("status", "periodStatus", read_text),
    ),
    RecordType.JOURNAL_ENTRY: (
        Field("id", "id", read_id),
        Field("number", "journalNumber", read_text),
        Field("period", "periodDisplay", read_text),
        Field("description", "description", read_text),
        Field("note", "note", read_text),
        Field("status", "status", read_text),
        Field("booked", "booked", read_flag),
        Field("created_by_id", "createdById", read_id),
        Field("post_on", "postDate", read_day),
    ),
}
KEYS: Mapping[RecordType, tuple[str, ...]] = {
    RecordType.EMPLOYEE: ("id",),
    RecordType.EMPLOYEE_ATTRIBUTES: ("resource_id",),
    RecordType.POSITION: ("position",),
    RecordType.DEPARTMENT: ("department_code",),
    RecordType.COST_CENTER: ("cost_center_no",),
    RecordType.HEADCOUNT: ("position", "shift", "department"),
    RecordType.ACCOUNT: ("account_no",),
    RecordType.BUILDING: ("building_code",),
    RecordType.TENANT: ("id",),
    RecordType.FISCAL_PERIOD: ("period",),
    RecordType.JOURNAL_ENTRY: ("id",),
}


def writable_fields() -> Iterator[tuple[str, str]]:
    """Name every field, by type, that a write to Plex may carry; keys name a record and are nobody's to change."""
    for kind in _WRITTEN:
        for field in FIELDS[kind]:
            if field.sent and field.name not in KEYS[kind]:
                yield kind.value, field.name


_WRITTEN = (
    RecordType.EMPLOYEE,
    RecordType.EMPLOYEE_ATTRIBUTES,
    RecordType.POSITION,
    RecordType.DEPARTMENT,
    RecordType.COST_CENTER,
    RecordType.HEADCOUNT,
)
