"""A rehearsal whose Workday lives: scenarios are played on it and days pass, all in one process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import MappingRow, sign_rows
from ml_connector.mapping.store import MappingStore
from ml_connector.sandbox.tenant.desk import Desk
from ml_connector.sandbox.tenant.setup import morning
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox
from tests.rehearsal import START, Life, Rehearsal, Wire, call_workday, record

WORKERS = 24


class Living(Rehearsal):
    """One manufacturer, its mapping accepted, its first sync still to come."""

    def __init__(self, folder: Path, *, workers: int = WORKERS) -> None:
        super().__init__(record(workers), url=f"sqlite:///{folder}/mlc.db")
        self.tenant = Tenant(seed=7, workers=workers, today=START.date())
        self.sandbox = WorkdaySandbox(self.tenant)
        self.prepare()

    def workday(self, boundary: Callable[[], None]) -> Any:
        return call_workday(self.sandbox, wire=Wire(self.sandbox.answer, boundary=boundary))

    @contextmanager
    def synced(self) -> Iterator[Life]:
        """A process after the first sync."""
        with self.alive() as life:
            assert life.sync().counts["parked"] == 0
            yield life

    @property
    def desk(self) -> Desk:
        """Where changes are entered that no scenario has."""
        return self.tenant._desk("test")

    def play(self, name: str) -> list[str]:
        touched: list[str] = self.tenant.play(name)["touched"]
        return touched

    def pass_days(self, days: int) -> None:
        """Let days pass on which nothing else happens."""
        self.tenant._today += timedelta(days=days)
        self.tenant._moment = max(self.tenant._moment, morning(self.tenant._today))

    def map(
        self, life: Life, kind: Kind, source: str, target: dict[str, str], *, plant: str = "101", **more: Any
    ) -> None:
        """Accept one row, for Detroit unless told otherwise."""
        row = MappingRow(kind=kind, plant=plant, source=source, target=target, **more)
        with life.database.transaction() as tx:
            MappingStore(life.database).save(tx, "acme", sign_rows([row], changed_by="test", changed_at=START))

    def parked(self, life: Life) -> list[tuple[str, str, str]]:
        """Whose record waits, why, and for which field: key, code, field."""
        return [(item.key, item.code, item.field) for item in life.tools.review.parked("acme")]
