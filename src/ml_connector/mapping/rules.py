"""
Who owns which field of a record that both systems hold, and when two values mean the same.

Pure. Every field has exactly one owner, and goes from there to the other system and never back: into Plex only what
is Workday's is compared and written, so that what a plant keeps for itself survives (UP-05), and into Workday only what
is Plex's. A field that no line below names is a configuration error, never a guess.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

import msgspec

from ml_connector.canonical.plant import Scalar
from ml_connector.errors import ConfigurationError


class Owner(StrEnum):
    """Whose word counts. `key` fields name the record: they are sent, and never differ."""

    KEY = "key"
    WORKDAY = "workday"
    PLEX = "plex"


class FieldRule(msgspec.Struct, frozen=True):
    """
    What may happen to one field.

    *clearable*: an explicitly empty value is written (UP-01). *at_creation*: given when we create the record, the
    plant's own from then on. *numeric*: compared as a number.
    """

    owner: Owner
    clearable: bool = False
    at_creation: bool = False
    numeric: bool = False


_KEY = FieldRule(Owner.KEY)
_WORKDAY = FieldRule(Owner.WORKDAY)
_WORKDAY_CLEARABLE = FieldRule(Owner.WORKDAY, clearable=True)
_PLEX = FieldRule(Owner.PLEX)
_PLEX_AFTER_CREATION = FieldRule(Owner.PLEX, at_creation=True)

FIELDS: dict[str, dict[str, FieldRule]] = {
    "employee": {
        "id": _KEY,
        "badge_number": _WORKDAY,
        "first_name": _WORKDAY,
        "middle_name": _WORKDAY_CLEARABLE,
        "last_name": _WORKDAY,
        "supervisor_id": _WORKDAY_CLEARABLE,  # a vacant manager is explicit (WP-14)
        "status": _WORKDAY,
        "position": _WORKDAY,
        "shift": _PLEX_AFTER_CREATION,  # foremen move people between shifts on the floor
        "building": _WORKDAY,
        "type": _WORKDAY,
        "department": _WORKDAY,
        "email": _WORKDAY_CLEARABLE,
    },
    "employee_attributes": {
        "employee_no": _PLEX,
        "external_employee_id": _WORKDAY,
        "cost_center": _WORKDAY,
    },
    "position": {"position": _KEY, "active": _WORKDAY, "description": _PLEX_AFTER_CREATION},
    # Several cost centers may share a department: were its name Workday's, they would overwrite each other for ever.
    "department": {"department_code": _KEY, "name": _PLEX_AFTER_CREATION, "active": _WORKDAY},
    "cost_center": {
        "cost_center_no": _KEY,
        "name": _WORKDAY,
        "active": _WORKDAY,  # Plex publishes no such column, but a customer's data source may have it
        "department_code": _PLEX_AFTER_CREATION,
    },
    "headcount": {
        "position": _KEY,
        "shift": _KEY,
        "department": _KEY,
        "planned": FieldRule(Owner.WORKDAY, numeric=True),
    },
}


# What the configuration may give to Plex (`sync.cost_centers`): which cost centers there are goes with their names.
_CHOSEN = {("cost_center", "name"), ("cost_center", "active")}


class Owners(msgspec.Struct, frozen=True):
    """Whose word counts, as one connection is configured."""

    cost_centers: Owner = Owner.WORKDAY

    def of(self, record_type: str, field: str) -> Owner:
        """
        The one owner of a field.

        Raises:
            ConfigurationError: nobody owns it.
        """
        owner = field_rule(record_type, field).owner
        return self.cost_centers if (record_type, field) in _CHOSEN else owner

    def check(self, fields: Iterable[tuple[str, str]]) -> None:
        """
        Once, before anything is read: every field that could be written has its owner.

        Raises:
            ConfigurationError: nobody owns one of *fields* (type and name).
        """
        for record_type, field in fields:
            self.of(record_type, field)


@functools.cache
def field_rule(record_type: str, field: str) -> FieldRule:
    """
    Look up the rule of one field.

    Raises:
        ConfigurationError: nobody owns it.
    """
    rule = FIELDS.get(record_type, {}).get(field)
    if rule is None:
        raise ConfigurationError(
            f"nobody owns the field {record_type}.{field}", remedy="name its owner in the table of mapping rules"
        )
    return rule


def is_owned(record_type: str, field: str, *, by: Owner = Owner.WORKDAY, owners: Owners = Owners()) -> bool:  # noqa: B008 - frozen
    """Tell whether this owner's value is compared with, and written over, the one in the other system (UP-05)."""
    return owners.of(record_type, field) is by


def is_clearable(record_type: str, field: str) -> bool:
    """Tell whether an explicitly empty value may empty the field in Plex (UP-01)."""
    return field_rule(record_type, field).clearable


def same_value(record_type: str, field: str, held: Scalar, wanted: Scalar) -> bool:
    """
    Tell whether two values mean the same, so that nothing is written (UP-04, UP-08).

    Spaces around a text do not count and a blank text is an empty value; case and leading zeros do count; `40` and
    `40.00` are one value in numeric fields only.
    """
    if type(held) is type(wanted) and held == wanted:
        return True
    numeric = field_rule(record_type, field).numeric
    return _normal(held, numeric=numeric) == _normal(wanted, numeric=numeric)


def _normal(value: Scalar, *, numeric: bool) -> tuple[str, object]:
    text = "" if value is None else str(value).strip()
    if not text:
        return "empty", None
    if numeric and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return "number", Decimal(text)
    return "text", text
