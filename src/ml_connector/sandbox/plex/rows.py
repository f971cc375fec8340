"""How a row of each table is laid out when it is new, and what else comes into being with it."""

from __future__ import annotations

from typing import Any

from ml_connector.sandbox.company import make_uuid
from ml_connector.sandbox.plex.tables import Row, Tables

EMPLOYEE_FIELDS = (
    "id",
    "badgeNumber",
    "userId",
    "firstName",
    "middleName",
    "lastName",
    "supervisorId",
    "status",
    "position",
    "shift",
    "building",
    "type",
    "department",
    "email",
    "workPhone",
    "workExtension",
    "homePhone",
    "mobilePhone",
)


def employee_row(given: Row, *, base: Row | None = None) -> Row:
    """Lay out an employee: what is given, over *base*, `None` for the rest."""
    start = dict.fromkeys(EMPLOYEE_FIELDS) | (base or {})
    return start | {name: value or None for name, value in given.items() if name in start}


def add_employee(tables: Tables, row: Row) -> None:
    """Put an employee in, with its attributes, and with a user account when its user id is new."""
    key = row["id"]
    tables.employees[key] = row
    tables.attributes[key] = {
        "Plexus_User_No": _next_user_number(tables),
        "Resource_ID": key,
        "Customer_Employee_No": row["badgeNumber"],
        "External_Employee_ID": None,
        "Cost_Center_Key": None,
        "Cost_Center_No": None,
    }
    user = row["userId"]
    if user and user not in tables.users:
        names = {name: row[name] for name in ("firstName", "middleName", "lastName", "position", "email", "department")}
        tables.users[user] = {"id": str(make_uuid("user", user)), "userId": user, **names, "active": True}


def _next_user_number(tables: Tables) -> int:
    """One more than the latest that is still there has, or the next that nobody has."""
    latest = next(reversed(tables.attributes.values()), None)
    number: int = (latest["Plexus_User_No"] if latest else int(tables.plant.pcn) * 100_000) + 1
    while number in tables.attributes.held:
        number += 1
    return number


def position_row(key: int, given: Row) -> Row:
    """Lay out a position: what is given over the defaults of an active one."""
    blank: dict[str, Any] = {
        "Position_Key": key,
        "Position": None,
        "Job_Description": None,
        "Active": True,
        "Account_No": None,
        "Position_Category": None,
        "Position_Type": None,
        "Pay_Grade_Key": None,
        "Supervisory": False,
        "Hours_Tracked": True,
    }
    return blank | given


def journal_line(tables: Tables, label: str, given: Row) -> Row:
    """Lay out one journal line; its segments come from the account's number."""
    number = given["accountNo"]
    account = tables.account(number) or {}
    base, center, location = [*number.split("-"), "", "", ""][:3]
    return {
        "lineId": str(make_uuid("line", label)),
        "accountId": account.get("id"),
        "accountNumber": number,
        "description": given.get("description"),
        "debit": given["debit"],
        "credit": given["credit"],
        "currencyDebit": given["debit"],
        "currencyCredit": given["credit"],
        "baseSegment": base,
        "costCenterSegment": center,
        "subAccountSegment": location,
    }
