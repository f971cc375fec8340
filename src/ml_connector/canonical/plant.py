"""
Records as a plant's Plex holds them, flat: the side that is compared and written.

A field missing from `fields` was not given; a field that is `None` is empty there (UP-01). Comparing, owning and
explaining all work field by field, which is why this side is a table row and not a class per type.
"""

from __future__ import annotations

from typing import Any

import msgspec

Scalar = str | int | bool | None


class PlexRecord(msgspec.Struct, frozen=True, kw_only=True):
    """
    One record of one plant.

    *key* is what we match on (employee: our UUID; position, department, cost center: their text;
    headcount: `position|shift|department`; employee_attributes: the employee's UUID). *native* is the system's own row,
    kept so that an update sends back what we do not own exactly as it was (UP-05).
    """

    type: str
    plant: str
    key: str
    fields: dict[str, Scalar]
    native: dict[str, Any] = {}
