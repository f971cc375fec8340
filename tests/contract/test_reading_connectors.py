"""
One suite for every way to read Workday (signed as integration user, or with a token), against the sandbox, which was
written from the vendor's documents and does not know our client.

What a run relies on: a whole extraction or an error, the same records however they are paged, both moments frozen,
every record understood or refused by its key, and every trouble of the network sorted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ml_connector.canonical.keys import AsOf, NativeRecord, Record, RecordType
from ml_connector.canonical.workforce import Worker
from ml_connector.connectors.port import Query, TypeHealth
from ml_connector.connectors.transport import Transport
from ml_connector.connectors.workday.connector import WorkdayConnector
from ml_connector.connectors.workday.operations import OPERATIONS
from ml_connector.errors import (
    AuthenticationError,
    IncompleteReadError,
    PermissionError_,
    RecordError,
    UnavailableError,
)
from ml_connector.mapping.workday import describe_native, to_canonical
from ml_connector.sandbox.faults import parse_fault
from ml_connector.sandbox.server import Sandbox
from ml_connector.secret import Secret
from ml_connector.settings.workday import WorkdayConnection
from tests.fault_modes import AFTER_ACTING, BEFORE_ACTING

WORKERS = Query(record_type=RecordType.WORKER)
MODES = (*BEFORE_ACTING, *AFTER_ACTING)


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with Sandbox(workers=120) as running:
        yield running


@pytest.fixture
def sandbox(shared: Sandbox) -> Iterator[Sandbox]:
    """The one sandbox, as it was founded."""
    shared.tenant.reset()
    shared.faults.clear()
    yield shared
    shared.tenant.reset()
    shared.faults.clear()


def connect(
    sandbox: Sandbox, *, auth: str, pay_rates: bool = False, secrets: dict[str, str] | None = None, **changes: Any
) -> WorkdayConnector:
    ready = sandbox.ready["workday"]
    settings = {"host": ready["url"], "tenant": ready["tenant"], "auth": auth, "page_size": 25, "timeout_s": 2}
    given = ready[auth] if secrets is None else secrets
    return WorkdayConnector(
        WorkdayConnection.model_validate(settings | changes),
        credential=lambda field: Secret(given[field]),
        transport=Transport(system="workday"),
        clock=lambda: datetime.now(UTC),
        sleep=lambda _seconds: None,
        pay_rates=pay_rates,
    )


@pytest.fixture(params=["isu", "oauth"])
def connector(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[WorkdayConnector]:
    connected = connect(sandbox, auth=request.param)
    yield connected
    connected.close()


def gather(connector: WorkdayConnector, query: Query) -> list[NativeRecord]:
    return [record for page in connector.read(query) for record in page.records]


def understand(records: list[NativeRecord]) -> dict[str, Record]:
    return {record.key: record for record in map(to_canonical, records)}


def workers(connector: WorkdayConnector, query: Query = WORKERS) -> dict[str, Worker]:
    found = understand(gather(connector, query))
    return {worker.employee_id: worker for worker in found.values() if isinstance(worker, Worker)}


def now_of(connector: WorkdayConnector) -> AsOf:
    moment = connector.now()
    return AsOf(moment.date(), moment)


@pytest.mark.parametrize("record_type", OPERATIONS)
def test_every_type_is_read_whole_and_understood(connector: WorkdayConnector, record_type: RecordType) -> None:
    pages = list(connector.read(Query(record_type=record_type)))
    records = [record for page in pages for record in page.records]
    assert [page.number for page in pages] == list(range(1, pages[0].of_pages + 1))
    assert len(records) == len(understand(records)) == pages[0].total > 0
    assert all(describe_native(record) == to_canonical(record).key for record in records)


def test_the_same_records_come_however_they_are_paged(sandbox: Sandbox) -> None:
    found = [
        understand(gather(connect(sandbox, auth="isu", page_size=size, pages_ahead=ahead), WORKERS))
        for size, ahead in ((999, 1), (7, 1), (7, 4))
    ]
    assert found[0] == found[1] == found[2]


def test_a_limit_gives_so_many_and_the_announced_total(connector: WorkdayConnector) -> None:
    pages = list(connector.read(Query(record_type=RecordType.WORKER, limit=30)))
    assert sum(len(page.records) for page in pages) == 30
    assert pages[0].total == 120


def test_cc_02_what_is_entered_after_the_moment_is_not_seen(sandbox: Sandbox, connector: WorkdayConnector) -> None:
    before = now_of(connector)
    (hired,) = sandbox.tenant.play("hire")["touched"]
    assert len(workers(connector)) == 121
    frozen = workers(connector, Query(record_type=RecordType.WORKER, as_of=before))
    assert len(frozen) == 120
    assert hired not in frozen


def test_what_becomes_effective_later_is_seen_as_of_then(sandbox: Sandbox, connector: WorkdayConnector) -> None:
    sandbox.tenant.play("future_hire")
    now = now_of(connector)
    later = msgspec.structs.replace(now, effective_on=now.effective_on + timedelta(days=8))
    active = [
        sum(
            worker.active is True
            for worker in workers(connector, Query(record_type=RecordType.WORKER, as_of=moment)).values()
        )
        for moment in (now, later)
    ]
    assert active[1] == active[0] + 1


def test_only_what_was_entered_in_a_window(sandbox: Sandbox, connector: WorkdayConnector) -> None:
    since = connector.now()
    sandbox.tenant.play("transfer")
    changed = Query(record_type=RecordType.WORKER, updated_from=since)
    assert len(gather(connector, changed)) == 1


def test_up_03_pay_comes_only_when_asked_for(connector: WorkdayConnector) -> None:
    assert not any(b"Compensation_Data" in record.payload for record in gather(connector, WORKERS))
    paid = workers(connector, Query(record_type=RecordType.WORKER, include_pay=True))
    assert all(worker.compensation for worker in paid.values() if worker.worker_type == "employee")


def test_an_ending_is_explicit(sandbox: Sandbox, connector: WorkdayConnector) -> None:
    active = {key for key, worker in workers(connector).items() if worker.active}
    sandbox.tenant.play("terminate")
    after = workers(connector)
    (gone,) = (key for key in active if not after[key].active)
    assert after[gone].terminated_on is not None


@pytest.mark.parametrize(("scenario", "code"), [("no_employee_id", "no_id"), ("two_primary_jobs", "primary_job")])
def test_one_broken_record_is_refused_by_its_key(
    sandbox: Sandbox, connector: WorkdayConnector, scenario: str, code: str
) -> None:
    sandbox.tenant.play(scenario)
    codes = []
    for record in gather(connector, WORKERS):
        try:
            to_canonical(record)
        except RecordError as error:
            codes.append(error.code)
            assert len(describe_native(record) or "") == 32
    assert codes == [code]


def test_a5_an_id_said_twice_is_refused_by_its_key(sandbox: Sandbox, connector: WorkdayConnector) -> None:
    sandbox.faults.add(parse_fault({"system": "workday", "mode": "duplicate_keys", "path": "/ccx/service", "after": 1}))
    refused = []
    for record in gather(connector, WORKERS):
        try:
            to_canonical(record)
        except RecordError as error:
            refused.append((error.code, "Worker_ID twice" in error.message, len(describe_native(record) or "")))
    assert refused == [("said_twice", True, 32)]


def test_cc_03_a_hire_between_two_pages_is_noticed_or_kept_out(sandbox: Sandbox, connector: WorkdayConnector) -> None:
    sandbox.tenant.play("page_drift")
    try:
        assert len(gather(connector, WORKERS)) == 120
    except IncompleteReadError:
        assert len(gather(connector, WORKERS)) == 121


@pytest.mark.parametrize("mode", MODES)
def test_trouble_on_any_page_costs_a_second_asking_and_no_record(sandbox: Sandbox, mode: str) -> None:
    connector = connect(sandbox, auth="isu", timeout_s=0.5)
    sandbox.faults.reset()
    sandbox.faults.add(parse_fault({"system": "workday", "mode": mode, "after": 2, "count": 1}))
    assert len(understand(gather(connector, WORKERS))) == 120
    assert sandbox.faults.report()["fired"] == {f"workday/{mode}": 1}


def test_a5_a_page_that_is_no_xml_by_its_own_account_is_not_read(sandbox: Sandbox) -> None:
    connector = connect(sandbox, auth="isu")
    sandbox.faults.add(parse_fault({"system": "workday", "mode": "wrong_content_type", "count": None}))
    with pytest.raises(UnavailableError, match="not XML"):
        gather(connector, WORKERS)


def test_a_token_that_expires_between_pages_is_renewed(sandbox: Sandbox) -> None:
    connector = connect(sandbox, auth="oauth", page_size=10)
    pages = connector.read(WORKERS)
    first = next(pages)
    sandbox.workday.expire_tokens()
    assert len(first.records) + sum(len(page.records) for page in pages) == 120


def test_a_wrong_password_is_told_and_tried_once(sandbox: Sandbox) -> None:
    wrong = sandbox.ready["workday"]["isu"] | {"password": "not the password"}
    connector = connect(sandbox, auth="isu", secrets=wrong)
    with pytest.raises(AuthenticationError):
        connector.now()
    (health,) = connector.check()
    assert (health.ok, health.signed_in) == (False, False)


def check_type(connector: WorkdayConnector, record_type: RecordType) -> TypeHealth:
    (health,) = connector.check()
    assert health.signed_in
    return next(each for each in health.types if each.type == record_type)


def test_up_02_refused_left_out_and_fine_are_told_apart(sandbox: Sandbox) -> None:
    connector = connect(sandbox, auth="isu", pay_rates=True)
    assert check_type(connector, RecordType.WORKER).problem is None
    sandbox.tenant.revoke_domain("Worker Data: Compensation by Organization")
    assert "Compensation by Organization" in (check_type(connector, RecordType.WORKER).problem or "")
    sandbox.tenant.revoke_domain("Worker Data: Current Staffing Information")
    assert "Current Staffing Information" in (check_type(connector, RecordType.WORKER).problem or "")
    sandbox.tenant.revoke_domain("Manage: Position")
    assert not check_type(connector, RecordType.POSITION).permitted
    with pytest.raises(PermissionError_, match="Get_Positions"):
        gather(connector, Query(record_type=RecordType.POSITION))
