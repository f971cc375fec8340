"""
Names and moments shared by every record: what kind it is, when it was true, what a missing value means.

A field has three states (UP-01): a value, `None` (the system says it is empty) and `UNSET` (the system said nothing).
Only the first two may ever be written.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from ml_connector.secret import Pay

__all__ = [
    "UNSET",
    "AsOf",
    "NativeRecord",
    "Record",
    "RecordType",
    "System",
    "UnsetType",
    "encode",
    "fingerprint",
    "known_text",
    "normal_decimal",
    "to_plain",
]


class System(StrEnum):
    """The two systems."""

    WORKDAY = "workday"
    PLEX = "plex"


class RecordType(StrEnum):
    """Every kind of record we can name; the first group is Workday's, the second Plex's, the third both's."""

    WORKER = "worker"
    ORGANIZATION = "organization"
    JOB_PROFILE = "job_profile"
    LOCATION = "location"

    EMPLOYEE = "employee"
    EMPLOYEE_ATTRIBUTES = "employee_attributes"
    DEPARTMENT = "department"
    ACCOUNT = "account"
    BUILDING = "building"
    TENANT = "tenant"
    FISCAL_PERIOD = "fiscal_period"
    JOURNAL_ENTRY = "journal_entry"
    HEADCOUNT = "headcount"

    POSITION = "position"
    COST_CENTER = "cost_center"

    @property
    def plural(self) -> str:
        """As people write several of them: `cost centers`, `journal entries`."""
        words = self.value.replace("_", " ")
        if words.endswith("ry"):
            return f"{words.removesuffix('y')}ies"
        return words if words.endswith("s") else f"{words}s"


class AsOf(msgspec.Struct, frozen=True):
    """Both moments of one extraction (CC-02): what was true on *effective_on*, as known at *entered_at*."""

    effective_on: date
    entered_at: datetime


class NativeRecord(msgspec.Struct, frozen=True, gc=False):
    """
    One record in a system's own words: what a connector yields and a mapping translates.

    *payload* stands alone: for SOAP one XML element with its namespaces declared, otherwise one JSON value.
    """

    record_type: RecordType
    payload: bytes


class Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=False, gc=False):
    """
    What every canonical record has: its type (the tag) and its key.

    Of texts, days and smaller records of the same kind only: nothing in it leads back to it, so it is no business of
    the garbage collector's.
    """

    key: str


def encode(value: Any, *, disclose_pay: bool = False) -> bytes:
    """Canonical JSON: sorted keys, `UNSET` left out, decimals as strings, dates ISO; pay masked unless disclosed."""
    plain = value if isinstance(value, Record) else to_plain(value, disclose_pay=disclose_pay)  # a record needs no copy
    return (_DISCLOSING if disclose_pay else _MASKING).encode(plain)


def to_plain(value: Any, *, disclose_pay: bool = False) -> Any:
    """The record as dicts, lists and JSON scalars."""
    hook = _disclose_pay if disclose_pay else _mask_pay
    return msgspec.to_builtins(value, enc_hook=hook, builtin_types=(), str_keys=True)


def _mask_pay(item: Any) -> str:
    if isinstance(item, Pay):
        return str(item)
    raise TypeError(f"{type(item).__name__} has no canonical form")


def _disclose_pay(item: Any) -> str:
    return format(item.disclose(), "f") if isinstance(item, Pay) else _mask_pay(item)


_MASKING, _DISCLOSING = (msgspec.json.Encoder(enc_hook=hook, order="sorted") for hook in (_mask_pay, _disclose_pay))


def fingerprint(value: Any) -> str:
    """SHA-256 (hex) over the canonical JSON, pay included: equal if and only if nothing we keep differs."""
    return hashlib.sha256(encode(value, disclose_pay=True)).hexdigest()


def known_text(value: object) -> str | None:
    """The text a field holds; None where the system says it is empty, or says nothing."""
    return value if isinstance(value, str) else None


def normal_decimal(value: Decimal) -> str:
    """The shortest plain spelling, so that 40 and 40.00 are one value (UP-04)."""
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text
