"""
The data sources we use, by our name for them: their ids, inputs and columns.

Ids are the same in every Plex; input and column names follow Plex's own style, but Plex changes data sources under
the same id, so each name can be overridden (`plex.datasources.<name>`). Where no id is public there is none here: the
customer's Plex Champion knows it, and until it is set that part is held, never faked.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

import msgspec

from ml_connector.canonical.keys import RecordType
from ml_connector.errors import ConfigurationError
from ml_connector.settings.plex import DataSource


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """
    One data source. *inputs* and *columns* go from our name to Plex's; *fixed* inputs are sent as they are.

    A column outside *optional* that stops coming is contract drift.
    """

    name: str
    id: int | None = None
    inputs: Mapping[str, str] = {}
    columns: Mapping[str, str] = {}
    optional: frozenset[str] = frozenset()
    fixed: Mapping[str, Any] = {}


def _names(*wire: str) -> dict[str, str]:
    return {text.lower(): text for text in wire}


_COST_CENTER = _names("Cost_Center_No", "Cost_Center_Name", "Department_No")
_DEPARTMENT = _names("Department_Code", "Department_Name", "Active")
_POSITION = _names("Position", "Job_Description", "Active")

_ENTRIES = (
    Entry(
        name="cost_centers_get",
        id=300,
        inputs=_names("Cost_Center_No"),
        columns=_names("Cost_Center_Key", "Cost_Center_No", "Cost_Center_Name", "Department_No", "Active"),
        optional=frozenset({"active"}),  # not published; where a customer's has it, it is told
    ),
    Entry(name="cost_center_add", inputs=_COST_CENTER),
    Entry(name="cost_center_update", inputs=_names("Cost_Center_Key") | _COST_CENTER),
    Entry(
        name="departments_get",
        id=660,
        inputs=_names("Department_Code"),
        columns=_names("Department_No", "Department_Code", "Department_Name", "Active"),
    ),
    Entry(name="department_add", inputs=_DEPARTMENT),
    Entry(name="department_update", inputs=_names("Department_No") | _DEPARTMENT),
    Entry(
        name="positions_get",
        id=3515,
        inputs=_names("Position"),
        columns=_names("Position_Key", "Position", "Job_Description", "Active"),
        optional=frozenset({"job_description"}),
    ),
    Entry(name="position_add", id=9209, inputs=_POSITION),
    Entry(name="position_update", inputs=_names("Position_Key") | _POSITION),
    Entry(
        name="staffing_levels_get",
        columns=_names("Position", "Shift", "Department_Code", "Staffing_Level"),
    ),
    Entry(name="staffing_level_update", inputs=_names("Position", "Shift", "Department_Code", "Staffing_Level")),
    Entry(
        name="employee_attributes_get",
        inputs=_names("Resource_ID"),
        columns=_names("Resource_ID", "Customer_Employee_No", "External_Employee_ID", "Cost_Center_No"),
    ),
    Entry(
        name="employee_attributes_update",
        id=22657,
        inputs=_names("Resource_ID", "External_Employee_ID", "Cost_Center_No"),
    ),
)

READS = {
    RecordType.COST_CENTER: "cost_centers_get",
    RecordType.DEPARTMENT: "departments_get",
    RecordType.POSITION: "positions_get",
    RecordType.HEADCOUNT: "staffing_levels_get",
    RecordType.EMPLOYEE_ATTRIBUTES: "employee_attributes_get",
}
CREATES = {
    RecordType.COST_CENTER: "cost_center_add",
    RecordType.DEPARTMENT: "department_add",
    RecordType.POSITION: "position_add",
    RecordType.HEADCOUNT: "staffing_level_update",
    RecordType.EMPLOYEE_ATTRIBUTES: "employee_attributes_update",
}
UPDATES = CREATES | {
    RecordType.COST_CENTER: "cost_center_update",
    RecordType.DEPARTMENT: "department_update",
    RecordType.POSITION: "position_update",
}
NAMES = frozenset(entry.name for entry in _ENTRIES)


class Catalog:
    """
    The table above, as this customer has it.

    Raises:
        ConfigurationError: an override for a name that is not in the table.
    """

    def __init__(self, overrides: Mapping[str, DataSource]) -> None:
        known = {entry.name: entry for entry in _ENTRIES}
        for name in overrides:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
                raise ConfigurationError(
                    f"plex.datasources.{name} is no data source we use"
                    + (f" (did you mean {near[0]}?)" if near else ""),
                    remedy="known names: " + ", ".join(known),
                )
        self._entries = {name: _merge(entry, overrides.get(name)) for name, entry in known.items()}

    def used(self) -> list[Entry]:
        """Every entry, with or without an id: some record type needs each."""
        return list(self._entries.values())

    def find(self, name: str) -> Entry:
        """One entry, with or without an id."""
        return self._entries[name]

    def require(self, name: str) -> tuple[Entry, int]:
        """
        One entry and its id.

        Raises:
            ConfigurationError: it has no id; the remedy names the setting.
        """
        entry = self._entries[name]
        if entry.id is None:
            raise ConfigurationError(
                f"the data source {name} has no public id, so what needs it is held",
                remedy=f"ask your Plex Champion for its id and set plex.datasources.{name}.id in ml-connector.toml",
            )
        return entry, entry.id


def _merge(entry: Entry, override: DataSource | None) -> Entry:
    if override is None:
        return entry
    return Entry(
        name=entry.name,
        id=entry.id if override.id is None else override.id,
        inputs=dict(entry.inputs) | override.inputs,
        columns=dict(entry.columns) | override.columns,
        optional=entry.optional,
        fixed=dict(entry.fixed) | override.fixed,
    )
