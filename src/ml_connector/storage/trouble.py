"""
What a database's own failures mean to a person: full, read-only, busy, damaged, away.

Pure. Whatever is not one of these is a mistake of ours and stays what it is.
"""

from __future__ import annotations

import re

from sqlalchemy.exc import DBAPIError, OperationalError

from ml_connector.errors import StorageBusyError, StorageError

_SPACE = "make room on its disk and run the command again; nothing was sent that is not recorded"
_ACCESS = "make the database and its folder writable for this user, or name another one in database.url"
_BACKUP = (
    "stop everything that uses it, keep a copy, restore the latest backup; the next run reads Plex before it writes"
)
_AGAIN = "run the command again; `ml-connector runs` shows whether another run is busy"
_SERVER = "check that the database server is up and run the command again"
_WHO = "correct database.url, or have the server's administrator create what it names"

_FULL = StorageError, "the disk of the database is full", _SPACE
_FAILED = StorageError, "the disk of the database failed or is full", _SPACE
_READ_ONLY = StorageError, "the database cannot be written: it is read-only", _ACCESS
_DAMAGED = StorageError, "the database is damaged", _BACKUP
_FOREIGN = (
    StorageError,
    "the file is no SQLite database, or its beginning is damaged",
    "name another file in database.url; if it was one, restore it from a backup",
)
_BUSY = StorageBusyError, "another process has held the database for too long", _AGAIN
_AWAY = StorageBusyError, "the connection to the database was lost", _SERVER
_UNREACHED = StorageBusyError, "the database server is not reached", f"{_SERVER}; if it is, look at database.url"

_SQLITE = {
    "FULL": _FULL,
    "IOERR": _FAILED,
    "READONLY": _READ_ONLY,
    "CORRUPT": _DAMAGED,
    "NOTADB": _FOREIGN,
    "BUSY": _BUSY,
    "LOCKED": _BUSY,
}
# A connection that does not come about has no code, only words; the server's own are English unless it was told else.
_NOT_LET_IN = {
    r"authentication failed": (StorageError, "the database server does not let us in: user or password is wrong", _WHO),
    r"no pg_hba\.conf entry": (StorageError, "the database server lets nobody in from here as this user", _WHO),
    r'role ".*" does not exist': (StorageError, "the database server knows no such user", _WHO),
    r'database ".*" does not exist': (StorageError, "the database server has no such database", _WHO),
}
# Codes, then their classes: PostgreSQL's appendix A.
_POSTGRESQL = {
    "53100": _FULL,
    "25006": _READ_ONLY,
    "55P03": _BUSY,
    "40P01": _BUSY,
    "40001": _BUSY,
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
    "58": _FAILED,
    "08": _AWAY,
    "53": _AWAY,
    "57": _AWAY,
}


def to_storage_error(error: DBAPIError) -> StorageError | None:
    """Say what a database's failure means; None where it says nothing about the database itself."""
    name: str | None = getattr(error.orig, "sqlite_errorname", None)
    state: str | None = getattr(error.orig, "sqlstate", None)
    if name is not None:  # such as SQLITE_IOERR_WRITE
        found = _SQLITE.get(name.split("_")[1])
    elif state is not None:
        found = _POSTGRESQL.get(state, _POSTGRESQL.get(state[:2]))
    elif error.connection_invalidated:
        found = _AWAY
    else:
        found = _sort_words(str(error.orig)) if _is_unconnected(error) else None
    if found is None:
        return None
    kind, message, remedy = found
    return kind(message, remedy=remedy)


def _is_unconnected(error: DBAPIError) -> bool:
    """Whether PostgreSQL's driver reached no server, or was not let in: of whatever else the server tells the code."""
    return isinstance(error, OperationalError) and type(error.orig).__module__.startswith("psycopg")


def _sort_words(words: str) -> tuple[type[StorageError], str, str]:
    return next((found for mark, found in _NOT_LET_IN.items() if re.search(mark, words)), _UNREACHED)
