"""
How long a text may be in Plex. Pure.

Plex publishes no lengths for the resource API and its data sources. Where a column's length is public it is used;
everywhere else the limit is a cautious guess of ours, marked so: too long is told and parked, never cut off (WP-13).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.plant import Scalar
from ml_connector.errors import RecordError


class Limit(NamedTuple):
    """The most characters a field holds, and where we know it from."""

    characters: int
    evidence: str


_GUESS = "our own cautious guess: Plex publishes no length"
_COLUMN = "the column Cost_Center_No(10) of a published data-source template"
_UUID = "a UUID has 36 characters"

_GUESSED = {
    RecordType.EMPLOYEE: {
        "badge_number": 20,
        "first_name": 50,
        "middle_name": 50,
        "last_name": 50,
        "status": 50,
        "position": 100,
        "shift": 50,
        "building": 50,
        "type": 50,
        "department": 60,
        "email": 254,
    },
    RecordType.EMPLOYEE_ATTRIBUTES: {"employee_no": 20, "external_employee_id": 50},
    RecordType.POSITION: {"position": 100, "description": 500},
    RecordType.DEPARTMENT: {"department_code": 60, "name": 100},
    RecordType.COST_CENTER: {"name": 100, "department_code": 60},
    RecordType.HEADCOUNT: {"position": 100, "shift": 50, "department": 60},
}
_KNOWN = {
    (RecordType.COST_CENTER, "cost_center_no"): Limit(10, _COLUMN),
    (RecordType.EMPLOYEE_ATTRIBUTES, "cost_center"): Limit(10, _COLUMN),
    (RecordType.EMPLOYEE, "id"): Limit(36, _UUID),
    (RecordType.EMPLOYEE, "supervisor_id"): Limit(36, _UUID),
    (RecordType.EMPLOYEE_ATTRIBUTES, "resource_id"): Limit(36, _UUID),
}
LIMITS: Mapping[tuple[RecordType, str], Limit] = _KNOWN | {
    (record_type, name): Limit(characters, _GUESS)
    for record_type, fields in _GUESSED.items()
    for name, characters in fields.items()
}


def check_limits(record_type: RecordType, *, fields: Mapping[str, Scalar]) -> None:
    """
    Check every text against the table; the value itself is not told.

    Raises:
        RecordError: longer than its limit (`field_too_long`).
    """
    for name, value in fields.items():
        limit = LIMITS.get((record_type, name))
        if limit is not None and isinstance(value, str) and len(value) > limit.characters:
            raise RecordError(
                f"{name.replace('_', ' ')} has {len(value)} characters, Plex takes {limit.characters} ({limit.evidence})",
                code="field_too_long",
                remedy="shorten it in Workday; nothing is ever cut off",
            )
