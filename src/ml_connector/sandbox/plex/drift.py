"""
What people at a plant do to an employee between two of a caller's requests: edit, remove, give the badge to another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from ml_connector.sandbox.company import make_uuid
from ml_connector.sandbox.http import Request
from ml_connector.sandbox.plex.enterprise import Enterprise
from ml_connector.sandbox.plex.rows import add_employee, employee_row
from ml_connector.sandbox.plex.tables import Row, Tables

_IN_PATH = re.compile(r"/mdm/v1/employees/([0-9A-Fa-f-]{36})")


def drift(enterprise: Enterprise, request: Request, *, deed: str) -> None:
    """Do a deed (`edit`, `remove` or `reuse`) to the employee a request names; where it names none, to the first."""
    wanted = _named(request)
    everybody = [(tables, row) for tables in enterprise.plants.values() for row in tables.employees.values()]
    named = [(tables, row) for tables, row in everybody if wanted & {row["id"], row["badgeNumber"]}]
    if found := named or everybody:
        enterprise.remember()
        _DEEDS[deed](*found[0])


def _named(request: Request) -> set[str]:
    """The ids and badge numbers in a request's path, query or body."""
    found = {match[1].lower() for match in _IN_PATH.finditer(request.path)}
    if found:
        return found
    found = {value for name in ("id", "badgeNumber") for value in request.query.get(name, [])}
    return found | {
        str(record[name]) for record in _records(request.body) for name in ("id", "badgeNumber") if name in record
    }


def _records(body: bytes) -> list[Row]:
    try:
        given: Any = json.loads(body or b"[]")
    except ValueError:
        return []
    return [each for each in (given if isinstance(given, list) else [given]) if isinstance(each, dict)]


def _edit(tables: Tables, row: Row) -> None:
    tables.employees[row["id"]] = row | {"lastName": f"{row['lastName']}-Edited"}


def _remove(tables: Tables, row: Row) -> None:
    del tables.employees[row["id"]]


def _reuse(tables: Tables, row: Row) -> None:
    """Let somebody new have the badge number of somebody who is no longer there."""
    del tables.employees[row["id"]]
    another = {"firstName": "Robin", "middleName": None, "lastName": "Newcomer", "email": None, "userId": None}
    add_employee(tables, employee_row(another | {"id": str(make_uuid("reused", row["id"]))}, base=row | another))


_DEEDS: dict[str, Callable[[Tables, Row], None]] = {"edit": _edit, "remove": _remove, "reuse": _reuse}
