"""
What is the same for every database of a test process is worked out once.

A test opens a database of its own, often several times, and each new engine would write out every statement anew. So
all engines of a kind have one dialect, and know of each statement what one of them found out. What is in a database,
its connections and their settings stay each one's own.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Dialect, Engine

from ml_connector.storage.database import Database

open_alone = Database.__init__
_DIALECTS: dict[str, Dialect] = {}
_STATEMENTS: dict[Any, Any] = {}


def open_together(self: Database, engine: Engine) -> None:
    """Stand in for `Database.__init__`; *engine* has connected, so its dialect knows what it speaks to."""
    open_alone(self, engine)
    engine.dialect = _DIALECTS.setdefault(f"{engine.dialect.name}+{engine.dialect.driver}", engine.dialect)
    engine.update_execution_options(compiled_cache=_STATEMENTS)
