"""What `ping` tells: refused, empty and silently left out are three things (UP-02, CC-13, TZ-06)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ml_connector.connectors.port import SurfaceHealth, TypeHealth
from ml_connector.connectors.transport import HttpRequest
from ml_connector.connectors.workday.connector import WorkdayConnector
from ml_connector.errors import NotSentError
from tests.workday_samples import FULL_WORKER, PAY, PERSONAL, STATUS, employment, worker
from tests.workday_wire import (
    MemoryResponse,
    MemoryTransport,
    asked,
    clock,
    credential,
    fault,
    question,
    settings,
    tenant,
)

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
NOT_AUTHORIZED = fault("Server.processingError", "Processing error occurred. The task submitted is not authorized.")


def check(
    answer: Callable[[HttpRequest], MemoryResponse | Exception], *, pay_rates: bool = False, **changes: object
) -> SurfaceHealth:
    connector = WorkdayConnector(
        settings(**changes),
        credential=credential,
        transport=MemoryTransport(answer),  # type: ignore[arg-type]
        clock=lambda: NOW,
        sleep=lambda _s: None,
        pay_rates=pay_rates,
    )
    (health,) = connector.check()
    return health


def tell(health: SurfaceHealth, name: str) -> TypeHealth:
    return next(each for each in health.types if each.type == name)


def with_workers(*records: str) -> Callable[[HttpRequest], MemoryResponse]:
    """Workers as given, one record of anything else."""

    def answer(request: HttpRequest) -> MemoryResponse:
        name = question(request).tag.rpartition("}")[2]
        if name == "Get_Workers_Request":
            return tenant(records)(request)
        kind = name.removeprefix("Get_").removesuffix("s_Request")
        return tenant([f"<wd:{kind}>x</wd:{kind}>"])(request)

    return answer


def test_all_is_well() -> None:
    health = check(with_workers(FULL_WORKER))
    assert health.ok
    assert health.signed_in
    assert health.clock_offset_s == 0
    assert [(each.permitted, each.count, each.problem) for each in health.types] == [(True, 1, None)] * 6


def test_bad_credentials_end_the_check_at_once() -> None:
    health = check(lambda _request: fault("Client.authenticationError", "invalid username or password"))
    assert (health.ok, health.signed_in, health.types) == (False, False, ())
    assert health.problem is not None
    assert "invalid username or password" in health.problem
    assert health.remedy


def test_no_connection_is_told_and_not_raised() -> None:
    health = check(lambda _request: NotSentError("no address for this host", remedy="check the host"))
    assert (health.ok, health.signed_in, health.remedy) == (False, False, "check the host")


def test_up_02_a_refused_task_is_not_an_empty_one() -> None:
    whole = with_workers(FULL_WORKER)

    def answer(request: HttpRequest) -> MemoryResponse:
        name = question(request).tag
        if "Positions" in name:
            return NOT_AUTHORIZED
        return tenant([])(request) if "Cost_Centers" in name else whole(request)

    health = check(answer)
    refused, empty = tell(health, "position"), tell(health, "cost_center")
    assert (refused.permitted, refused.count) == (False, None)
    assert (empty.permitted, empty.count) == (True, 0)
    for each, task in ((refused, "Get_Positions"), (empty, "Get_Cost_Centers")):
        assert task in (each.remedy or "")
        assert "Activate Pending Security Policy Changes" in (each.remedy or "")
    assert not health.ok


@pytest.mark.parametrize(
    ("record", "domains"),
    [
        (FULL_WORKER.replace("Organization_Data", "Other"), "Worker Data: Organization Information"),
        (
            FULL_WORKER.replace("Personal_Data", "Other"),
            "Person Data: Name, Person Data: Work Contact Information",
        ),
        (worker(PERSONAL, "<wd:Organization_Data/>"), "Worker Data: Current Staffing Information"),
    ],
)
def test_up_02_a_section_nobody_has_names_its_domain(record: str, domains: str) -> None:
    health = tell(check(with_workers(*[record] * 3)), "worker")
    assert health.permitted
    assert health.problem == f"nobody in a sample of 3 has what these domains protect: {domains}"
    assert "Get access" in (health.remedy or "")


def test_a_section_that_some_have_is_no_problem() -> None:
    assert tell(check(with_workers(worker(), FULL_WORKER)), "worker").problem is None


def test_pay_is_looked_for_only_when_pay_rates_are_kept() -> None:
    requests: list[HttpRequest] = []
    answer = with_workers(FULL_WORKER.replace(PAY, ""))

    def listen(request: HttpRequest) -> MemoryResponse:
        requests.append(request)
        return answer(request)

    assert check(listen).ok
    assert asked(requests[1], "Include_Compensation") == "false"
    problem = tell(check(listen, pay_rates=True), "worker").problem
    assert "Worker Data: Compensation by Organization" in (problem or "")


@pytest.mark.parametrize(
    ("theirs", "ok", "words"),
    [
        ("2026-11-23T01:30:20.000-08:00", True, None),
        ("2026-11-23T02:30:00.000-08:00", False, "1 whole hour:"),
        ("2026-11-22T17:30:03.000-08:00", False, "8 whole hours"),
        ("2026-11-23T01:50:00.000-08:00", True, "differ by 1200 s"),
        ("2026-11-25T01:30:00.000-08:00", True, "differ by 172800 s"),
    ],
)
def test_tz_06_a_whole_hour_between_the_clocks_is_a_mixed_up_zone(theirs: str, ok: bool, words: str | None) -> None:
    whole = with_workers(FULL_WORKER)

    def answer(request: HttpRequest) -> MemoryResponse:
        return clock(theirs) if "Server_Timestamp" in question(request).tag else whole(request)

    health = check(answer)
    assert health.ok is ok
    assert (health.problem is None) if words is None else (words in (health.problem or ""))


def test_whoever_is_not_active_may_have_no_job_and_hides_nothing() -> None:
    left = worker(PERSONAL, employment(status=STATUS.replace("<wd:Active>1", "<wd:Active>0")))
    assert tell(check(with_workers(left, left)), "worker").problem is None
    problem = tell(check(with_workers(left, worker(PERSONAL, employment()))), "worker").problem or ""
    assert "Current Staffing Information" in problem
    assert "Organization Information" in problem


def test_the_version_is_told_with_its_age() -> None:
    assert "v45.0 (about 2025R2) is 2 releases behind v47 (2026R2)" in (check(with_workers()).version_note or "")


@pytest.mark.parametrize("stamp", ["9999-12-31T23:59:59-08:00", "0001-01-01T00:00:00+14:00", "1999-12-31T23:59:59Z"])
def test_a5_a_clock_of_another_age_is_told_and_no_day_is_counted_from_it(stamp: str) -> None:
    health = check(lambda _request: clock(stamp))
    assert (health.ok, health.exit_code) == (False, 7)
    assert health.problem is not None
    assert "its time stamp is of the year" in health.problem
