"""
The migrations, run step by step once per test process: a new SQLite database is then laid out as the first one was.

A step costs as much as many a test. What the steps do is the matter of test_migrate, where every one of them is taken.
"""

from __future__ import annotations

from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

take_every_step = command.upgrade
_LAYOUT: list[str] = []
_FRAME = {"BEGIN TRANSACTION;", "COMMIT;"}  # the transaction is the caller's


def upgrade(config: Config, revision: str, **options: Any) -> None:
    """Stand in for Alembic's, on an empty SQLite database; anywhere else it is Alembic's."""
    connection: Connection = config.attributes["connection"]
    if connection.dialect.name != "sqlite" or connection.exec_driver_sql("SELECT 1 FROM sqlite_master").first():
        take_every_step(config, revision, **options)
    elif not _LAYOUT:
        take_every_step(config, revision, **options)
        driver: Any = connection.connection.driver_connection
        _LAYOUT.extend(line for line in driver.iterdump() if line not in _FRAME)
    else:
        for statement in _LAYOUT:
            connection.exec_driver_sql(statement)
