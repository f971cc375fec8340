"""
`/mdm/v1/employees`: the only way people enter Plex.

Creating and updating answer at once; `sync`, `activate`, `deactivate` and `transfer` answer 202 and come true later, or
never: a record of a `sync` that fails its checks is dropped without a word to the caller.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from ml_connector.sandbox.http import Response
from ml_connector.sandbox.plex.answers import RefusedError, accepted, invalid, malformed, no_such_record
from ml_connector.sandbox.plex.call import Call
from ml_connector.sandbox.plex.enterprise import Enterprise
from ml_connector.sandbox.plex.filters import Filter, Kind, select, texts
from ml_connector.sandbox.plex.rows import EMPLOYEE_FIELDS, add_employee, employee_row
from ml_connector.sandbox.plex.tables import Row, Tables

_REQUIRED = ("badgeNumber", "lastName", "status")
_LONGEST = {"badgeNumber": 25, "userId": 50, "firstName": 50, "middleName": 50, "lastName": 50, "email": 255}
FILTERS = {
    "id": Filter("id", Kind.UUID),
    "supervisorId": Filter("supervisorId", Kind.UUID),
    **texts("badgeNumber", "userId", "firstName", "lastName", "status", "position", "shift"),
    **texts("building", "type", "department", "email"),
}


def list_employees(call: Call) -> Response:
    """GET: the whole table or what the filters leave; there is no paging."""
    return call.answer(select(call.seen.employees.values(), call.query, filters=FILTERS))


def get_employee(call: Call) -> Response:
    """GET {id}."""
    row = call.seen.employees.get(call.record_id)
    if row is None:
        raise no_such_record()
    return call.answer(row)


def create_employee(call: Call) -> Response:
    """POST: 201; the caller may choose the id."""
    given = _given(call.json())
    row = employee_row(given | {"id": given.get("id") or str(uuid4())})
    _check(call.enterprise, call.tables, row, is_new=True)
    add_employee(call.tables, row)
    return call.answer(row, status=201)


def replace_employee(call: Call) -> Response:
    """
    PUT {id}: what the body leaves out becomes empty; the id and the user id stay, for the body has no place for them.
    """
    old = call.tables.employees.get(call.record_id)
    if old is None:
        raise no_such_record()
    given = _given(call.json()) | {"id": old["id"], "userId": old["userId"]}
    row = employee_row(given)
    _check(call.enterprise, call.tables, row, is_new=False)
    call.tables.employees[row["id"]] = row
    return call.answer(row)


def sync_employees(call: Call) -> Response:
    """POST sync: create or update one or many; each record succeeds or fails alone, after the 202."""
    body = call.json()
    records = [_given(each) for each in (body if isinstance(body, list) else [body])]
    call.enterprise.later(lambda: _sync(call.enterprise, call.tables, records))
    return accepted()


def _sync(enterprise: Enterprise, tables: Tables, records: list[Row]) -> None:
    for given in records:
        old = _match(tables, given)
        given = {name: value for name, value in given.items() if name != "userId"} if old else given
        row = employee_row(given | {"id": old["id"] if old else given.get("id") or str(uuid4())}, base=old)
        try:
            _check(enterprise, tables, row, is_new=old is None)
        except RefusedError:
            enterprise.failed_commands.append({"command": "sync", "pcn": tables.plant.pcn, "id": row["id"]})
            continue
        if old is None:
            add_employee(tables, row)
        else:
            tables.employees[row["id"]] = row


def _match(tables: Tables, given: Row) -> Row | None:
    if given.get("id"):
        return tables.employees.get(given["id"])
    return next((row for row in tables.employees.values() if row["badgeNumber"] == given.get("badgeNumber")), None)


def activate_employee(call: Call) -> Response:
    """POST {id}/activate {status}: 202; the status must be configured as active."""
    return _set_status(call, active=True)


def deactivate_employee(call: Call) -> Response:
    """POST {id}/deactivate {status}: 202; the status must be configured as inactive; the user account goes with it."""
    return _set_status(call, active=False)


def _set_status(call: Call, *, active: bool) -> Response:
    key, tables = call.record_id, call.tables
    if key not in tables.employees:
        raise no_such_record()
    body = call.json()
    status = body.get("status") if isinstance(body, dict) else None
    if tables.statuses.get(str(status)) is not active:
        kind = "active" if active else "inactive"
        raise invalid([f"Status {status!r} is not configured as {kind} in the setup table Employee Status."])

    def act() -> None:
        row = tables.employees.get(key)
        if row is None:
            return
        tables.employees[key] = row | {"status": status}
        if row["userId"] in tables.users:
            tables.users[row["userId"]] = tables.users[row["userId"]] | {"active": active}

    call.enterprise.later(act)
    return accepted()


def transfer_employee(call: Call) -> Response:
    """POST {id}/transfer {tenantId}: 202; the person stays where they are when the target lacks their setup data."""
    key, source = call.record_id, call.tables
    if key not in source.employees:
        raise no_such_record()
    body = call.json()
    tenant = str(body.get("tenantId", "")).lower() if isinstance(body, dict) else ""
    target = next((each for each in call.enterprise.plants.values() if each.plant.tenant_id == tenant), None)
    if target is None:
        raise invalid(["Tenant does not exist in this enterprise."])
    call.enterprise.later(lambda: _move(call.enterprise, key, source, target))
    return accepted()


def _move(enterprise: Enterprise, key: str, source: Tables, target: Tables) -> None:
    row = source.employees.get(key)
    if row is None or source is target:
        return
    if _setup_faults(target, row) or _badge_taken(target, row):
        enterprise.failed_commands.append({"command": "transfer", "pcn": source.plant.pcn, "id": key})
        return
    attributes = source.attributes.pop(key)
    del source.employees[key]
    add_employee(target, row)
    kept = {"External_Employee_ID": attributes["External_Employee_ID"]}
    target.attributes[key] = target.attributes[key] | kept


def _given(body: Any) -> Row:
    """The documented fields of one record; unknown ones are ignored, other types refused."""
    if not isinstance(body, dict):
        raise malformed("An employee is a JSON object.")
    given = {name: value for name, value in body.items() if name in EMPLOYEE_FIELDS}
    faults = [f"{name} is not text." for name, value in given.items() if not isinstance(value, str | None)]
    if faults:
        raise invalid(faults)
    for name in ("id", "supervisorId"):
        if given.get(name) or (
            name == "id" and given.get(name) == ""
        ):  # an empty supervisor is none, an empty id no id
            try:
                given[name] = str(UUID(given[name]))
            except ValueError:
                raise invalid([f"{name} is not a UUID."]) from None
    return given


def _check(enterprise: Enterprise, tables: Tables, row: Row, *, is_new: bool) -> None:
    faults = [f"{name} is required." for name in _REQUIRED if not row[name]]
    faults += [f"{name} is longer than {most}." for name, most in _LONGEST.items() if len(row[name] or "") > most]
    faults += _setup_faults(tables, row)
    if is_new and enterprise.plant_of(row["id"]):
        faults.append("An employee with this id already exists.")
    if _badge_taken(tables, row):
        faults.append("Badge number is already in use.")
    supervisor = row["supervisorId"]
    if supervisor and enterprise.plant_of(supervisor) is None:
        faults.append("Supervisor does not exist in this enterprise.")
    if faults:
        raise invalid(faults)


def _badge_taken(tables: Tables, row: Row) -> bool:
    return bool(tables.employees.holders(row["badgeNumber"]) - {row["id"]})


def _setup_faults(tables: Tables, row: Row) -> list[str]:
    """Name every text that its setup table does not hold."""
    position, department = tables.position(row["position"] or ""), tables.department(row["department"] or "")
    found = {
        "Employee Status": ("status", row["status"] in tables.statuses),
        "Employee Type": ("type", row["type"] in tables.types),
        "Shift": ("shift", row["shift"] in tables.shifts),
        "Building": ("building", tables.building(row["building"] or "") is not None),
        "Position": ("position", position is not None and position["Active"]),
        "Department": ("department", department is not None and department["Active"]),
    }
    return [
        f"{name} {row[name]!r} does not exist in the setup table {table}."
        for table, (name, ok) in found.items()
        if row[name] and not ok
    ]
