"""
What every child of the fork server begins with: `crash_child`, and all statements of a sync written out already.

Some two hundred children make a sync each; on its own, each would write every statement out anew.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from alembic import command

from ml_connector.storage.database import Database
from tests import crash_child, layout, sharing
from tests.rehearsal import Rehearsal, record

__all__ = ["crash_child"]

command.upgrade = layout.upgrade
Database.__init__ = sharing.open_together  # type: ignore[method-assign]
with tempfile.TemporaryDirectory() as folder:
    rehearsal = Rehearsal(record(8), url=f"sqlite:///{Path(folder) / 'mlc.db'}", writers=1)
    rehearsal.keeps_engine = False
    rehearsal.prepare()
    for _run in range(2):
        with rehearsal.alive() as life:
            life.sync()
