"""Brings a database to the schema this version knows, by Alembic's numbered steps; never backwards, never silently."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect, text

from ml_connector.errors import ConfigurationError
from ml_connector.storage.database import Database, take_turn

# Two first starts at the same time: the second waits, and finds everything done.
_LOCK = 0x6D6C63
_FOLDER = Path(__file__).parent / "migrations"


def migrate(database: Database) -> None:
    """
    Create or upgrade the tables. A database that is up to date costs one query.

    Raises:
        ConfigurationError: the database was written by a newer version.
    """
    current = _current(database)
    if current == _newest():
        return
    # Imported here because it is slow and almost never needed.
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    try:
        with database.transaction() as connection:
            take_turn(connection, _LOCK)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError:
        raise ConfigurationError(
            f"the database is at schema {current}, which this version does not know",
            remedy="use the newer version that wrote it",
        ) from None


def _newest() -> str:
    """The number of the last step; the steps are numbered files."""
    return max(file.name.partition("_")[0] for file in (_FOLDER / "versions").glob("[0-9]*_*.py"))


def _current(database: Database) -> str | None:
    with database.reading() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
