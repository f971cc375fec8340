"""What the script of an in-house engineer keeps and sends: one flat row per worker. Standard library only."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable
from typing import Any

COLUMNS = (
    "wid", "employee_id", "first_name", "last_name", "email", "active", "hire_date", "position_id", "title",
    "job_profile", "location", "weekly_hours", "manager", "company", "cost_center",
)  # fmt: skip
_NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")


class Table:
    """A SQLite table of workers, written page by page."""

    def __init__(self, path: str) -> None:
        self._database = sqlite3.connect(path)
        columns = ", ".join(COLUMNS)
        self._database.execute(f"CREATE TABLE IF NOT EXISTS worker ({columns}, PRIMARY KEY (wid))")
        self._insert = f"INSERT OR REPLACE INTO worker ({columns}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608

    def keep(self, rows: Iterable[dict[str, Any]]) -> None:
        """Keep a page in one transaction."""
        with self._database:
            self._database.executemany(self._insert, [tuple(row.get(name) for name in COLUMNS) for row in rows])


class Upserter:
    """Sends one employee after the other to Plex: an update, and a creation where there was none."""

    def __init__(self, session: Any, plex: dict[str, Any]) -> None:
        self._session, self._url = session, plex["base_url"] + "/mdm/v1/employees"
        self._headers = {"X-Plex-Connect-Api-Key": plex["api_key"]}
        self._headers["X-Plex-Connect-Tenant-Id"] = plex["plants"][0]["tenant_id"]

    def send(self, row: dict[str, Any]) -> None:
        """Create or update one employee."""
        key = str(uuid.uuid5(_NAMESPACE, row["employee_id"]))
        body = {"badgeNumber": row["employee_id"], "firstName": row.get("first_name") or "-", "status": "Active"}
        body |= {"lastName": row.get("last_name") or "-", "email": row.get("email")}
        answer = self._session.put(f"{self._url}/{key}", json=body, headers=self._headers, timeout=60)
        if answer.status_code == 404:
            answer = self._session.post(self._url, json=body | {"id": key}, headers=self._headers, timeout=60)
        answer.raise_for_status()


def from_rest(worker: dict[str, Any]) -> dict[str, Any]:
    """Flatten one worker of the REST staffing service."""
    job = worker.get("primaryJob") or {}
    first, _, last = worker["descriptor"].partition(" ")
    return {
        "wid": worker["id"],
        "employee_id": worker["workerId"],
        "first_name": first,
        "last_name": last,
        "email": (worker.get("person") or {}).get("email"),
        "active": True,
        "position_id": job.get("descriptor"),
        "title": job.get("businessTitle"),
        "job_profile": (job.get("jobProfile") or {}).get("Job_Profile_ID"),
        "location": (job.get("location") or {}).get("Location_ID"),
    }
