"""
The stored procedures behind the data sources.

A procedure's own refusal is no HTTP error: it answers 200 and sets `Result_Error`, so that a caller who looks at the
status alone believes it succeeded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from ml_connector.sandbox.plex.enterprise import Enterprise
from ml_connector.sandbox.plex.rows import position_row
from ml_connector.sandbox.plex.tables import Row, Tables, next_key


@dataclass(frozen=True)
class Result:
    """What a procedure gives back; *rows* is `None` for one that has outputs alone."""

    outputs: Row = field(default_factory=dict)
    rows: list[Row] | None = None


@dataclass(frozen=True)
class Context:
    """Where a procedure runs: `seen` for reading, `tables` for writing, one plant both."""

    enterprise: Enterprise
    pcn: str

    @property
    def tables(self) -> Tables:
        """The plant's tables as they are."""
        return self.enterprise.plants[self.pcn]

    @property
    def seen(self) -> Tables:
        """The plant's tables as a read sees them now."""
        return self.enterprise.seen(self.pcn)


Procedure = Callable[[Context, Row], Result]


def _done(**outputs: Any) -> Result:
    return Result(outputs | {"Result_Error": False, "Result_Code": 0, "Result_Message": None})


def _failed(message: str) -> Result:
    return Result({"Result_Error": True, "Result_Code": 1, "Result_Message": message})


def _like(rows: Iterable[Row], given: Row) -> list[Row]:
    """Rows equal to the inputs of the same name; an input that is absent or null asks nothing."""
    wanted = [(name, value) for name, value in given.items() if value is not None]
    return [row for row in rows if all(row.get(name) == value for name, value in wanted)]


def cost_centers_get(at: Context, given: Row) -> Result:
    """List cost centers: no active flag, no parent, no created date."""
    return Result(rows=_like(at.seen.cost_centers.values(), given))


def cost_center_add(at: Context, given: Row) -> Result:
    """Add a cost center; its number must be new, its department known."""
    if at.tables.cost_center(given["Cost_Center_No"]):
        return _failed("Cost center number is already in use.")
    return _put_cost_center(at, next_key(at.tables.cost_centers), given)


def cost_center_update(at: Context, given: Row) -> Result:
    """Replace a cost center's number, name and department."""
    key = given["Cost_Center_Key"]
    if key not in at.tables.cost_centers:
        return _failed("Cost center does not exist.")
    other = at.tables.cost_center(given["Cost_Center_No"])
    if other and other["Cost_Center_Key"] != key:
        return _failed("Cost center number is already in use.")
    return _put_cost_center(at, key, given)


def _put_cost_center(at: Context, key: int, given: Row) -> Result:
    department = given.get("Department_No")
    if department is not None and department not in at.tables.departments:
        return _failed("Department does not exist.")
    blank = {"Department_No": None, "Permission_Key": None}
    row = at.tables.cost_centers.get(key, blank) | given
    at.tables.cost_centers[key] = row | {"Cost_Center_Key": key, "Updated_Date": at.enterprise.now_text()}
    return _done(Cost_Center_Key=key)


def departments_get(at: Context, given: Row) -> Result:
    """List departments."""
    return Result(rows=_like(at.seen.departments.values(), given))


def department_add(at: Context, given: Row) -> Result:
    """Add a department; its code must be new."""
    if at.tables.department(given["Department_Code"]):
        return _failed("Department code is already in use.")
    key = next_key(at.tables.departments)
    blank = {"Department_No": key, "Department_Group": None, "Sort_Order": None}
    at.tables.departments[key] = blank | given
    return _done(Department_No=key)


def department_update(at: Context, given: Row) -> Result:
    """Replace a department's code, name and active flag; employees hold the code as text and follow a rename."""
    key = given["Department_No"]
    old, other = at.tables.departments.get(key), at.tables.department(given["Department_Code"])
    if old is None:
        return _failed("Department does not exist.")
    if other and other["Department_No"] != key:
        return _failed("Department code is already in use.")
    at.tables.departments[key] = old | given
    _rename(at.tables, "department", old["Department_Code"], given["Department_Code"])
    return _done(Department_No=key)


def positions_get(at: Context, given: Row) -> Result:
    """List positions, which are titles, not seats."""
    return Result(rows=_like(at.seen.positions.values(), given))


def position_add(at: Context, given: Row) -> Result:
    """Add a position. It has no outputs, so a title already there is left alone without a word."""
    if not at.tables.position(given["Position"]):
        key = next_key(at.tables.positions)
        at.tables.positions[key] = position_row(
            key, {name: value for name, value in given.items() if value is not None}
        )
    return Result()


def position_update(at: Context, given: Row) -> Result:
    """Change a position; employees hold the title as text and follow a rename."""
    key = given["Position_Key"]
    old, other = at.tables.positions.get(key), at.tables.position(given["Position"])
    if old is None:
        return _failed("Position does not exist.")
    if other and other["Position_Key"] != key:
        return _failed("Position is already in use.")
    at.tables.positions[key] = old | given
    _rename(at.tables, "position", old["Position"], given["Position"])
    return _done(Position_Key=key)


def _rename(tables: Tables, name: str, old: str, new: str) -> None:
    if old != new:
        for key, row in tables.employees.items():
            if row[name] == old:
                tables.employees[key] = row | {name: new}


def staffing_levels_get(at: Context, given: Row) -> Result:
    """List planned headcount by position, shift and department."""
    return Result(rows=staffing_rows(at.seen))


def staffing_rows(tables: Tables) -> list[Row]:
    """Planned headcount with the names behind its keys."""
    shifts = {key: text for text, key in tables.shifts.items()}
    return [
        {
            "Position_Key": position,
            "Position": tables.positions[position]["Position"],
            "Shift_Key": shift,
            "Shift": shifts[shift],
            "Department_No": department,
            "Department_Code": tables.departments[department]["Department_Code"],
            "Staffing_Level": level,
        }
        for (position, shift, department), level in tables.staffing.items()
    ]


def staffing_level_update(at: Context, given: Row) -> Result:
    """Set planned headcount, whether or not the combination was there."""
    position, department = at.tables.position(given["Position"]), at.tables.department(given["Department_Code"])
    shift = at.tables.shifts.get(given["Shift"])
    if position is None or department is None or shift is None:
        return _failed("Position, shift or department does not exist.")
    if given["Staffing_Level"] < 0:
        return _failed("Staffing level is negative.")
    at.tables.staffing[position["Position_Key"], shift, department["Department_No"]] = given["Staffing_Level"]
    return _done()


def employees_get(at: Context, given: Row) -> Result:
    """List employees with their user numbers, a narrower view than the resource API's."""
    badge, status = given.get("Badge_No"), given.get("Employee_Status")
    rows = [
        {
            "Plexus_User_No": at.seen.attributes[key]["Plexus_User_No"],
            "Resource_ID": key,
            "Badge_No": row["badgeNumber"],
            "First_Name": row["firstName"],
            "Middle_Name": row["middleName"],
            "Last_Name": row["lastName"],
            "Employee_Status": row["status"],
            "Position": row["position"],
            "Department_Code": row["department"],
            "Shift": row["shift"],
            "Building_Code": row["building"],
            "Employee_Type": row["type"],
            "Email": row["email"],
        }
        for key, row in at.seen.employees.items()
    ]
    return Result(rows=_like(rows, {"Badge_No": badge, "Employee_Status": status}))


def employee_attributes_get(at: Context, given: Row) -> Result:
    """List what an employee has besides the resource API's fields: numbers elsewhere, and the home cost center."""
    return Result(rows=_like(at.seen.attributes.values(), given))


def employee_attributes_update(at: Context, given: Row) -> Result:
    """Change the attributes that are given; null empties one, absent leaves it."""
    key = given["Resource_ID"]
    old = at.tables.attributes.get(key)
    if old is None:
        return _failed("Employee does not exist.")
    changed = dict(given)
    if "Cost_Center_No" in given:
        center = at.tables.cost_center(given["Cost_Center_No"] or "")
        if given["Cost_Center_No"] and center is None:
            return _failed("Cost center does not exist.")
        changed["Cost_Center_Key"] = center["Cost_Center_Key"] if center else None
    at.tables.attributes[key] = old | changed
    return _done()


def customer_date_utc_get(at: Context, given: Row) -> Result:
    """Tell the time: the smallest data source there is, good for proving that one is let in."""
    return Result(rows=[{"Customer_Date_UTC": at.enterprise.now_text()}])
