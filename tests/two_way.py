"""
Both directions in one process: a pretended Workday that can be written to, beside the pretended Plex of a rehearsal.

Everything is real but the network and time; `workday_wire` is where an answer of Workday's can be spoilt.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from ml_connector.connectors.workday.connector import WorkdayConnector
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import MappingRow
from ml_connector.mapping.store import MappingStore
from ml_connector.sandbox.http import Request, Response
from ml_connector.sandbox.plex.tables import next_key
from ml_connector.sandbox.tenant.facts import Organization
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox
from ml_connector.secret import Secret
from ml_connector.settings.model import Connection as Settings
from ml_connector.storage.database import open_database
from ml_connector.sync.change import Change
from tests.rehearsal import START, Recording, Rehearsal, Wire
from tests.world import accepted_rows

WORKERS = 4
PLANT = "101"


class TwoWay(Rehearsal):
    """One enterprise whose Workday lives. Each test has its own, with the mapping accepted."""

    def __init__(
        self,
        *,
        owner: Literal["workday", "plex"] = "plex",
        writes: bool = True,
        url: str,
        workday: Mapping[str, Any] | None = None,
        **plex: Any,
    ) -> None:
        self.tenant = Tenant(seed=7, workers=WORKERS, today=START.date())
        self.sandbox = WorkdaySandbox(self.tenant)
        super().__init__(Recording(WORKERS, (), []), url=url, **plex)
        told = self.settings.model_dump(mode="json")
        told["workday"] |= {"tenant": self.tenant.name, "writes": writes, **(workday or {})}
        told["sync"]["cost_centers"] = owner
        self.settings = Settings.model_validate(told)
        self.workday_wire = Wire(self.sandbox.answer)
        self.activity: dict[str, bool] = {}
        self._tell = self.plex.answer
        self.plex.answer = self._tell_activity  # type: ignore[method-assign]
        self.recording = Recording(WORKERS, (), _mapping())
        self.prepare()

    def workday(self, boundary: Callable[[], None]) -> Any:
        isu = self.sandbox.credentials["isu"]
        return WorkdayConnector(
            self.settings.workday,
            credential=lambda field: Secret(isu[field]),
            transport=self.workday_wire,  # type: ignore[arg-type]
            clock=self.clock.now,
            sleep=self.clock.sleep,
        )

    # What people do

    def open_center(self, number: str, name: str, *, plant: str = PLANT) -> None:
        """Somebody opens a cost center in Plex."""
        tables = self.plex.enterprise.plants[plant]
        key = next_key(tables.cost_centers)
        row = {"Cost_Center_Key": key, "Cost_Center_No": number, "Cost_Center_Name": name, "Department_No": None}
        tables.cost_centers[key] = row | {"Updated_Date": self.plex.enterprise.now_text(), "Permission_Key": None}

    def edit_center(self, number: str, *, plant: str = PLANT, **columns: Any) -> None:
        """Somebody edits a cost center in Plex."""
        tables = self.plex.enterprise.plants[plant]
        row = tables.cost_center(number)
        assert row is not None
        tables.cost_centers[row["Cost_Center_Key"]] = row | columns

    def _tell_activity(self, request: Request) -> Response:
        """The data source of an enterprise whose cost centers have a column `Active`, once `activity` says so."""
        answer = self._tell(request)
        if "/datasources/300/execute" not in request.path or not self.activity:
            return answer
        assert isinstance(answer.body, bytes)
        told = json.loads(answer.body)
        for row in told["rows"]:
            row["Active"] = self.activity.get(row["Cost_Center_No"], True)
        return Response(answer.status, json.dumps(told).encode(), answer.headers)

    def rename_in_workday(self, key: str, name: str) -> None:
        self.tenant.put_cost_center(key, {"name": name}, on=self.tenant.today)

    def map(
        self, key: str, number: str, *, plant: str = PLANT, state: Literal["accepted", "proposed"] = "accepted"
    ) -> None:
        """Somebody accepts, or only proposes, a row."""
        target = {"cost_center": number, "department": "4100-STP", "segment": "4100"}
        row = MappingRow(kind=Kind.COST_CENTER, plant=plant, source=key, target=target, state=state)
        row = msgspec.structs.replace(row, changed_by="test", changed_at=START)
        database = open_database(self.url)
        try:
            with database.transaction() as tx:
                MappingStore(database).save(tx, "acme", [row])
        finally:
            database.close()

    # What is there

    def in_workday(self) -> dict[str, Organization]:
        """Workday's cost centers by reference id, past every door."""
        view = self.tenant.view()
        found = [history.at(view.today, by=view.now) for history in view.world.organizations.values()]
        return {facts.reference_id: facts for facts in found if facts is not None and facts.kind == "COST_CENTER"}

    def in_plex(self, *, plant: str = PLANT) -> dict[str, str]:
        """A plant's cost centers: name by number."""
        rows = self.plex.enterprise.plants[plant].cost_centers.values()
        return {row["Cost_Center_No"]: row["Cost_Center_Name"] for row in rows}

    @property
    def puts(self) -> list[Request]:
        return [request for request in self.workday_wire.requests if b"Put_Cost_Center_Request" in request.body]

    def upstream(self) -> Sequence[Change]:
        """What the newest plan would do to Workday."""
        with self.alive() as life:
            life.plan()
            newest = life.tools.store.newest_plan()
            assert newest is not None
            intents = life.tools.store.intents(plan_id=newest.id)
        return [intent.change for intent in intents if intent.change.system == "workday"]


@functools.cache
def _mapping() -> list[MappingRow]:
    """What both systems say of each other on the first day, accepted as it is proposed."""
    tenant = Tenant(seed=7, workers=WORKERS, today=START.date())
    sandbox = WorkdaySandbox(tenant)
    rehearsal = Rehearsal(Recording(WORKERS, (), []), url="sqlite://")
    isu = sandbox.credentials["isu"]
    workday = WorkdayConnector(
        rehearsal.settings.workday.model_copy(update={"tenant": tenant.name}),
        credential=lambda field: Secret(isu[field]),
        transport=Wire(sandbox.answer),  # type: ignore[arg-type]
        clock=rehearsal.clock.now,
    )
    return accepted_rows(workday, rehearsal.connect(Wire(rehearsal.plex.answer)))  # type: ignore[arg-type]
