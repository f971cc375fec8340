"""What people at a plant do in Plex of their own accord: cost centers opened, renamed, given up."""

from __future__ import annotations

from collections.abc import Callable

from ml_connector.sandbox.plex.enterprise import Enterprise
from ml_connector.sandbox.plex.seed import add_account
from ml_connector.sandbox.plex.tables import Tables, next_key

_PLANT = "101"
_RENAMED = ("4400", "Powder Coating")
_FIRST = 4600


def _open_cost_center(enterprise: Enterprise) -> list[str]:
    """Open the next free number from 4600 with its department and an account to book on."""
    tables = enterprise.plants[_PLANT]
    number = next(str(n) for n in range(_FIRST, 10_000) if tables.cost_center(str(n)) is None)
    name = "Robotics" if number == str(_FIRST) else f"Robotics {number}"
    department = _open_department(tables, f"{number}-ROB", name)
    key = next_key(tables.cost_centers)
    tables.cost_centers[key] = {
        "Cost_Center_Key": key,
        "Cost_Center_No": number,
        "Cost_Center_Name": name,
        "Department_No": department,
        "Updated_Date": enterprise.now_text(),
        "Permission_Key": None,
    }
    add_account(tables, f"51000-{number}-{_PLANT}", f"Direct labor {name}", "Expense")
    return [number]


def _open_department(tables: Tables, code: str, name: str) -> int:
    number = next_key(tables.departments)
    tables.departments[number] = {
        "Department_No": number,
        "Department_Code": code,
        "Department_Name": name,
        "Active": True,
        "Department_Group": None,
        "Sort_Order": number,
    }
    return number


def _rename_cost_center(enterprise: Enterprise) -> list[str]:
    """Give a cost center of one plant only another name."""
    tables, (number, name) = enterprise.plants[_PLANT], _RENAMED
    row = tables.cost_center(number)
    if row is None:
        raise LookupError(f"plant {_PLANT} has no cost center {number}")
    changed = {"Cost_Center_Name": name, "Updated_Date": enterprise.now_text()}
    tables.cost_centers[row["Cost_Center_Key"]] = row | changed
    return [number]


SCENARIOS: dict[str, Callable[[Enterprise], list[str]]] = {
    "plex_cost_center": _open_cost_center,
    "plex_cost_center_renamed": _rename_cost_center,
}
