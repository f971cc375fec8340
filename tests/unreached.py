"""A wired connection whose systems nobody reaches: for what is decided from what is kept, without either of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ml_connector.bootstrap import App, utc_now, wire
from ml_connector.settings.loading import parse_settings
from ml_connector.storage.database import Database
from ml_connector.vault.keys import MasterKey

NOWHERE = "http://127.0.0.1:9"


def wire_alone(
    database: Database,
    *,
    zones: dict[str, str],
    actor: str = "test",
    approval: str = "two_people",
    clock: Callable[[], datetime] = utc_now,
) -> App:
    """An application for plants named with their time zones; *database* is migrated."""
    plants = [
        {
            "pcn": pcn,
            "company_code": pcn,
            "tenant_id": f"00000000-0000-4000-8000-000000000{pcn}",
            "time_zone": zone,
            "default_shift": "Day",
            "routes": [{"company": f"CO{pcn}", "location": "*"}],
        }
        for pcn, zone in zones.items()
    ]
    connection = {
        "workday": {"host": NOWHERE, "tenant": "acme"},
        "plex": {"base_url": NOWHERE, "token_url": f"{NOWHERE}/token", "plants": plants},
        "mapping": {"approval": approval},
    }
    settings = parse_settings({"connections": {"acme": connection}}, name="test")
    app = wire(settings, name="acme", database=database, master_key=MasterKey(b"k" * 32), actor=actor)
    object.__setattr__(app, "clock", clock)
    return app
