"""
A day of changes that is put back again and again, to be run under every fault there is, one that does not go away.
"""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select

from ml_connector.bootstrap import App
from ml_connector.connectors.budget.budget import Budget
from ml_connector.connectors.plex.connector import PlexConnector
from ml_connector.connectors.transport import Transport
from ml_connector.errors import MLConnectorError
from ml_connector.sandbox.fault_scenarios import find_fault
from ml_connector.sandbox.faults import parse_fault
from ml_connector.sandbox.plex.tables import Tables
from ml_connector.sandbox.server import Sandbox
from ml_connector.secret import Secret
from ml_connector.snapshot.store import records
from ml_connector.sync.report import RunReport
from ml_connector.usecases import outcomes, syncs
from tests.rehearsal import Clock
from tests.world import World, copy_plants, silent

LATE_S = 0.2
_BLINK_S = 0.005


class Hasty(Clock):
    """A clock that lets hours pass in a blink; the pretended systems, on the wall's clock, get that blink."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        time.sleep(min(seconds, _BLINK_S))


class HastyWorld(World):
    """The same enterprise where nobody waits long: patience is spent on a clock of its own."""

    def configuration(self) -> dict[str, Any]:
        configuration = super().configuration()
        acme = configuration["connections"]["acme"]
        acme["workday"] |= {"timeout_s": LATE_S, "page_size": 5}
        acme["plex"] |= {"timeout_s": LATE_S, "settle_s": 0.01, "writers": 2}
        return configuration

    def open(self, **options: Any) -> App:
        clock = Hasty()
        app = dataclasses.replace(super().open(**options), sleep=clock.sleep)
        secrets = self.sandbox.ready["plex"]["oauth2"]
        app.__dict__["plex"] = PlexConnector(
            app.connection.plex,
            credential=lambda field: Secret(secrets[field]),
            transport=Transport(system="plex", allow=app.settings.hosts.allow),
            clock=app.clock,
            sleep=clock.sleep,
            budget=Budget(calls_per_minute=10**6, clock=clock.monotonic, sleep=clock.sleep),
        )
        return app


class Ending(NamedTuple):
    """How a run ended: its report, or the error that stopped it."""

    report: RunReport | None
    error: MLConnectorError | None

    @property
    def exit_code(self) -> int:
        if self.report is not None:
            return self.report.exit_code
        assert self.error is not None
        return self.error.exit_code


class Day:
    """An enterprise in step, then one worker is hired; `put_back` makes it that morning again."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.world = HastyWorld(sandbox, folder)
        self.world.map_everything()
        self.run()
        self.before = self.world.plex_state()
        sandbox.tenant.play("hire")
        self._file = folder / "mlc.db"
        self.world.app.close()
        self._database = self._file.read_bytes()
        self._anchor = (folder / "anchor.jsonl").read_bytes()
        self._plex = self._keep_plex()
        self.world.app = self.world.open()
        self.run()
        self.after = self.world.plex_state()

    def put_back(self) -> None:
        self.sandbox.faults.clear()
        self.world.app.close()
        for leftover in self._file.parent.glob("mlc.db-*"):
            leftover.unlink()
        self._file.write_bytes(self._database)
        (self._file.parent / "anchor.jsonl").write_bytes(self._anchor)
        self.sandbox.plex.enterprise.plants = copy_plants(self._plex)
        self.world.app = self.world.open()

    def spoil(self, name: str, *, system: str, after: int) -> None:
        """Let a fault of the catalogue begin after so many requests, and last."""
        given = find_fault(name, system=system)
        late = {"retry_after": "1"} if given["mode"] in {"slow", "timeout_before", "timeout_after"} else {}
        fault = {**given, **late, "count": None, "after": max(after, given.get("after", 0))}
        self.sandbox.faults.add(parse_fault(fault))

    def run(self) -> Ending:
        """One run that reads everything: what changed fits on one page, which few faults of paging would meet."""
        try:
            return Ending(syncs.sync(self.world.app, whole=True, progress=silent), None)
        except MLConnectorError as error:
            return Ending(None, error)

    def watermark(self) -> str:
        """Up to when Workday was read and believed: the newest that `runs` shows."""
        return next(run.watermark for run in outcomes.runs(self.world.app) if run.watermark)

    def workday_extracts(self) -> set[str]:
        """What our own database believes of Workday's records."""
        database = self.world.app.database
        with database.reading() as tx:
            columns = (records.c.type, records.c.key, records.c.body)
            rows = tx.execute(select(*columns).where(records.c.side == "workday"))
            return {"|".join(map(str, row)) for row in rows}

    def _keep_plex(self) -> dict[str, Tables]:
        return copy_plants(self.sandbox.plex.enterprise.plants)
