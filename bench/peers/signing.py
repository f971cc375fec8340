"""One access token for the REST peers."""

from __future__ import annotations

from typing import Any

import requests


def fetch_token(session: requests.Session, workday: dict[str, Any]) -> str:
    """Exchange the refresh token for an access token."""
    oauth = workday["oauth"]
    answer = session.post(
        f"{workday['url']}/ccx/oauth2/{workday['tenant']}/token",
        data={"grant_type": "refresh_token", "refresh_token": oauth["refresh_token"]},
        auth=(oauth["client_id"], oauth["client_secret"]),
        timeout=60,
    )
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def workers_path(workday: dict[str, Any]) -> str:
    """Tell the path of the worker collection."""
    return f"/ccx/api/staffing/v6/{workday['tenant']}/workers"
