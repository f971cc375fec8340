"""Which day it is, is asked of the plants and of Workday's clock, whatever day it is in UTC (TZ-02, TZ-03)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from ml_connector.bootstrap import App
from ml_connector.canonical.keys import AsOf, RecordType, System, encode
from ml_connector.canonical.workforce import Job, Name, Organizations, Worker
from ml_connector.connectors.port import Page, Query, TypeInfo
from ml_connector.connectors.workday.fields import list_types
from ml_connector.errors import UsageError
from ml_connector.snapshot.extracts.store import ExtractStore, Scope
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.snapshot.translation import Row
from ml_connector.storage.database import open_database
from ml_connector.storage.migrate import migrate
from ml_connector.timeline.links.store import Profile
from ml_connector.usecases import join, links, usage
from ml_connector.usecases.inspection import ReadRequest, read
from tests.unreached import wire_alone
from tests.world import silent

LAST_DAY = date(2026, 11, 24)
EVENING = datetime(2026, 11, 25, 1, 30, tzinfo=UTC)  # 20:30 on the 24th in Detroit
ZONES = {"101": "America/Detroit", "102": "Australia/Melbourne"}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    database = open_database(f"sqlite:///{tmp_path / 'mlc.db'}")
    migrate(database)
    yield wire_alone(database, zones=ZONES, clock=lambda: EVENING)
    database.close()


def worker(number: str, *, plant: str = "101", terminated_on: date | None = None) -> Worker:
    return Worker(
        key=f"wid-{number}",
        employee_id=number,
        worker_type="employee",
        name=Name(given="Ada", family=f"Number {number}"),
        active=True,
        terminated_on=terminated_on,
        organizations=Organizations(company=f"CO{plant}"),
        jobs=(Job(primary=True, location_id="DET"),),
    )


def show(app: App, *workers: Worker) -> None:
    """Let them be what Workday showed last."""
    scope, extracts = Scope(app.name, "workday", RecordType.WORKER.value), ExtractStore(app.database)
    number = extracts.start(scope, at=EVENING)
    with app.database.transaction() as tx:
        rows = [Row(each.key, each.key, encode(each).decode()) for each in workers]
        SnapshotStore(app.database).save_page(tx, scope, rows=rows, extract_id=number)
    extracts.finish(number, at=EVENING, total=len(workers), content_id=number)


def test_tz_03_who_has_their_last_day_in_detroit_is_at_work_though_it_is_the_next_day_in_utc(app: App) -> None:
    show(app, worker("1", terminated_on=LAST_DAY), worker("2"))
    with pytest.raises(UsageError, match="1 and 2 are both active"):
        links.join(app, "1", to="2", accept=True)
    assert links.list_links(app) == []


def test_tz_03_who_ended_the_day_before_is_not_at_work_any_more(app: App) -> None:
    show(app, worker("1", terminated_on=LAST_DAY - timedelta(days=1)), worker("2"))
    assert links.join(app, "1", to="2", accept=True).person == "wid-2"


def test_tz_03_on_their_last_day_nobody_becomes_an_employee_of_another_plant(app: App) -> None:
    show(app, worker("1", terminated_on=LAST_DAY))
    store = app.tools.links
    with pytest.raises(UsageError, match="1 has no job in plant 102, but in 101"):
        join.check_works_there(app, store, Profile("wid-1", "wid-1"), plant="102", name="1")


class AskedWorkday:
    """Keeps what it was asked, and shows nobody; its clock tells Pacific time, as an integration user's does."""

    def __init__(self) -> None:
        self.asked: list[Query] = []

    def now(self) -> datetime:
        return datetime(2026, 11, 24, 17, 30, tzinfo=timezone(timedelta(hours=-8)))

    def discover(self, *, ask: bool = False) -> Sequence[TypeInfo]:
        return list_types()

    def read(self, query: Query) -> Iterator[Page]:
        self.asked.append(query)
        yield Page(records=(), number=1, of_pages=1, total=0)


@pytest.fixture
def workday(app: App) -> AskedWorkday:
    asked = AskedWorkday()
    app.__dict__["workday"] = asked
    return asked


def test_tz_02_codes_in_use_are_asked_for_as_of_the_latest_day_of_a_plant(app: App, workday: AskedWorkday) -> None:
    assert list(usage.read_workday(app, RecordType.WORKER, progress=silent)) == []
    assert [query.as_of for query in workday.asked] == [AsOf(date(2026, 11, 25), workday.now())]


@pytest.mark.parametrize(("asked_for", "shown"), [(None, date(2026, 11, 25)), (LAST_DAY, LAST_DAY)])
def test_tz_02_read_shows_the_latest_day_of_a_plant_unless_another_one_is_named(
    app: App, workday: AskedWorkday, asked_for: date | None, shown: date
) -> None:
    since = EVENING - timedelta(days=1)
    request = ReadRequest(system=System.WORKDAY, record_type=RecordType.WORKER, as_of=asked_for, since=since, pay=False)
    assert list(read(app, request, on_fault=lambda _name, _fault: None)) == []
    assert [query.as_of for query in workday.asked] == [AsOf(shown, workday.now())]
