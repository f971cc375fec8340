"""
One suite for every surface of Workday (SOAP, REST with WQL, a report), against the sandbox.

What both say of a worker must be the same canonical words; what a surface does not say stays unsaid, and is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ml_connector.canonical.keys import AsOf, NativeRecord, Record, RecordType, to_plain
from ml_connector.canonical.workforce import Worker
from ml_connector.connectors.port import Connector, Query
from ml_connector.connectors.transport import Transport
from ml_connector.connectors.workday.surfaces import open_workday
from ml_connector.errors import (
    AuthenticationError,
    ConfigurationError,
    IncompleteReadError,
    MLConnectorError,
    PermissionError_,
    RateLimitError,
    RecordError,
    UnavailableError,
)
from ml_connector.mapping.workday import describe_native, to_canonical
from ml_connector.sandbox.faults import parse_fault
from ml_connector.sandbox.server import Sandbox
from ml_connector.secret import Secret
from ml_connector.settings.workday import WorkdayConnection
from tests.fault_modes import AFTER_ACTING, AUTH, BEFORE_ACTING, CONTENT, HOSTILE_XML, PAGES, bounded_memory

WORKERS = 60
# REST without a WQL source of workers: the staffing service alone tells of them.
STAFFING = ("staffing", "oauth")
WAYS = (("soap", "isu"), ("soap", "oauth"), ("rest", "oauth"), ("report", "isu"), ("report", "oauth"))
OTHERS = (("rest", "oauth"), ("report", "isu"))
PEOPLE = Query(record_type=RecordType.WORKER, include_pay=True)
COLUMNS = {
    "universal_id": "Universal_ID",
    "contingent": "Is_Contingent_Worker",
    "jobs.shift_id": "Work_Shift",
    "compensation.amount": "Base_Pay",
    "compensation.currency": "Currency",
    "compensation.frequency": "Base_Pay_Frequency",
    "compensation.effective_on": "Compensation_Effective_Date",
}
# What every active employee must have on every surface, or no plan could be made of it.
ALWAYS = (
    "employee_id",
    "worker_type",
    "name.given",
    "name.family",
    "active",
    "hired_on",
    "jobs.0.job_profile_id",
    "jobs.0.location_id",
    "jobs.0.time_type",
    "jobs.0.fte",
    "organizations.company",
    "organizations.cost_center",
    "organizations.supervisory",
    "compensation.amount",
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with Sandbox(workers=WORKERS) as running:
        yield running


@pytest.fixture
def sandbox(shared: Sandbox) -> Iterator[Sandbox]:
    """The one sandbox, as it was founded."""
    clean(shared)
    yield shared
    clean(shared)


def clean(sandbox: Sandbox) -> None:
    sandbox.tenant.reset()
    sandbox.workday.reset()
    sandbox.faults.clear()


def connect(
    sandbox: Sandbox,
    way: tuple[str, str],
    *,
    secrets: dict[str, str] | None = None,
    keep: Callable[[str, Secret], None] = lambda _field, _value: None,
    **changes: Any,
) -> Connector:
    surface, auth = way
    if way == STAFFING:
        surface = "rest"
        sandbox.workday.grant_source("allWorkers", granted=False)
    ready = sandbox.ready["workday"]
    settings = {"host": ready["url"], "tenant": ready["tenant"], "surface": surface, "auth": auth, "page_size": 25}
    if surface == "report":
        settings["report"] = {name: ready["report"][name] for name in ("owner", "name")} | {"columns": COLUMNS}
    given = ready[auth] if secrets is None else secrets
    return open_workday(
        WorkdayConnection.model_validate(settings | {"timeout_s": 2} | changes),
        credential=lambda field: Secret(given[field]),
        keep=keep,
        transport=Transport(system="workday"),
        clock=lambda: datetime.now(UTC),
        sleep=lambda _seconds: None,
    )


@pytest.fixture(params=WAYS, ids="-".join)
def connector(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Connector]:
    connected = connect(sandbox, request.param)
    yield connected
    connected.close()


def gather(connector: Connector, query: Query = PEOPLE) -> list[NativeRecord]:
    return [record for page in connector.read(query) for record in page.records]


def understand(connector: Connector, query: Query = PEOPLE) -> dict[str, Record]:
    records = [to_canonical(native) for native in gather(connector, query)]
    understood = {record.key: record for record in records}
    assert len(understood) == len(records)
    return understood


def flatten(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every said thing with its path: `jobs.0.title`."""
    if isinstance(value, (dict, list, tuple)):
        steps = value.items() if isinstance(value, dict) else enumerate(value)
        for step, inside in steps:
            yield from flatten(inside, f"{path}.{step}" if path else str(step))
    else:
        yield path, value


def say(record: Record) -> dict[str, Any]:
    return dict(flatten(to_plain(record, disclose_pay=True)))


def assert_agree(ours: dict[str, Record], soap: dict[str, Record], *, given: AbstractSet[str] = frozenset()) -> None:
    """
    The same records, no two of them say different things, and a *given* field has a value wherever SOAP has one.

    What SOAP says is empty goes unsaid where an empty column is no column.
    """
    assert ours.keys() == soap.keys()
    for key, record in ours.items():
        said, theirs = say(record), say(soap[key])
        assert {name: said[name] for name in said.keys() & theirs.keys()} == {
            name: theirs[name] for name in said.keys() & theirs.keys()
        }
        unsaid = {name for name in theirs.keys() - said.keys() if theirs[name] is not None}
        assert {name for name in unsaid if name_field(name) in given} == set()


def name_field(path: str) -> str:
    """The field as `discover` names it: `jobs.0.title` is `jobs.title`. Of further jobs SOAP alone tells."""
    return path.replace("jobs.0.", "jobs.")


def list_given(connector: Connector, kind: RecordType = RecordType.WORKER) -> frozenset[str]:
    """The fields that `discover` says this surface gives."""
    (info,) = (info for info in connector.discover() if info.type == kind)
    return frozenset(field.name for field in info.fields)


def test_the_whole_is_read_and_understood(connector: Connector) -> None:
    records = gather(connector)
    understood = understand(connector)
    assert len(records) == len(understood) == WORKERS
    assert all(describe_native(native) == to_canonical(native).key for native in records)


@pytest.mark.parametrize("way", OTHERS, ids="-".join)
@pytest.mark.parametrize("use_preferred_name", [True, False])
def test_every_surface_says_the_same_of_every_worker(
    sandbox: Sandbox, way: tuple[str, str], use_preferred_name: bool
) -> None:
    connector = connect(sandbox, way)
    natives = gather(connector), gather(connect(sandbox, ("soap", "isu")))
    ours, soap = (
        {record.key: record for record in (to_canonical(n, use_preferred_name=use_preferred_name) for n in each)}
        for each in natives
    )
    assert_agree(ours, soap, given=list_given(connector))
    for worker in ours.values():
        assert isinstance(worker, Worker)
        if worker.active and worker.worker_type == "employee":
            assert set(ALWAYS) <= say(worker).keys()


@pytest.mark.parametrize("way", OTHERS, ids="-".join)
def test_every_surface_says_the_same_after_eventful_days(sandbox: Sandbox, way: tuple[str, str]) -> None:
    for scenario in ("hire", "terminate", "transfer", "rehire", "leave", "future_hire", "change_job", "vacant_manager"):
        sandbox.tenant.play(scenario)
    sandbox.tenant.advance(1)
    connector = connect(sandbox, way)
    soap, ours = understand(connect(sandbox, ("soap", "isu"))), understand(connector)
    assert_agree(ours, soap, given=list_given(connector))
    assert {key for key, each in ours.items() if isinstance(each, Worker) and each.active} == {
        key for key, each in soap.items() if isinstance(each, Worker) and each.active
    }


@pytest.mark.parametrize(
    "kind",
    [RecordType.COST_CENTER, RecordType.JOB_PROFILE, RecordType.LOCATION, RecordType.POSITION, RecordType.ORGANIZATION],
)
def test_rest_says_the_same_of_what_workers_point_to(sandbox: Sandbox, kind: RecordType) -> None:
    query = Query(record_type=kind)
    connector = connect(sandbox, WAYS[2])
    soap, rest = understand(connect(sandbox, ("soap", "isu")), query), understand(connector, query)
    if kind is RecordType.ORGANIZATION:  # REST knows the supervisory ones only
        soap = {key: record for key, record in soap.items() if say(record)["kind"] == "SUPERVISORY"}
    assert_agree(rest, soap, given=list_given(connector, kind))


@pytest.mark.parametrize("way", OTHERS, ids="-".join)
def test_what_is_not_given_is_named_and_never_said(sandbox: Sandbox, way: tuple[str, str]) -> None:
    connector = connect(sandbox, way)
    workers = [say(record) for record in understand(connector).values()]
    (info,) = (info for info in connector.discover() if info.type == RecordType.WORKER)
    assert {"hire_rescinded", "jobs beside the primary one"} <= set(info.missing)
    assert "jobs.effective_on" in info.unset
    said = {name_field(path) for worker in workers for path in worker}
    assert not said & {*info.missing, *info.unset}
    (health,) = connector.check()
    assert health.ok
    assert "hire_rescinded" in (health.version_note or "")
    assert "not configured: worker: jobs.effective_on" in (health.version_note or "")
    assert "jobs beside the primary one" in (health.version_note or "")


# What goes into another field: who is contingent into `worker_type`, a preferred first name into `name.given`.
FOLDED = {"contingent", "name.preferred_given"}


@pytest.mark.parametrize("way", [("soap", "isu"), *OTHERS], ids="-".join)
def test_whatever_discover_names_is_said_of_somebody(sandbox: Sandbox, way: tuple[str, str]) -> None:
    for scenario in ("terminate", "rehire", "leave", "two_jobs"):
        sandbox.tenant.play(scenario)
    connector = connect(sandbox, way)
    said = {name_field(path) for record in understand(connector).values() for path in say(record)}
    given = list_given(connector) - (FOLDED if way in OTHERS else set())
    assert {field for field in given if not any(f"{path}.".startswith(f"{field}.") for path in said)} == set()


SAID_BY_STAFFING = {
    "type",
    "key",
    "employee_id",
    "worker_type",
    "email",
    "jobs.0.primary",
    "jobs.0.title",
    "jobs.0.job_profile_id",
    "jobs.0.location_id",
    "organizations.supervisory",
}


@pytest.mark.parametrize("scenarios", [(), ("hire", "terminate", "transfer", "rehire", "leave", "change_job")])
def test_staffing_alone_says_the_same_of_every_worker_and_nothing_it_does_not_know(
    sandbox: Sandbox, scenarios: tuple[str, ...]
) -> None:
    for scenario in scenarios:
        sandbox.tenant.play(scenario)
    sandbox.tenant.advance(1)
    connector = connect(sandbox, STAFFING)
    alone, soap = understand(connector), understand(connect(sandbox, ("soap", "isu")))
    assert_agree(alone, soap, given=list_given(connector))
    assert set().union(*(say(worker).keys() for worker in alone.values())) == SAID_BY_STAFFING
    assert all(set(say(worker)) >= SAID_BY_STAFFING - {"email"} for worker in alone.values())


def test_staffing_alone_is_told_with_the_grant_that_would_give_more(sandbox: Sandbox) -> None:
    connector = connect(sandbox, STAFFING)
    (info,) = (info for info in connector.discover(ask=True) if info.type == RecordType.WORKER)
    assert {"active", "hired_on", "name.family", "organizations.cost_center", "compensation.amount"} <= set(
        info.missing
    )
    assert "wql" not in info.operation
    assert "Workday Query Language" in (info.remedy or "")
    (health,) = connector.check()
    worker = next(each for each in health.types if each.type == RecordType.WORKER)
    assert not health.ok
    assert (worker.permitted, worker.count) == (True, WORKERS)
    assert "staffing v6 workers" in (worker.problem or "")
    assert "active" in (worker.problem or "")
    assert "Workday Query Language" in (worker.remedy or "")
    sandbox.workday.grant_source("allWorkers", granted=True)
    assert len(understand(connector)) == WORKERS
    (info,) = (info for info in connector.discover() if info.type == RecordType.WORKER)
    assert info.remedy is None


def test_without_staffing_either_the_grant_is_asked_for(sandbox: Sandbox) -> None:
    connector = connect(sandbox, STAFFING)
    sandbox.tenant.revoke_domain("Worker Data: Public Worker Reports")
    with pytest.raises(PermissionError_, match="staffing"):
        gather(connector)


def test_cc_02_staffing_alone_gives_no_other_day_and_says_so(sandbox: Sandbox) -> None:
    connector = connect(sandbox, STAFFING)
    now = connector.now()
    with pytest.raises(ConfigurationError, match="today only"):
        gather(connector, Query(record_type=RecordType.WORKER, as_of=AsOf(now.date() + timedelta(days=8), now)))


def test_a_report_gives_workers_only(sandbox: Sandbox) -> None:
    with pytest.raises(ConfigurationError, match="workers only"):
        gather(connect(sandbox, ("report", "isu")), Query(record_type=RecordType.COST_CENTER))


@pytest.mark.parametrize("way", [*OTHERS, STAFFING], ids="-".join)
def test_the_same_records_come_however_they_are_paged(sandbox: Sandbox, way: tuple[str, str]) -> None:
    found = [
        sorted(native.payload for native in gather(connect(sandbox, way, page_size=size, pages_ahead=ahead)))
        for size, ahead in ((100, 1), (7, 1), (7, 4))
    ]
    assert found[0] == found[1] == found[2]


def test_a_limit_gives_so_many_of_the_same(connector: Connector) -> None:
    limited = understand(connector, Query(record_type=RecordType.WORKER, include_pay=True, limit=30))
    assert len(limited) == 30
    whole = understand(connector)
    assert_agree(limited, {key: whole[key] for key in limited})


def test_up_03_pay_comes_only_when_asked_for(connector: Connector) -> None:
    records = gather(connector, Query(record_type=RecordType.WORKER))
    assert not any(b"ompensation" in record.payload for record in records)
    assert all(worker.compensation for worker in understand(connector).values() if worker_of(worker) == "employee")


def worker_of(record: Record) -> str:
    assert isinstance(record, Worker)
    return record.worker_type


def test_cc_02_rest_keeps_the_effective_date(sandbox: Sandbox) -> None:
    sandbox.tenant.play("future_hire")
    soap, rest = connect(sandbox, ("soap", "isu")), connect(sandbox, WAYS[2])
    now = soap.now()
    later = Query(record_type=RecordType.WORKER, as_of=AsOf(now.date() + timedelta(days=8), now))
    assert_agree(understand(rest, later), understand(soap, later), given=list_given(rest))


def test_a_report_cannot_give_another_day_and_says_so(sandbox: Sandbox) -> None:
    connector = connect(sandbox, ("report", "isu"))
    now = connector.now()
    with pytest.raises(ConfigurationError, match="shows the day it is run"):
        gather(connector, Query(record_type=RecordType.WORKER, as_of=AsOf(now.date() + timedelta(days=8), now)))


def test_cc_03_a_hire_between_two_pages_is_noticed_or_kept_out(sandbox: Sandbox, connector: Connector) -> None:
    sandbox.tenant.play("page_drift")
    try:
        assert len(gather(connector)) in (WORKERS, WORKERS + 1)
    except IncompleteReadError:
        assert len(gather(connector)) == WORKERS + 1


@pytest.mark.parametrize("way", [*OTHERS, STAFFING], ids="-".join)
@pytest.mark.parametrize("mode", [*BEFORE_ACTING, *AFTER_ACTING])
def test_trouble_costs_a_second_asking_and_no_record(sandbox: Sandbox, way: tuple[str, str], mode: str) -> None:
    connector = connect(sandbox, way, timeout_s=0.5)
    sandbox.faults.reset()
    sandbox.faults.add(parse_fault({"system": "workday", "mode": mode, "after": 0, "count": 1}))
    try:
        found = understand(connector)
    except IncompleteReadError:  # a report that broke off after some of its rows were given away
        found = understand(connector)
    assert len(found) == WORKERS
    assert sandbox.faults.report()["fired"] == {f"workday/{mode}": 1}


# What is told at once, as a person must settle it; a token is renewed first, where there is one.
FINAL: dict[str, type[MLConnectorError]] = {
    "403": PermissionError_,
    "404": ConfigurationError,
    "gzip_bomb": ConfigurationError,
}
AGAIN = tuple(mode for mode in CONTENT if mode not in FINAL)
SIGN_IN = ("401", "token_expired")
# What is told when a fault stays: by the fault, else that no answer can be had. None: records are parked, or all is well.
STAYING: dict[str, tuple[type[MLConnectorError] | None, ...]] = {
    **{mode: (error,) for mode, error in FINAL.items()},
    **dict.fromkeys(SIGN_IN, (AuthenticationError,)),
    **dict.fromkeys(("429", "quota_403", "throttled"), (RateLimitError,)),
    **dict.fromkeys(("empty_page", "page_repeated", "page_skipped", "wrong_total"), (IncompleteReadError,)),
    **dict.fromkeys(("bom", "comment_split_id", "duplicate_keys", "mixed_encodings", "nan"), (None,)),
    "wrong_answer": (IncompleteReadError, UnavailableError),
}
# A fault of the token endpoint alone.
ELSEWHERE = ("grant_revoked",)
PARKED = {"duplicate_keys": ["said_twice"], "mixed_encodings": ["malformed"], "nan": ["bad_decimal"]}
MOST_MB = 100


def play(sandbox: Sandbox, mode: str, **more: object) -> None:
    sandbox.faults.reset()
    sandbox.faults.add(parse_fault({"system": "workday", "mode": mode, "count": 1, **more}))


def sort_out(records: list[NativeRecord]) -> tuple[dict[str, Record], list[str]]:
    """The records that are understood, and the codes of those that are parked."""
    understood, parked = {}, []
    for native in records:
        try:
            record = to_canonical(native)
        except RecordError as error:
            parked.append(error.code or "")
        else:
            understood[record.key] = record
    return understood, parked


def read_through(connector: Connector) -> list[NativeRecord]:
    """Read, and once more where what was read is to be discarded."""
    try:
        return gather(connector)
    except IncompleteReadError:
        return gather(connector)


@pytest.mark.parametrize("way", [WAYS[0], WAYS[1]], ids="-".join)
@pytest.mark.parametrize("after", [1, 2], ids=["first page", "later page"])
@pytest.mark.parametrize("mode", [m for m in (*CONTENT, *HOSTILE_XML, *PAGES, *AUTH) if m not in ELSEWHERE])
def test_a2_2_whatever_comes_over_soap_is_whole_or_refused_or_parked(
    sandbox: Sandbox, way: tuple[str, str], mode: str, after: int, tally: Callable[..., None]
) -> None:
    connector = connect(sandbox, way, timeout_s=1)
    whole = understand(connector)
    play(sandbox, mode, after=after, path="/ccx/service")
    expected = AuthenticationError if mode in SIGN_IN and way[1] == "isu" else FINAL.get(mode)
    records, told = [], None
    with bounded_memory(MOST_MB):
        try:
            records = read_through(connector)
        except MLConnectorError as error:
            told = type(error)
            records = gather(connector)
    assert sandbox.faults.report()["fired"] == {f"workday/{mode}": 1}
    understood, parked = sort_out(records)
    wrong = {key for key, record in understood.items() if whole.get(key) != record}
    tally(
        "A2.2 faults over SOAP",
        played=1,
        refused=int(told is not None),
        parked=len(parked),
        believed_wrongly=len(wrong),
    )
    if mode == "no_rows" and after == 1:  # an emptied list: nothing in it is wrong, and a sync holds it (CC-13)
        assert (told, understood) == (None, {})
        return
    assert told is expected
    assert parked == ([] if expected else PARKED.get(mode, []))
    assert len(understood) + len(parked) == len(whole)
    assert wrong == set()


@pytest.mark.parametrize(
    "mode",
    [
        mode
        for mode in (*BEFORE_ACTING, *AFTER_ACTING, *CONTENT, *HOSTILE_XML, *PAGES, *AUTH)
        if mode not in {*ELSEWHERE, "no_rows"}
    ],
)
def test_a2_2_a_fault_that_stays_over_soap_is_told_as_an_error_or_as_parked_records(
    sandbox: Sandbox, mode: str
) -> None:
    connector = connect(sandbox, ("soap", "oauth"), timeout_s=0.3)
    whole, told = understand(connector), None
    play(sandbox, mode, count=None, path="/ccx/service")
    with bounded_memory(MOST_MB):
        try:
            understood, parked = sort_out(gather(connector))
        except MLConnectorError as error:
            told = type(error)
        else:
            assert set(parked) == set(PARKED.get(mode, []))
            assert understood.items() <= whole.items()
            assert len(understood) + len(parked) == len(whole)
    assert told in STAYING.get(mode, (UnavailableError,))
    assert sandbox.faults.report()["fired"][f"workday/{mode}"] >= 1


@pytest.mark.parametrize("after", [1, 4], ids=["staffing", "wql"])
@pytest.mark.parametrize("mode", [*AGAIN, *PAGES, "quota_403", "token_dies_mid_page", "token_expired"])
def test_a2_2_whatever_comes_over_rest_is_whole_or_refused(sandbox: Sandbox, mode: str, after: int) -> None:
    connector = connect(sandbox, ("rest", "oauth"), timeout_s=1)
    whole = understand(connector)
    play(sandbox, mode, after=after)
    with bounded_memory(MOST_MB):
        try:
            assert understand(connector) == whole
        except IncompleteReadError:
            assert understand(connector) == whole
    assert sandbox.faults.report()["fired"] == {f"workday/{mode}": 1}


@pytest.mark.parametrize("way", [WAYS[1], WAYS[2]], ids="-".join)
def test_a2_2_a_grant_that_was_revoked_is_told_and_not_tried_again(sandbox: Sandbox, way: tuple[str, str]) -> None:
    connector = connect(sandbox, way)
    play(sandbox, "grant_revoked", path="/ccx/oauth2")
    with pytest.raises(AuthenticationError, match="revoked"):
        gather(connector)
    assert sandbox.faults.report()["fired"] == {"workday/grant_revoked": 1}
    assert len(gather(connector)) == WORKERS


@pytest.mark.parametrize("mode", [*AGAIN, "quota_403", "token_dies_mid_page"])
def test_a2_2_whatever_comes_as_a_report_is_whole_or_refused(sandbox: Sandbox, mode: str) -> None:
    connector = connect(sandbox, ("report", "isu"), timeout_s=1)
    whole = understand(connector)
    play(sandbox, mode)
    with bounded_memory(MOST_MB):
        try:
            assert understand(connector) == whole
        except IncompleteReadError:
            assert understand(connector) == whole
    assert sandbox.faults.report()["fired"] == {f"workday/{mode}": 1}


# Over JSON a page counts as a whole or not at all; a report is one, and its numbers are texts.
STAYING_JSON: dict[str, tuple[type[MLConnectorError] | None, ...]] = STAYING | {
    **dict.fromkeys(("bom", "duplicate_keys", "mixed_encodings", "nan"), (UnavailableError,)),
    "no_rows": (IncompleteReadError,),
    "token_dies_mid_page": (AuthenticationError,),
}
STAYING_REPORT = STAYING_JSON | {
    **dict.fromkeys(("nan", "numbers_as_strings", "page_repeated", "page_skipped", "wrong_total"), (None,)),
    **dict.fromkeys(("bom", "duplicate_keys", "mixed_encodings"), (IncompleteReadError,)),
    **dict.fromkeys(("garbage_json", "truncated", "truncated_at"), (IncompleteReadError,)),
    "token_dies_mid_page": (IncompleteReadError,),
}
EMPTIED = ("empty_page", "no_rows")  # a report of nobody: nothing is wrong in it, and a sync holds it (CC-13)
SERVICES = {
    "staffing": "/ccx/api/staffing",
    "wql": "/ccx/api/wql/v1/acme1/data",
    "report": "/ccx/service/customreport2",
}
BROKEN = tuple(mode for mode in AFTER_ACTING if "timeout" not in mode and "reset" not in mode)


@pytest.mark.parametrize("mode", [mode for mode in (*BROKEN, *CONTENT, *PAGES, *AUTH) if mode not in ELSEWHERE])
@pytest.mark.parametrize("service", SERVICES)
def test_a2_2_a_fault_that_stays_over_rest_wql_or_a_report_is_told_as_an_error(
    sandbox: Sandbox, service: str, mode: str
) -> None:
    connector = connect(sandbox, OTHERS[service == "report"], timeout_s=1)
    whole, told = understand(connector), None
    play(sandbox, mode, count=None, path=SERVICES[service], data_only=True)
    with bounded_memory(MOST_MB):
        try:
            understood = understand(connector)
        except MLConnectorError as error:
            told = type(error)
        else:
            assert understood == ({} if mode in EMPTIED else whole)
    emptied = service == "report" and mode in EMPTIED
    staying = STAYING_REPORT if service == "report" else STAYING_JSON
    assert told in ((None,) if emptied else staying.get(mode, (UnavailableError,)))
    assert sandbox.faults.report()["fired"][f"workday/{mode}"] >= 1


@pytest.mark.parametrize("way", [WAYS[0], *OTHERS], ids="-".join)
def test_f11_an_answer_that_unpacks_without_end_is_refused_once(sandbox: Sandbox, way: tuple[str, str]) -> None:
    connector = connect(sandbox, way, pages_ahead=1)
    gather(connector)
    play(sandbox, "gzip_bomb", count=None, data_only=True)
    with bounded_memory(MOST_MB // 2), pytest.raises(ConfigurationError):
        gather(connector)
    assert sandbox.faults.report()["fired"] == {"workday/gzip_bomb": 1}


def test_a_rotating_refresh_token_is_kept_each_time_and_the_newest_is_used(sandbox: Sandbox) -> None:
    sandbox.workday.change_setting("rotating_refresh_tokens", True)
    try:
        kept: list[str] = []
        given = dict(sandbox.ready["workday"]["oauth"])

        def keep(field: str, value: Secret) -> None:
            kept.append(field)
            given[field] = value.reveal()

        for _ in range(3):  # each connector is a new process: it knows only what was kept
            connector = connect(sandbox, ("rest", "oauth"), secrets=given, keep=keep)
            assert len(gather(connector)) == WORKERS
        assert kept == ["refresh_token"] * 3
    finally:
        sandbox.workday.change_setting("rotating_refresh_tokens", False)
        sandbox.workday.reset()


def test_a_token_that_expires_between_pages_is_renewed(sandbox: Sandbox) -> None:
    pages = connect(sandbox, ("rest", "oauth"), page_size=10).read(PEOPLE)
    first = next(pages)
    sandbox.workday.expire_tokens()
    assert len(first.records) + sum(len(page.records) for page in pages) == WORKERS


@pytest.mark.parametrize("way", [way for way in WAYS if way[1] == "oauth"], ids="-".join)
def test_a2_2_a_token_that_dies_while_a_page_comes_costs_that_page_alone(
    sandbox: Sandbox, way: tuple[str, str]
) -> None:
    """The answer breaks off, and what it was asked with lets nobody in any more."""
    connector = connect(sandbox, way, page_size=10, pages_ahead=1)
    connector.now()
    play(sandbox, "truncated", after=0 if way[0] == "report" else 2, data_only=True)
    sandbox.faults.add(
        parse_fault(
            {"system": "workday", "mode": "token_expired", "after": 0 if way[0] == "report" else 2, "data_only": True}
        )
    )
    records = read_through(connector)
    assert len({native.payload for native in records}) == len(records) == WORKERS
    assert sandbox.faults.report()["fired"] == {"workday/truncated": 1, "workday/token_expired": 1}
    connector.close()


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_a_wrong_secret_is_told_and_the_check_says_so(sandbox: Sandbox, way: tuple[str, str]) -> None:
    field = "password" if way[1] == "isu" else "client_secret"
    wrong = sandbox.ready["workday"][way[1]] | {field: "not the secret of anybody"}
    connector = connect(sandbox, way, secrets=wrong)
    with pytest.raises(AuthenticationError):
        gather(connector)
    (health,) = connector.check()
    assert (health.ok, health.signed_in, health.exit_code) == (False, False, 5)
