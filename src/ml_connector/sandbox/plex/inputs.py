"""
The input rules of the data-source API: names are case-sensitive, types are checked, plant and user are not for callers.

Codes are Plex's; the sentences beside them are ours, for the vendor says they may change and must not be read.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from ml_connector.sandbox.plex.catalog import DataSource, Field
from ml_connector.sandbox.plex.filters import read_instant
from ml_connector.sandbox.plex.tables import Row

CONTROLLED = ("PCN", "Plexus_Customer_No", "PUN", "Plexus_User_No")
_DENIED = ("CUSTOMER_ACCESS_DENIED", "USER_ACCESS_DENIED")
_INTEGERS = {"int16": 15, "int32": 31, "int64": 63}


class InputError(Exception):
    """One broken rule, as its code and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        """403 for what the caller may not see, 400 for what it wrote wrongly."""
        return 403 if self.code in _DENIED else 400


def check_inputs(source: DataSource, given: Mapping[str, Any], *, pcns: tuple[str, ...], users: Collection[int]) -> Row:
    """
    Check every rule and return the inputs converted to their types.

    Raises:
        InputError: the first rule broken, in the order of the names given.
    """
    known = {each.name: each for each in source.inputs}
    checked: Row = {}
    for name, value in given.items():
        if name in CONTROLLED:
            raise InputError("DATA_SOURCE_INPUT_NOT_ACCESSIBLE", f"{name} is set by the system.")
        if name not in known:
            raise InputError("DATA_SOURCE_INPUT_NOT_FOUND", f"{source.name} has no input {name}.")
        checked[name] = _convert(known[name], value)
    for each in source.inputs:
        if each.required and each.name not in given:
            raise InputError("DATA_SOURCE_INPUT_REQUIRED", f"{each.name} is missing.")
    _check_reach(checked, pcns=pcns, users=users)
    return checked


def _check_reach(checked: Row, *, pcns: tuple[str, ...], users: Collection[int]) -> None:
    listed = checked.get("PCNs")
    if listed is not None:
        parts = [part.strip() for part in listed.split(",")]
        if not all(part.isascii() and part.isdigit() for part in parts):
            raise InputError("DATA_SOURCE_INPUT_FORMAT_INVALID", "PCNs is no list of customers.")
        if not set(parts) <= set(pcns):
            raise InputError("CUSTOMER_ACCESS_DENIED", "A customer in PCNs is out of reach.")
    user = checked.get("User_No")
    if user is not None and user not in users:
        raise InputError("USER_ACCESS_DENIED", "The user is out of reach.")


def _convert(rule: Field, value: Any) -> Any:
    if value is None:
        if rule.nullable:
            return None
        raise InputError("DATA_SOURCE_INPUT_NOT_NULLABLE", f"{rule.name} cannot be null.")
    convert: Callable[[Field, Any], Any] = _CONVERSIONS.get(rule.type, _to_text)
    try:
        return convert(rule, value)
    except (ValueError, TypeError, InvalidOperation):
        raise InputError("DATA_SOURCE_INPUT_TYPE_MISMATCH", f"{rule.name} is no {rule.type}.") from None


def _to_text(rule: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(rule.name)
    return value


def _to_bool(rule: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(rule.name)
    return value


def _to_integer(rule: Field, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(rule.name)
    number = int(value)
    if not -(2 ** _INTEGERS[rule.type]) <= number < 2 ** _INTEGERS[rule.type]:
        raise ValueError(rule.name)
    return number


def _to_number(rule: Field, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | float | Decimal):
        raise TypeError(rule.name)
    number = Decimal(str(value))
    if not math.isfinite(number):
        raise ValueError(rule.name)
    return number


def _to_date(rule: Field, value: Any) -> str:
    text = _to_text(rule, value)
    if read_instant(text) is None:
        raise InputError("DATA_SOURCE_INPUT_FORMAT_INVALID", f"{rule.name} is no date with time and Z.")
    return text


def _to_uuid(rule: Field, value: Any) -> str:
    return str(UUID(_to_text(rule, value)))


def _to_blob(rule: Field, value: Any) -> bytes:
    return base64.b64decode(_to_text(rule, value), validate=True)


_CONVERSIONS: dict[str, Callable[[Field, Any], Any]] = {
    "bool": _to_bool,
    "date": _to_date,
    "uuid": _to_uuid,
    "blob": _to_blob,
    **dict.fromkeys(_INTEGERS, _to_integer),
    **dict.fromkeys(("float", "double", "decimal"), _to_number),
}
