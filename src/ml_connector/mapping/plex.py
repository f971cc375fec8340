"""
Plex's own words to a flat record and back. Pure.

Employees, accounts and the like speak the resource API's camelCase; what comes from data sources is already under
our names for Plex's columns (`cost_center_no` for `Cost_Center_No`), and goes back under them. A change sends the
system's own row with our fields put in its place, so that what we do not own survives (UP-05).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from hashlib import sha1
from typing import Any
from uuid import UUID

import msgspec

from ml_connector.canonical.keys import NativeRecord, RecordType
from ml_connector.canonical.plant import PlexRecord, Scalar
from ml_connector.errors import RecordError
from ml_connector.mapping.limits import check_limits
from ml_connector.mapping.plex_fields import FIELDS, KEYS, Field, read_id

_NAMESPACE = UUID("5a7b8a5e-62c2-5d0c-9f57-7d1f1d3f4c10")
_decode = msgspec.json.Decoder(float_hook=Decimal).decode

# What the resource API's PUT takes besides our fields: sent back as it came.
_EMPLOYEE_KEPT = ("workPhone", "workExtension", "homePhone", "mobilePhone")
# The number by which an update procedure knows its row.
_ROW_KEYS = {
    RecordType.POSITION: "position_key",
    RecordType.DEPARTMENT: "department_no",
    RecordType.COST_CENTER: "cost_center_key",
}


def employee_uuid(tenant: str, *, plant: str, person: str) -> str:
    """The employee's id in a plant: the same person gives the same UUID on every attempt, host and rebuild (PX-01)."""
    # As uuid.uuid5 of json.dumps([tenant, plant, person]) has it, at a sixth of the cost: asked for several times a worker.
    begun = _begin_uuid(tenant, plant).copy()
    begun.update(f"{json.dumps(person)}]".encode())
    digest = begun.hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


@lru_cache(maxsize=64)
def _begin_uuid(tenant: str, plant: str) -> Any:
    """The hash of what everybody's name in a plant begins with."""
    name = f"[{json.dumps(tenant)}, {json.dumps(plant)}, "
    return sha1(_NAMESPACE.bytes + name.encode(), usedforsecurity=False)


def to_plant_record(native: NativeRecord, *, plant: str) -> PlexRecord:
    """
    Read one native record of *plant*; a field Plex did not give stays away, an empty one is None (UP-01).

    Raises:
        RecordError: unreadable, without its key, or with a value that is not what the field holds.
    """
    row = _row(native)
    fields = {field.name: _read(field, row) for field in FIELDS[native.record_type] if field.wire in row}
    parts = [fields.get(name) for name in KEYS[native.record_type]]
    if not all(isinstance(part, str) for part in parts):
        names = " and ".join(KEYS[native.record_type])
        raise RecordError(
            f"{_one(native.record_type)} of plant {plant} comes without its {names}",
            code="no_key",
            remedy="complete it in Plex",
        )
    if native.record_type is RecordType.EMPLOYEE_ATTRIBUTES:
        del fields["resource_id"]
    if native.record_type is RecordType.ACCOUNT:
        fields |= split_account(str(fields["account_no"]))
    return PlexRecord(
        type=native.record_type, plant=plant, key="|".join(str(part) for part in parts), fields=fields, native=row
    )


def split_account(account_no: str) -> dict[str, Scalar]:
    """The segments of `base-cost center-location`; an account may have fewer, and more belong to the last."""
    segments: list[str | None] = [*account_no.split("-", 2), None, None]
    return dict(zip(("base", "cost_center", "sub_account"), segments, strict=False))


def to_body(
    record_type: RecordType, *, action: str, fields: Mapping[str, Scalar], native: Mapping[str, Any] | None
) -> dict[str, Any]:
    """
    The JSON body of a write. *native* is Plex's row for anything but a create; *fields* are ours, by our names.

    An employee's `id` (create) and attributes' `resource_id` are among *fields*; `userId` is never sent (PX-03).

    Raises:
        RecordError: a value longer than Plex may hold (never cut off, WP-13), an unknown field, or an ending this
            type does not have.
    """
    known = {field.name: field for field in FIELDS[record_type]}
    unknown = sorted(fields.keys() - known.keys())
    if unknown:
        raise RecordError(f"Plex's {record_type.value} has no field {', '.join(unknown)}", code="unknown_field")
    if record_type is RecordType.EMPLOYEE and action in {"deactivate", "reactivate"}:
        return {"status": fields["status"]}
    row = {} if action == "create" else native or {}
    # What Plex's own spelling already means stays as Plex spells it, and evidently fits.
    fields = {name: value for name, value in fields.items() if not _same(known[name], row, value)}
    check_limits(record_type, fields=fields)
    if record_type is RecordType.EMPLOYEE:
        return _employee_body(action, fields, row, known)
    if action in {"deactivate", "reactivate"}:
        if "active" not in known or not known["active"].sent:
            raise RecordError(
                f"{_one(record_type)} cannot be deactivated in Plex: it has no such state",
                code="cannot_deactivate",
                remedy="close it in Plex by hand if it should not be used any more",
            )
        fields = {"active": action == "reactivate"}
    return _inputs(record_type, action, fields, row, known)


def _employee_body(
    action: str, fields: Mapping[str, Scalar], native: Mapping[str, Any], known: Mapping[str, Field]
) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if action == "create":
        body["id"] = fields["id"]
    sent = [field for field in known.values() if field.sent]
    for wire in (*(field.wire for field in sent), *_EMPLOYEE_KEPT):
        if native.get(wire) is not None:
            body[wire] = native[wire]
    for field in sent:
        if field.name in fields:
            _put(body, field, fields[field.name])
    return body


def _put(body: dict[str, Any], field: Field, value: Scalar) -> None:
    """The description of the API allows no null: an empty text clears a text, leaving out clears an id."""
    if value is not None:
        body[field.wire] = value
    elif field.read is read_id or field.wire not in body:
        body.pop(field.wire, None)
    else:
        body[field.wire] = ""


def _inputs(
    record_type: RecordType,
    action: str,
    fields: Mapping[str, Scalar],
    native: Mapping[str, Any],
    known: Mapping[str, Field],
) -> dict[str, Any]:
    body: dict[str, Any] = {}
    row_key = _ROW_KEYS.get(record_type)
    if row_key is not None and action != "create":
        if native.get(row_key) is None:
            raise RecordError(
                f"Plex's row of the {record_type.value.replace('_', ' ')} is not known, so it cannot be changed",
                code="no_row_key",
                remedy="the next run reads Plex again",
            )
        body[row_key] = native[row_key]
    for field in known.values():
        if field.sent and field.wire in native:
            body[field.wire] = native[field.wire]
        if field.sent and field.name in fields:
            body[field.wire] = fields[field.name]
    own_number = record_type is RecordType.COST_CENTER and "department_no" in native
    if own_number and body.get("department_code") == native.get("department_code"):
        # The row's own number spares looking the code up.
        body.pop("department_code", None)
        body["department_no"] = native["department_no"]
    return body


def _same(field: Field, native: Mapping[str, Any], value: Scalar) -> bool:
    """Whether Plex's row already means *value*."""
    if field.wire not in native:
        return False
    try:
        return field.read(native[field.wire]) == value
    except ValueError:
        return False


def _one(kind: RecordType) -> str:
    name = kind.value.replace("_", " ")
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _row(native: NativeRecord) -> dict[str, Any]:
    try:
        row = _decode(native.payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        row = None
    if not isinstance(row, dict):
        raise RecordError(f"{_one(native.record_type)} of Plex is no JSON object", code="unreadable")
    return row


def _read(field: Field, row: Mapping[str, Any]) -> Scalar:
    try:
        return field.read(row[field.wire])
    except ValueError as error:
        raise RecordError(f"Plex's {field.wire} holds {error}", code="bad_value", remedy="correct it in Plex") from None
