"""A sync in a process of its own, for being killed."""

from __future__ import annotations

from typing import Any

from ml_connector.bootstrap import wire
from ml_connector.settings import parse_settings
from ml_connector.storage.database import open_database
from ml_connector.usecases import syncs
from ml_connector.vault.keys import MasterKey
from tests.world import silent


def run(configuration: dict[str, Any]) -> None:
    settings = parse_settings(configuration, name="child")
    database = open_database(settings.database.url)
    app = wire(settings, name="acme", database=database, master_key=MasterKey(b"k" * 32), actor="child")
    try:
        syncs.sync(app, progress=silent)
    finally:
        app.close()
