"""
Which of Workday's facts each field of a person's Plex record follows from, by canonical name. Pure.

A test changes one fact after the other and looks which fields follow: this page cannot say what the translation does
not do.
"""

from __future__ import annotations

from collections.abc import Mapping

ORIGINS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "employee": {
        "badge_number": ("employee_id", "worker_type"),
        "first_name": ("name.given",),
        "middle_name": ("name.middle",),
        "last_name": ("name.family",),
        "supervisor_id": ("manager_id",),
        "status": ("active", "on_leave"),
        "position": ("jobs.job_profile_id",),
        "shift": (),
        "building": ("jobs.location_id",),
        "type": ("jobs.time_type",),
        "department": ("organizations.cost_center",),
        "email": ("email",),
    },
    "employee_attributes": {
        "external_employee_id": ("employee_id",),
        "cost_center": ("organizations.cost_center",),
    },
}
"""By Plex type and field; one without any is set by the configuration."""

RULES: Mapping[str, Mapping[str, str]] = {
    "employee": {
        "badge_number": "WP-01",
        "first_name": "WP-13",
        "middle_name": "WP-13",
        "last_name": "WP-13",
        "supervisor_id": "WP-14",
        "status": "WP-12",
        "position": "WP-03",
        "shift": "UP-05",
        "building": "WP-08",
        "type": "WP-07",
        "department": "WP-03",
        "email": "UP-01",
    },
    "employee_attributes": {"external_employee_id": "PX-05", "cost_center": "PX-05"},
}
"""By Plex type and field: the id of the rule that decides its value, as the tests name it."""
