"""
The data sources of this enterprise: ids, inputs, outputs, columns.

Ids below 900000 are Plex's own, the same in every tenant; the others stand for what a customer has made for them on
request. Names of inputs and columns are not public: these follow Plex's own style and its reporting views.
"""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector.sandbox.plex import procedures
from ml_connector.sandbox.plex.procedures import Procedure

USUAL_ROW_LIMIT = 1000
_LONG_ROW_LIMIT = 15000


@dataclass(frozen=True)
class Field:
    """
    An input, output or column: `Name:type`, `?` behind the type when null is allowed, `!` when an input is required.
    """

    name: str
    type: str
    nullable: bool
    required: bool

    @classmethod
    def parse(cls, text: str) -> Field:
        """Read the notation above."""
        name, _, kind = text.partition(":")
        return cls(name, kind.rstrip("?!"), "?" in kind, "!" in kind)


@dataclass(frozen=True)
class DataSource:
    """One data source; *key* is the word the sandbox's users know it by, *name* is Plex's."""

    id: int
    key: str
    name: str
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    columns: tuple[Field, ...]
    procedure: Procedure
    row_limit: int = USUAL_ROW_LIMIT

    @property
    def is_read(self) -> bool:
        """Whether running it changes nothing."""
        return bool(self.columns)


def _fields(text: str) -> tuple[Field, ...]:
    return tuple(Field.parse(word) for word in text.split())


def _read(number: int, name: str, procedure: Procedure, *, inputs: str, columns: str, limit: int) -> DataSource:
    key = name.lower()
    return DataSource(number, key, name, _fields(inputs), (), _fields(columns), procedure, limit)


def _write(number: int, name: str, procedure: Procedure, *, inputs: str, outputs: str, key: str = "") -> DataSource:
    return DataSource(number, key or name.lower(), name, _fields(inputs), _fields(outputs), (), procedure)


_RESULT = "Result_Error:bool Result_Code:int32 Result_Message:string?"
_COST_CENTER = "Cost_Center_No:string! Cost_Center_Name:string! Department_No:int32?"
_DEPARTMENT = "Department_Code:string! Department_Name:string! Active:bool!"
_POSITION = (
    "Position:string! Job_Description:string? Active:bool Account_No:string? Position_Category:string? "
    "Position_Type:string? Supervisory:bool Hours_Tracked:bool"
)

DATA_SOURCES = (
    _read(
        300,
        "Cost_Centers_Get",
        procedures.cost_centers_get,
        inputs="Cost_Center_No:string? Cost_Center_Name:string? Department_No:int32? Updated_Date:date?",
        columns="Cost_Center_Key:int32 Cost_Center_No:string Cost_Center_Name:string Department_No:int32? "
        "Updated_Date:date Permission_Key:int32?",
        limit=USUAL_ROW_LIMIT,
    ),
    _read(
        660,
        "Departments_Get",
        procedures.departments_get,
        inputs="Department_Code:string? Department_Name:string? Active:bool?",
        columns="Department_No:int32 Department_Code:string Department_Name:string Active:bool "
        "Department_Group:string? Sort_Order:int16?",
        limit=USUAL_ROW_LIMIT,
    ),
    _read(
        3515,
        "Positions_Get",
        procedures.positions_get,
        inputs="Position:string? Position_Type:string? Active:bool?",
        columns="Position_Key:int32 Position:string Job_Description:string? Active:bool Account_No:string? "
        "Position_Category:string? Position_Type:string? Pay_Grade_Key:int32? Supervisory:bool Hours_Tracked:bool",
        limit=USUAL_ROW_LIMIT,
    ),
    _write(9209, "Position_Add", procedures.position_add, inputs=_POSITION, outputs=""),
    _read(
        154,
        "Employees_Get",
        procedures.employees_get,
        inputs="Badge_No:string? Employee_Status:string? User_No:int32? PCNs:string?",
        columns="Plexus_User_No:int32 Resource_ID:uuid Badge_No:string First_Name:string Middle_Name:string? "
        "Last_Name:string Employee_Status:string Position:string? Department_Code:string? Shift:string? "
        "Building_Code:string? Employee_Type:string? Email:string?",
        limit=USUAL_ROW_LIMIT,
    ),
    _write(
        22657,
        "Employee_Extended_Attributes_Update",
        procedures.employee_attributes_update,
        key="employee_attributes_update",
        inputs="Resource_ID:uuid! External_Employee_ID:string? Cost_Center_No:string?",
        outputs=_RESULT,
    ),
    _read(
        231084,
        "Customer_Date_UTC_Get",
        procedures.customer_date_utc_get,
        inputs="Offset_Days:int32?",
        columns="Customer_Date_UTC:date",
        limit=USUAL_ROW_LIMIT,
    ),
    _read(
        900101,
        "Staffing_Levels_Get",
        procedures.staffing_levels_get,
        inputs="",
        columns="Position_Key:int32 Position:string Shift_Key:int32 Shift:string Department_No:int32 "
        "Department_Code:string Staffing_Level:int32",
        limit=_LONG_ROW_LIMIT,
    ),
    _write(
        900102,
        "Staffing_Level_Update",
        procedures.staffing_level_update,
        inputs="Position:string! Shift:string! Department_Code:string! Staffing_Level:int32!",
        outputs=_RESULT,
    ),
    _write(
        900103,
        "Cost_Center_Add",
        procedures.cost_center_add,
        inputs=_COST_CENTER,
        outputs=f"Cost_Center_Key:int32? {_RESULT}",
    ),
    _write(
        900104,
        "Cost_Center_Update",
        procedures.cost_center_update,
        inputs=f"Cost_Center_Key:int32! {_COST_CENTER}",
        outputs=f"Cost_Center_Key:int32? {_RESULT}",
    ),
    _write(
        900105,
        "Department_Add",
        procedures.department_add,
        inputs=_DEPARTMENT,
        outputs=f"Department_No:int32? {_RESULT}",
    ),
    _write(
        900106,
        "Department_Update",
        procedures.department_update,
        inputs=f"Department_No:int32! {_DEPARTMENT}",
        outputs=f"Department_No:int32? {_RESULT}",
    ),
    _write(
        900107,
        "Position_Update",
        procedures.position_update,
        inputs=f"Position_Key:int32! {_POSITION}",
        outputs=f"Position_Key:int32? {_RESULT}",
    ),
    _read(
        900108,
        "Employee_Attributes_Get",
        procedures.employee_attributes_get,
        inputs="Resource_ID:uuid?",
        columns="Plexus_User_No:int32 Resource_ID:uuid Customer_Employee_No:string? External_Employee_ID:string? "
        "Cost_Center_Key:int32? Cost_Center_No:string?",
        limit=_LONG_ROW_LIMIT,
    ),
)
BY_ID = {source.id: source for source in DATA_SOURCES}
KEYS = tuple(source.key for source in DATA_SOURCES)
