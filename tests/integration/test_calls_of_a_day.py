"""What a day asks of Workday: as much as changed, however many people did not."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from typing import Any

from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox
from ml_connector.settings.sync import Sync
from tests.rehearsal import START, Recording, Rehearsal, Wire, call_workday
from tests.world import AT_ONCE, accepted_rows

_UNGUARDED = Sync.model_validate(
    {"full_compare": "weekly Sunday 02:00 UTC", "guard": {"update_over": "max(99, 100%)"}, **AT_ONCE}
)
_CHANGES = 6
_OPERATION = re.compile(r"<wd:(\w+_Request)\b")


class _Alive(Rehearsal):
    """One manufacturer of any size, whose Workday lives."""

    def __init__(self, workers: int, *, url: str) -> None:
        self.tenant = Tenant(seed=7, workers=workers, today=START.date())
        sandbox = WorkdaySandbox(self.tenant)
        super().__init__(Recording(workers, (), []), url=url)
        self.wire = Wire(sandbox.answer)
        self.workday_client = call_workday(sandbox, wire=self.wire)
        mapping = accepted_rows(self.workday_client, self.connect(Wire(self.plex.answer)))
        self.recording = Recording(workers, (), mapping)
        self.settings = self.settings.model_copy(update={"sync": _UNGUARDED})
        self.prepare()

    def workday(self, boundary: Any) -> Any:
        return self.workday_client

    def sync(self) -> Any:
        with self.alive() as life:
            return life.sync()

    def change_names(self, count: int) -> None:
        desk = self.tenant._desk(f"names/{count}")
        for worker in desk.plain_workers()[:count]:
            desk.change_name(worker)

    def a_day(self, *, changes: int) -> tuple[Counter[str], int]:
        """Which questions a sync of the next day asks Workday, how often, and how much it writes."""
        self.clock.sleep(timedelta(days=1).total_seconds())
        self.tenant._today += timedelta(days=1)
        self.tenant._moment += timedelta(days=1)
        self.change_names(changes)
        self.wire.requests.clear()
        report = self.sync()
        asked = (_OPERATION.search(request.body.decode()) for request in self.wire.requests)
        return Counter(found[1] for found in asked if found is not None), report.counts["applied"]


def _settled(workers: int, *, url: str) -> _Alive:
    firm = _Alive(workers, url=url)
    while firm.sync().counts["applied"]:
        firm.clock.sleep(60)
    return firm


def test_cc_01_a_day_asks_workday_as_often_for_many_workers_as_for_few(tmp_path):
    """CC-01: the same changes among four times as many people are the same number of questions."""
    few, many = (_settled(workers, url=f"sqlite:///{tmp_path}/{workers}.db") for workers in (40, 160))
    for changes in (0, _CHANGES):  # of 160 workers, all would be two pages
        asked, written = few.a_day(changes=changes)
        assert written == changes
        assert (asked, written) == many.a_day(changes=changes)
        assert asked["Get_Workers_Request"] >= 2


def test_cc_01_a_day_with_more_changes_asks_for_them_in_the_same_page(tmp_path):
    """CC-01: those who changed are asked for by name, a page at a time, and not one by one."""
    one, several = (_settled(40, url=f"sqlite:///{tmp_path}/{name}.db") for name in ("one", "several"))
    asked, written = several.a_day(changes=_CHANGES)
    assert (asked, written - _CHANGES + 1) == one.a_day(changes=1)
