"""Reading a tenant: both moments frozen, pages in order, completeness proved."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest

from ml_connector.canonical.keys import AsOf, RecordType
from ml_connector.connectors.port import Query, Write
from ml_connector.connectors.transport import HttpRequest
from ml_connector.connectors.workday.connector import WorkdayConnector
from ml_connector.connectors.workday.operations import OPERATIONS, asking_for_log
from ml_connector.connectors.workday.patience import TOKENS, Pace
from ml_connector.errors import (
    AmbiguousWriteError,
    AuthenticationError,
    ConfigurationError,
    IncompleteReadError,
    MLConnectorError,
    NotSentError,
    PermissionError_,
    RateLimitError,
    RecordError,
    UnavailableError,
)
from tests.workday_wire import (
    MemoryResponse,
    MemoryTransport,
    asked,
    body_of,
    clock,
    credential,
    envelope,
    fault,
    make_worker,
    page,
    settings,
    tenant,
)

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
AS_OF = AsOf(date(2026, 11, 24), datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
WORKERS = Query(record_type=RecordType.WORKER, as_of=AS_OF)

Answer = Callable[[HttpRequest], MemoryResponse | Exception]


def connect(answer: Answer, **changes: object) -> tuple[WorkdayConnector, MemoryTransport, list[float]]:
    transport, slept = MemoryTransport(answer), []
    connector = WorkdayConnector(
        settings(**changes),
        credential=credential,
        transport=transport,  # type: ignore[arg-type]
        clock=lambda: NOW,
        sleep=slept.append,
    )
    return connector, transport, slept


def in_turn(*answers: MemoryResponse | Exception) -> Answer:
    left: Iterator[MemoryResponse | Exception] = iter(answers)
    return lambda _request: next(left)


def one_page(**changes: int) -> MemoryResponse:
    return page("Get_Workers", [make_worker(1)], **({"total": 1, "pages": 1, "number": 1} | changes))


@pytest.mark.parametrize("ahead", [1, 3, 16])
def test_every_page_comes_in_order_and_whole(ahead: int) -> None:
    connector, transport, _ = connect(tenant([make_worker(n) for n in range(23)]), page_size=5, pages_ahead=ahead)
    pages = list(connector.read(WORKERS))
    assert [(page.number, page.of_pages, page.total, len(page.records)) for page in pages] == [
        (1, 5, 23, 5),
        (2, 5, 23, 5),
        (3, 5, 23, 5),
        (4, 5, 23, 5),
        (5, 5, 23, 3),
    ]
    payloads = [record.payload for page in pages for record in page.records]
    assert all(f"{n:032x}".encode() in payload for n, payload in enumerate(payloads))
    assert len(transport.requests) == 5


@pytest.mark.parametrize(
    ("trouble", "exit_code"),
    [(NotSentError("no connection", remedy="check the host"), 7), (fault("Client.authenticationError", "no"), 5)],
)
def test_cc_14_discover_tells_nothing_of_a_tenant_it_did_not_reach(
    trouble: MemoryResponse | Exception, exit_code: int
) -> None:
    connector, transport, _ = connect(lambda _request: trouble)
    assert connector.discover()
    assert transport.requests == []
    with pytest.raises(MLConnectorError) as caught:
        connector.discover(ask=True)
    assert (caught.value.exit_code, bool(caught.value.remedy)) == (exit_code, True)


def test_cc_02_both_moments_are_the_same_on_every_page() -> None:
    connector, transport, _ = connect(tenant([make_worker(n) for n in range(9)]), page_size=2)
    list(connector.read(WORKERS))
    assert {asked(request, "As_Of_Effective_Date") for request in transport.requests} == {"2026-11-24"}
    assert {asked(request, "As_Of_Entry_DateTime") for request in transport.requests} == {"2026-11-23T09:00:00.000Z"}
    assert {asked(request, "Count") for request in transport.requests} == {"2"}


def test_cc_02_without_moments_the_server_clock_is_asked_once() -> None:
    connector, transport, _ = connect(tenant([make_worker(n) for n in range(4)]), page_size=2)
    list(connector.read(Query(record_type=RecordType.WORKER)))
    first, *others = transport.requests
    assert "Server_Timestamp_Get" in body_of(first)
    assert {asked(request, "As_Of_Entry_DateTime") for request in others} == {"2026-11-23T09:30:00.000Z"}
    assert {asked(request, "As_Of_Effective_Date") for request in others} == {"2026-11-23"}


def test_the_version_stands_in_address_and_message() -> None:
    connector, transport, _ = connect(tenant([]), version="v44.2")
    list(connector.read(WORKERS))
    (request,) = transport.requests
    assert request.url == "http://127.0.0.1:1/ccx/service/acme1/Human_Resources/v44.2"
    assert 'wd:version="v44.2"' in body_of(request)


def test_up_03_pay_is_asked_for_only_when_wanted() -> None:
    connector, transport, _ = connect(tenant([]))
    list(connector.read(WORKERS))
    list(connector.read(Query(record_type=RecordType.WORKER, as_of=AS_OF, include_pay=True)))
    assert [asked(request, "Include_Compensation") for request in transport.requests] == ["false", "true"]


def test_cc_11_the_ended_the_inactive_and_the_filled_are_asked_for_too() -> None:
    connector, transport, _ = connect(tenant([]))
    for kind in (RecordType.WORKER, RecordType.ORGANIZATION, RecordType.LOCATION, RecordType.POSITION):
        list(connector.read(Query(record_type=kind, as_of=AS_OF)))
    workers, organizations, locations, positions = transport.requests
    assert asked(workers, "Exclude_Inactive_Workers") == asked(workers, "Exclude_Contingent_Workers") == "false"
    assert asked(organizations, "Include_Inactive") == "true"
    assert asked(locations, "Exclude_Inactive_Locations") == asked(positions, "Exclude_Filled_Positions") == "false"


def test_changes_are_asked_for_by_the_operations_own_filter() -> None:
    connector, transport, _ = connect(tenant([]))
    since = datetime(2026, 11, 22, tzinfo=UTC)
    for kind in (RecordType.WORKER, RecordType.COST_CENTER):
        list(connector.read(Query(record_type=kind, as_of=AS_OF, updated_from=since)))
    workers, centers = transport.requests
    assert asked(workers, "Updated_From") == "2026-11-22T00:00:00.000Z"
    assert asked(workers, "Updated_Through") == asked(centers, "Updated_To_Date") == "2026-11-23T09:00:00.000Z"


def test_a_limit_stops_early_and_asks_for_no_more() -> None:
    connector, transport, _ = connect(tenant([make_worker(n) for n in range(40)]), page_size=10)
    pages = list(connector.read(Query(record_type=RecordType.WORKER, as_of=AS_OF, limit=13)))
    assert [len(page.records) for page in pages] == [10, 3]
    assert len(transport.requests) == 2


def test_stopping_in_the_middle_leaves_no_thread_waiting() -> None:
    give, go_on = tenant([make_worker(n) for n in range(400)]), threading.Semaphore(1)

    def answer(request: HttpRequest) -> MemoryResponse:
        assert go_on.acquire(timeout=60)
        return give(request)

    connector, transport, _ = connect(answer, page_size=1, pages_ahead=2)
    pages = connector.read(WORKERS)
    next(pages)
    closing = threading.Thread(target=pages.close)
    closing.start()
    while closing.is_alive():  # the two on their way end; those that wait for their turn are never asked for
        go_on.release(2)
        closing.join(0.01)
    assert len(transport.requests) < 100
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("workday-page")]


def test_an_empty_tenant_is_one_empty_page() -> None:
    connector, _, _ = connect(tenant([]))
    (only,) = connector.read(WORKERS)
    assert (only.records, only.total) == ((), 0)


@pytest.mark.parametrize(
    "second",
    [
        page("Get_Workers", [make_worker(2)], total=3, pages=2, number=2),
        page("Get_Workers", [make_worker(2)], total=2, pages=3, number=2),
        page("Get_Workers", [make_worker(1)], total=2, pages=2, number=2),
        page("Get_Workers", [], total=2, pages=2, number=2),
        page("Get_Workers", [make_worker(2)], total=2, pages=2, number=1),
        page("Get_Workers", [make_worker(2)], total=2, pages=2, number=2, page_results=2),
    ],
    ids=["total moved", "pages moved", "came twice", "short", "another page", "page results lie"],
)
def test_cc_03_a_moving_set_is_never_given_whole(second: MemoryResponse) -> None:
    first = page("Get_Workers", [make_worker(1)], total=2, pages=2, number=1)
    connector, _, _ = connect(in_turn(first, second), page_size=1)
    pages = connector.read(WORKERS)
    assert next(pages).number == 1
    with pytest.raises(IncompleteReadError):
        next(pages)


def test_cc_03_before_anything_is_given_it_starts_again_with_fresh_moments() -> None:
    connector, transport, _ = connect(
        in_turn(clock(), one_page(page_results=2), clock("2026-11-23T01:31:00.000-08:00"), one_page())
    )
    (only,) = connector.read(Query(record_type=RecordType.WORKER))
    assert len(only.records) == 1
    assert asked(transport.requests[1], "As_Of_Entry_DateTime") != asked(transport.requests[3], "As_Of_Entry_DateTime")


def test_cc_03_three_times_is_enough() -> None:
    connector, transport, _ = connect(lambda _request: one_page(total=2))
    with pytest.raises(IncompleteReadError, match="2 records were announced and 1 came"):
        list(connector.read(WORKERS))
    assert len(transport.requests) == 3


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (fault("Client.authenticationError", "invalid username or password"), AuthenticationError, "let us in"),
        (fault("Client.validationError", "Validation error occurred.", message="No"), ConfigurationError, "No"),
        (
            fault("Server.processingError", "Processing error occurred. The task submitted is not authorized."),
            PermissionError_,
            "Get_Workers",
        ),
        (MemoryResponse(302, b""), ConfigurationError, "elsewhere"),
        (MemoryResponse(404, b"<html/>"), ConfigurationError, "404"),
        (
            fault("Client.authenticationError", "invalid username or password", status=200),
            AuthenticationError,
            "let us",
        ),
    ],
    ids=["sign-in", "validation", "task", "redirect", "no such service", "fault inside 200"],
)
def test_what_a_person_must_settle_is_asked_once(answer: MemoryResponse, error: type[Exception], words: str) -> None:
    connector, transport, slept = connect(lambda _request: answer)
    with pytest.raises(error, match=words):
        list(connector.read(WORKERS))
    assert (len(transport.requests), slept) == (1, [])


@pytest.mark.parametrize(
    "answer",
    [
        fault("Server.processingError", "Processing error occurred."),
        MemoryResponse(503, b"<html>maintenance</html>"),
        MemoryResponse(200, b"<html>maintenance</html>"),
        MemoryResponse(200, b""),
        MemoryResponse(200, envelope("<something/>")),
        AmbiguousWriteError("the connection was reset"),
        NotSentError("no address"),
    ],
)
def test_what_may_pass_is_asked_again_with_growing_patience(answer: MemoryResponse | Exception) -> None:
    connector, transport, slept = connect(in_turn(answer, answer, one_page()))
    assert len(list(connector.read(WORKERS))) == 1
    assert len(transport.requests) == 3
    assert 0.5 <= slept[0] <= 1.5
    assert 1 <= slept[1] <= 3


@pytest.mark.parametrize(
    "kind", ["text/html; charset=utf-8", "application/json", "", "text/xmlish", "text/plain; a=text/xml"]
)
def test_a5_only_xml_by_its_own_account_is_read(kind: str) -> None:
    connector, transport, _ = connect(lambda _request: MemoryResponse(200, one_page().read(), {"content-type": kind}))
    with pytest.raises(UnavailableError, match="not XML"):
        list(connector.read(WORKERS))
    assert len(transport.requests) == 5


@pytest.mark.parametrize("kind", ["text/xml", "Text/XML;charset=UTF-8", "application/xml", "application/soap+xml; a=b"])
def test_a5_xml_is_read_under_each_of_its_names(kind: str) -> None:
    connector, _, _ = connect(lambda _request: MemoryResponse(200, one_page().read(), {"content-type": kind}))
    assert len(list(connector.read(WORKERS))) == 1


@pytest.mark.parametrize(
    ("answer", "pace"),
    [
        (fault("Server.processingError", "Processing error occurred. Too many requests"), True),
        (fault("Server", "Request throttled, try again"), True),
        (MemoryResponse(500, b"<html>rate limit exceeded</html>"), True),
        (fault("Server.processingError", "Too many concurrent calls"), True),
        (fault("Server.processingError", "Request limit reached"), True),
        (fault("Server.processingError", "Processing error occurred."), False),
        (fault("Server.processingError", "No separate limit is set"), False),
        (fault("Client.validationError", "Quota is not a valid element"), False),
    ],
)
def test_a2_2_soap_throttles_with_status_500_and_everybody_waits(answer: MemoryResponse, pace: bool) -> None:
    """A2.2: facts of the wire say 500 on SOAP and 429 elsewhere; only the words tell it from a failure."""
    connector, _, _ = connect(lambda _request: answer)
    with pytest.raises(MLConnectorError) as caught:
        list(connector.read(WORKERS))
    assert isinstance(caught.value, RateLimitError) == pace


def test_a_workers_log_is_asked_for_with_what_belongs_to_corrected_and_rescinded_transactions() -> None:
    """Source: Worker_Response_Group. In an ordinary reading all three are off, and the log brings nothing else."""
    log = ("Transaction_Log_Data", "Subevents_for_Corrected_Transaction", "Subevents_for_Rescinded_Transaction")
    workers = OPERATIONS[RecordType.WORKER]
    wanted = {name for name, is_wanted in asking_for_log(workers).flags if is_wanted}
    assert wanted == {"Include_Reference", *(f"Include_{name}" for name in log)}
    assert [dict(workers.flags)[f"Include_{name}"] for name in log] == [False] * 3


def test_patience_ends() -> None:
    connector, transport, _ = connect(lambda _request: MemoryResponse(500, b""))
    with pytest.raises(UnavailableError):
        list(connector.read(WORKERS))
    assert len(transport.requests) == 5


def test_a2_2_a_connection_that_breaks_while_reading_gives_the_remedy_of_reading() -> None:
    broken = AmbiguousWriteError(
        "the connection broke", remedy="what was sent is looked up before anything is sent again"
    )
    for way in ({}, {"auth": "oauth"}):
        with pytest.raises(UnavailableError, match="the connection broke") as ended:
            list(connect(lambda _request: broken, **way)[0].read(WORKERS))
        assert (ended.value.remedy or "").startswith("run it again: nothing was changed by asking")


def test_a2_2_a_page_that_is_suddenly_empty_says_that_a_role_may_be_gone() -> None:
    emptied = page("Get_Workers", [], total=0, pages=0, number=2)
    first = page("Get_Workers", [make_worker(1), make_worker(2)], total=4, pages=2, number=1)
    connector, *_ = connect(in_turn(first, emptied), page_size=2)
    with pytest.raises(IncompleteReadError, match="page 2 is empty, where 4 records were announced: a role") as caught:
        list(connector.read(WORKERS))
    assert "ml-connector ping workday" in (caught.value.remedy or "")


def test_a2_2_a_fault_that_says_when_to_come_again_is_heeded() -> None:
    away = fault("Server", "busy")
    away.headers |= {"retry-after": "42"}
    connector, _, slept = connect(in_turn(away, one_page()))
    list(connector.read(WORKERS))
    assert slept == [42]
    away.headers |= {"retry-after": "7200"}
    with pytest.raises(UnavailableError, match="come again in 7200 s"):
        list(connect(in_turn(away))[0].read(WORKERS))


def test_a_retry_after_is_honoured_within_reason() -> None:
    busy = [patience(text) for text in ("7", "500", "-1", "394")]
    connector, _, slept = connect(in_turn(*busy[:3], one_page()))
    list(connector.read(WORKERS))
    assert slept[:2] == [7, 500]
    assert slept[2] < 10
    for answers, told in ((busy, "come again in 394 s"), ([patience("3600")], "come again in 3600 s, at 2")):
        connector, transport, _ = connect(in_turn(*answers))
        with pytest.raises(RateLimitError, match=told):
            list(connector.read(WORKERS))
        assert len(transport.requests) == len(answers)


def test_a_patience_nobody_means_ends_the_reading_at_once_and_says_so() -> None:
    connector, transport, slept = connect(lambda _request: patience("1000000000"))
    with pytest.raises(RateLimitError, match="stay away for 11,574 days") as ended:
        list(connector.read(WORKERS))
    assert "nobody means that" in (ended.value.remedy or "")
    assert (len(transport.requests), slept) == (1, [])


def test_a2_2_one_refusal_for_pace_makes_every_thread_of_the_surface_wait() -> None:
    order: list[str] = []
    answers = in_turn(patience("7"), clock(), clock())
    asleep, wake = threading.Event(), threading.Event()

    def answer(request: HttpRequest) -> MemoryResponse | Exception:
        order.append("asked")
        return answers(request)

    def sleep(_seconds: float) -> None:
        asleep.set()
        wake.wait(10)
        order.append("woke")

    connector = WorkdayConnector(
        settings(),
        credential=credential,
        transport=MemoryTransport(answer),  # type: ignore[arg-type]
        clock=lambda: NOW,
        sleep=sleep,
    )
    refused, other = threading.Thread(target=connector.now), threading.Thread(target=connector.now)
    refused.start()
    assert asleep.wait(10)
    other.start()
    other.join(0.1)  # time to ask, for one that does not wait
    wake.set()
    refused.join(10)
    other.join(10)
    assert order == ["asked", "woke", "asked", "asked"]


def test_a2_2_requests_refused_side_by_side_are_waited_for_once() -> None:
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 1:
            now[0] += 1
            pace.owe(7)  # the second of two was refused a second later
            now[0] -= 1
        now[0] += seconds

    pace = Pace(sleep=sleep, clock=lambda: now[0])
    pace.owe(7)
    for _ in range(3):
        pace.wait()
    assert slept == [7, 1]


def test_a2_2_what_is_asked_for_while_one_sleeps_is_sat_out_before_anybody_asks() -> None:
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 1:
            pace.owe(900)
        now[0] += seconds

    pace = Pace(sleep=sleep, clock=lambda: now[0])
    pace.owe(1)
    pace.wait()
    assert (slept, now) == ([1, 899], [900])


@pytest.mark.parametrize(
    ("error", "asked_s", "all_wait"),
    [
        (UnavailableError("one page is away"), 0, False),
        (NotSentError("no line"), 0, False),
        (UnavailableError("come again"), 7, True),
        (RateLimitError("too fast"), 0, True),
    ],
)
def test_a2_2_only_a_refusal_for_pace_or_a_wait_asked_for_makes_everybody_wait(
    error: MLConnectorError, asked_s: float, *, all_wait: bool
) -> None:
    own: list[float] = []
    pace = Pace(sleep=own.append)
    pace.back_off(error, asked_s=asked_s, own_s=3)
    assert own == ([] if all_wait else [3])
    pace.wait()
    assert own == ([max(asked_s, 3)] if all_wait else [3])


def test_a2_2_few_tokens_left_slow_the_next_request_down() -> None:
    rich, poor = clock(), clock()
    rich.headers, poor.headers = rich.headers | {TOKENS: "700"}, poor.headers | {TOKENS: "0"}
    connector, _, slept = connect(in_turn(rich, poor, clock()))
    connector.now()
    connector.now()
    assert slept == []
    connector.now()
    assert slept == [5]


def test_a2_2_who_writes_keeps_the_pace_of_who_reads() -> None:
    poor = clock()
    poor.headers = poor.headers | {TOKENS: "0"}
    connector, transport, slept = connect(in_turn(poor, fault("Client.validationError", "no")), writes=True)
    connector.now()
    with pytest.raises(RecordError):
        connector.write(addition())
    assert (len(transport.requests), slept) == (2, [5])


def test_a2_2_few_tokens_left_after_a_write_slow_whoever_comes_next_down() -> None:
    refused = fault("Client.validationError", "no")
    refused.headers = refused.headers | {TOKENS: "0"}
    connector, _, slept = connect(in_turn(refused, clock()), writes=True)
    with pytest.raises(RecordError):
        connector.write(addition())
    assert slept == []
    connector.now()
    assert slept == [5]


def addition() -> Write:
    return Write(
        record_type=RecordType.COST_CENTER,
        plant="",
        key="CC1",
        action="create",
        body={"Organization_Name": "Paint"},
        effective_on="2026-11-23",
    )


def patience(text: str) -> MemoryResponse:
    return MemoryResponse(429, b"", {"retry-after": text})


def test_a_body_cut_off_in_the_middle_is_asked_for_again() -> None:
    whole = one_page()
    cut = MemoryResponse(200, whole.read()[:-30])
    connector, _, _ = connect(in_turn(cut, whole))
    assert len(list(connector.read(WORKERS))) == 1


def test_a_version_with_the_old_worker_layout_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="layout"):
        connect(tenant([]), version="v28.0")


def test_it_writes_nothing() -> None:
    connector, transport, _ = connect(tenant([]))
    write = Write(record_type=RecordType.WORKER, plant="101", key="1", action="update", body={})
    for verb in (connector.write, connector.find):
        with pytest.raises(RecordError, match="not written to"):
            verb(write)
    assert transport.requests == []
    written = {info.type: info.writable for info in connector.discover() if info.writable}
    assert written == {"cost_center": ("create", "update", "deactivate", "reactivate")}
    assert all(("read only" in info.operation) != bool(info.writable) for info in connector.discover())


def test_a_type_workday_does_not_have_is_refused() -> None:
    connector, _, _ = connect(tenant([]))
    with pytest.raises(ConfigurationError, match="employee"):
        list(connector.read(Query(record_type=RecordType.EMPLOYEE)))


def test_now_is_the_servers_clock_with_its_offset() -> None:
    connector, _, _ = connect(tenant([]))
    assert connector.now() == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    naive, _, _ = connect(lambda _request: clock("2026-11-23T01:30:00.000"))
    with pytest.raises(UnavailableError, match="offset"):
        naive.now()


def test_a2_2_a_second_asked_for_again_and_again_is_waited_for_in_all_a_quarter_of_an_hour() -> None:
    """Waits of our own, which grow, are for those who do not say how long."""
    again = MemoryResponse(503, b"", {"retry-after": "1", "content-type": "text/html"})
    connector, transport, slept = connect(lambda _request: again)
    with pytest.raises(UnavailableError):
        list(connector.read(WORKERS))
    assert 890 <= sum(slept) <= 910
    assert len(transport.requests) > 800
