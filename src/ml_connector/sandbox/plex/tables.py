"""
What one plant's Plex holds.

Rows are replaced, never changed in place: copying the dictionaries is therefore a snapshot, cheap enough to take before
every write while reads are made to lag.
"""

from __future__ import annotations

from collections.abc import KeysView
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any

from ml_connector.sandbox.company import Plant

Row = dict[str, Any]
StaffingKey = tuple[int, int, int]


class Rows(dict[str, Row]):
    """
    Rows by their own key that also tell who holds a value of one column, without a look at all of them.

    They are set, deleted and popped one by one, in no other way.
    """

    def __init__(self, column: str) -> None:
        super().__init__()
        self._column = column
        self._holders: dict[Any, set[str]] = {}

    @property
    def held(self) -> KeysView[Any]:
        """The values that somebody holds."""
        return self._holders.keys()

    def holders(self, value: Any) -> set[str]:
        """The keys of the rows with this value."""
        return set(self._holders.get(value, ()))

    def __setitem__(self, key: str, row: Row) -> None:
        self._forget(key)
        super().__setitem__(key, row)
        self._holders.setdefault(row[self._column], set()).add(key)

    def __delitem__(self, key: str) -> None:
        self._forget(key)
        super().__delitem__(key)

    def pop(self, key: str, *default: Any) -> Any:
        """As of any dictionary."""
        self._forget(key)
        return super().pop(key, *default)

    def copy(self) -> Rows:
        """As of any dictionary."""
        made = Rows(self._column)
        made.update(self)
        made._holders = {value: set(keys) for value, keys in self._holders.items()}
        return made

    def _forget(self, key: str) -> None:
        if key in self:
            value = self[key][self._column]
            self._holders[value].discard(key)
            if not self._holders[value]:
                del self._holders[value]


@dataclass
class Tables:
    """
    One PCN's tables, by their own keys.

    *statuses* tells which employee statuses are configured as active; *staffing* is planned headcount by position,
    shift and department key; *employees* and *attributes* share the employee's UUID.
    """

    plant: Plant
    statuses: dict[str, bool] = field(default_factory=dict)
    types: dict[str, int] = field(default_factory=dict)
    shifts: dict[str, int] = field(default_factory=dict)
    buildings: dict[str, Row] = field(default_factory=dict)
    departments: dict[int, Row] = field(default_factory=dict)
    positions: dict[int, Row] = field(default_factory=dict)
    cost_centers: dict[int, Row] = field(default_factory=dict)
    staffing: dict[StaffingKey, int] = field(default_factory=dict)
    employees: Rows = field(default_factory=partial(Rows, "badgeNumber"))
    attributes: Rows = field(default_factory=partial(Rows, "Plexus_User_No"))
    users: dict[str, Row] = field(default_factory=dict)
    accounts: dict[str, Row] = field(default_factory=dict)
    periods: dict[str, Row] = field(default_factory=dict)
    journals: dict[str, Row] = field(default_factory=dict)

    def snapshot(self) -> Tables:
        """Copy the tables as they are now, to be read."""
        copies: dict[str, Any] = {each.name: getattr(self, each.name).copy() for each in fields(self)[1:]}
        return replace(self, **copies)

    def department(self, code: str) -> Row | None:
        """Find a department by its code."""
        return _find(self.departments, "Department_Code", code)

    def position(self, text: str) -> Row | None:
        """Find a position by its text."""
        return _find(self.positions, "Position", text)

    def cost_center(self, number: str) -> Row | None:
        """Find a cost center by its number."""
        return _find(self.cost_centers, "Cost_Center_No", number)

    def building(self, code: str) -> Row | None:
        """Find a building by its code."""
        return next((row for row in self.buildings.values() if row["buildingCode"] == code), None)

    def account(self, number: str) -> Row | None:
        """Find an account by its number."""
        return next((row for row in self.accounts.values() if row["accountNumber"] == number), None)


def _find(rows: dict[int, Row], column: str, text: str) -> Row | None:
    return next((row for row in rows.values() if row[column] == text), None)


def next_key(rows: dict[int, Row]) -> int:
    """The next free integer key of a table."""
    return max(rows, default=0) + 1
