"""The Plex connector against prepared answers: what is asked, what each answer means, what is never repeated."""

from __future__ import annotations

import threading
import tracemalloc
from concurrent.futures import CancelledError, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from pydantic import ValidationError

from ml_connector import redaction
from ml_connector.canonical.keys import RecordType
from ml_connector.connectors.hands import Hands
from ml_connector.connectors.plex.auth import ClientCredentials
from ml_connector.connectors.plex.connector import to_instant
from ml_connector.connectors.port import Query, Write
from ml_connector.connectors.transport import HttpRequest
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
    SignInError,
    UnavailableError,
)
from ml_connector.secret import MASK, Secret
from ml_connector.settings.loading import parse_settings
from tests.unit.plex_script import DET_TENANT, TOKEN, Script, Time, credential, make_connector, make_settings

ID = "11111111-2222-4333-8444-555555555555"
ROW = {"id": ID, "badgeNumber": "21001", "lastName": "Nguyễn"}
NOT_SIGNED_IN = (401, {"code": "REQUEST_NOT_AUTHENTICATED", "message": "The request could not be authenticated."})
OAUTH = {"auth": "oauth2", "token_url": "https://accounts.plex.com/oauth2/token"}


def employees(limit: int | None = None, *, plant: str = "101") -> Query:
    return Query(record_type=RecordType.EMPLOYEE, plant=plant, limit=limit)


def read(connector: Any, query: Query) -> list[bytes]:
    return [record.payload for page in connector.read(query) for record in page.records]


def write(action: str = "create", record_type: RecordType = RecordType.EMPLOYEE, key: str = ID, **body: Any) -> Write:
    return Write(record_type=record_type, plant="101", key=key, action=action, body=body)  # type: ignore[arg-type]


# Reading


@pytest.mark.parametrize("kind", ["text/html", "application/xml", "", "application/jsonp", "text/plain; a=json"])
def test_a5_only_json_by_its_own_account_is_read(kind: str) -> None:
    connector, script = make_connector(*[(200, [ROW], {"content-type": kind})] * 4)
    with pytest.raises(UnavailableError, match="not JSON"):
        read(connector, employees())
    assert len(script.requests) == 4


@pytest.mark.parametrize("deep", [1_100, 100_000])
def test_f11_an_answer_nested_too_deeply_is_no_answer(deep: int) -> None:
    body = b'[{"a":' + b"[" * deep + b"]" * deep + b"}]"
    connector, _ = make_connector(*[(200, body)] * 4)
    with pytest.raises(UnavailableError, match="no JSON array"):
        read(connector, employees())


TWICE = b'{"id":"%s","badgeNumber":"21001","badgeNumber":"21002"}' % ID.encode()


def test_a5_a_row_that_says_one_thing_twice_is_not_read() -> None:
    connector, _ = make_connector(*[(200, b"[" + TWICE + b"]")] * 4)
    with pytest.raises(UnavailableError, match="plain objects"):
        read(connector, employees())


@pytest.mark.parametrize("answers", [[(404, {}), *[(200, b"[" + TWICE + b"]")] * 4], [(200, TWICE)] * 4])
def test_a5_nobody_is_found_in_what_says_one_thing_twice(answers: list[Any]) -> None:
    connector, _ = make_connector(*answers)
    with pytest.raises(UnavailableError, match="plain"):
        connector.find(write(badgeNumber="21001"))


def test_a5_a_yes_that_says_one_thing_twice_proves_nothing() -> None:
    connector, _ = make_connector((201, TWICE))
    with pytest.raises(AmbiguousWriteError):
        connector.write(write(lastName="Nguyễn"))


@pytest.mark.parametrize("body", [b'{"access_token":"a","access_token":"b"}', b"<html>", b"", b"[]"])
def test_a5_a_token_that_is_said_twice_is_none(body: bytes) -> None:
    connector, script = make_connector((200, body), TOKEN, (200, [ROW]), **OAUTH)
    assert len(read(connector, employees())) == 1
    assert [request.url for request in script.requests].count(OAUTH["token_url"]) == 2
    connector, _ = make_connector(*[(200, body)] * 8, **OAUTH)
    with pytest.raises(UnavailableError, match="no token"):
        read(connector, employees())


@pytest.mark.parametrize("token", [r"t\r\nX: y", r"\u0000", r"t\u00e9"])
def test_a5_a_token_that_is_none_is_the_fault_of_who_gave_it_and_not_of_what_is_stored(token: str) -> None:
    connector, script = make_connector(*[(200, b'{"access_token":"%s"}' % token.encode())] * 8, **OAUTH)
    with pytest.raises(UnavailableError, match="token endpoint's answer cannot be used") as caught:
        read(connector, employees())
    assert "credentials set" not in str(caught.value.remedy)
    assert {request.url for request in script.requests} == {OAUTH["token_url"]}


def test_a5_a_yes_that_is_no_json_proves_nothing() -> None:
    connector, script = make_connector((201, ROW, {"content-type": "text/html"}))
    with pytest.raises(AmbiguousWriteError, match="not JSON"):
        connector.write(write(lastName="Nguyễn"))
    assert len(script.requests) == 1


def test_records_keep_their_own_bytes_and_pages_add_up() -> None:
    rows = b"[" + b",".join(b'{"id":"%036d","status":1.50}' % number for number in range(1201)) + b"]"
    connector, script = make_connector((200, rows))
    pages = list(connector.read(employees()))
    assert [(page.number, page.of_pages, page.total, len(page.records)) for page in pages] == [
        (1, 3, 1201, 500),
        (2, 3, 1201, 500),
        (3, 3, 1201, 201),
    ]
    assert pages[0].records[0].payload == b'{"id":"%036d","status":1.50}' % 0
    assert script.calls == ["GET /mdm/v1/employees"]


def test_a_request_names_its_plant_by_tenant_or_by_pcn() -> None:
    connector, script = make_connector((200, []), (200, []))
    read(connector, employees())
    read(connector, Query(record_type=RecordType.BUILDING, plant="102"))
    first, second = (request.headers for request in script.requests)
    assert first["X-Plex-Connect-Tenant-Id"] == DET_TENANT
    assert second["X-Plex-Connect-Customer-Id"] == "102"
    assert first["X-Plex-Connect-Api-Key"] == Secret("k3y")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"{}",
        b'""',
        b'{"data":[]}',
        b"[1]",
        b"[null]",
        b"[{}",
        b"[{}]",
        b'[{"id":"a","code":"ACME"}]',
        b"<html>",
        b'[{"id":"a"},',
        b'{"code":"REQUEST_PROCESSING_ERROR","message":"no"}',
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>',
    ],
    ids=repr,
)
def test_cc_13_an_answer_that_is_no_array_of_objects_is_never_an_empty_list(body: bytes) -> None:
    connector, _ = make_connector(*[(200, body)] * 4)
    with pytest.raises(UnavailableError):
        read(connector, employees())


def test_a5_a_list_cut_off_at_any_byte_is_none() -> None:
    whole = msgspec.json.encode([ROW])
    for end in range(len(whole)):
        connector, _ = make_connector(*[(200, whole[:end])] * 4)
        with pytest.raises(UnavailableError):
            read(connector, employees())


def test_an_empty_array_is_one_empty_page() -> None:
    connector, _ = make_connector((200, b"[]"))
    (page,) = connector.read(employees())
    assert (page.records, page.total) == ((), 0)


def test_the_same_id_twice_is_an_incomplete_read() -> None:
    connector, _ = make_connector((200, [ROW, ROW | {"id": ID.upper()}]))
    with pytest.raises(IncompleteReadError):
        read(connector, employees())


@pytest.mark.parametrize(
    "fault", [(500, b""), (503, b"x"), (408, b""), AmbiguousWriteError("cut"), NotSentError("dns")]
)
def test_reading_repeats_what_failed(fault: Any) -> None:
    time = Time()
    connector, script = make_connector(fault, fault, (200, [ROW]), time=time)
    assert len(read(connector, employees())) == 1
    assert len(script.requests) == 3
    assert sum(time.slept) == pytest.approx(3, abs=0.1)


def test_reading_gives_up_after_a_few_tries() -> None:
    connector, script = make_connector(*[(502, b"")] * 4)
    with pytest.raises(UnavailableError, match="502"):
        read(connector, employees())
    assert len(script.requests) == 4


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((403, b""), PermissionError_),
        ((404, {"code": "RESOURCE_NOT_FOUND"}), ConfigurationError),
        ((400, {"code": "ARGUMENT_INVALID", "message": "bad date"}), ConfigurationError),
    ],
)
def test_a_refused_question_is_not_repeated(answer: Any, error: type[MLConnectorError]) -> None:
    connector, script = make_connector(answer)
    with pytest.raises(error):
        read(connector, employees())
    assert len(script.requests) == 1


def test_a_redirect_is_no_answer() -> None:
    connector, script = make_connector((302, b"", {"Location": "https://evil.tld"}))
    with pytest.raises(ConfigurationError, match="elsewhere"):
        read(connector, employees())
    assert [request.url for request in script.requests] == ["https://cloud.plex.com/api/mdm/v1/employees"]


def test_a_change_window_is_asked_for_where_plex_has_one() -> None:
    connector, script = make_connector((200, []))
    since = datetime(2026, 11, 23, 15, 4, 5, 678, tzinfo=UTC)
    read(connector, Query(record_type=RecordType.JOURNAL_ENTRY, plant="101", updated_from=since))
    assert script.requests[0].query == (("modifiedDateBegin", "2026-11-23T15:04:05Z"),)


@pytest.mark.parametrize("plant", [None, "999"])
def test_a_plant_that_is_not_configured_is_refused_before_any_call(plant: str | None) -> None:
    connector, script = make_connector()
    with pytest.raises(ConfigurationError):
        read(connector, Query(record_type=RecordType.EMPLOYEE, plant=plant))
    assert script.requests == []


# Size


def test_a5_a_list_of_twenty_thousand_employees_is_read() -> None:
    row = msgspec.json.encode(ROW | {f"field{n}": "a, b" for n in range(40)} | {"id": "%s"}).decode()
    body = ("[" + ",".join(row.replace("%s", str(UUID(int=n)), 1) for n in range(20_000)) + "]").encode()
    connector, _ = make_connector((200, body))
    assert len(read(connector, employees())) == 20_000


@pytest.mark.parametrize("piece", [b"0,", b"[],", b"{},", b'{"a":0},'])
def test_a5_a_list_of_more_than_any_list_of_theirs_is_refused_before_anything_is_made_of_it(piece: bytes) -> None:
    body = b"[" + piece * 9_000_000 + piece[:-1] + b"]"
    connector, script = make_connector(*[(200, body)] * 4)
    tracemalloc.start()
    try:
        with pytest.raises(ConfigurationError, match="more values than any"):
            read(connector, employees())
        assert tracemalloc.get_traced_memory()[1] < 5 * len(body)
    finally:
        tracemalloc.stop()
    assert len(script.requests) == 1, "asking again would bring the same"


def test_a5_rows_of_a_data_source_that_are_more_than_any_are_refused_and_not_asked_for_again() -> None:
    connector, script = make_connector(*[(200, b'{"rows":[' + b"0," * 9_000_000 + b"0]}")] * 4)
    with pytest.raises(ConfigurationError, match="more values than any"):
        read(connector, Query(record_type=RecordType.POSITION, plant="101"))
    assert len(script.requests) == 1, "asking again would bring the same"


def test_a5_one_record_and_one_write_are_answered_in_a_megabyte_or_not_at_all() -> None:
    long = (200, ROW | {"note": "x" * (1 << 20)})
    connector, _ = make_connector(long, long, long)
    with pytest.raises(ConfigurationError, match="larger than allowed"):
        connector.find(write(id=ID))
    with pytest.raises(AmbiguousWriteError, match="larger than allowed"):
        connector.write(write(id=ID))
    with pytest.raises(AmbiguousWriteError, match="larger than allowed"):
        connector.write(write("create", RecordType.POSITION, key="Welder", position="Welder"))


# Pace


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Mon, 23 Nov 2026 15:00:30 GMT"}, 30),
        ({"Retry-After": "-3"}, 1),
        ({"Retry-After": "soon"}, 1),
        ({}, 1),
    ],
)
def test_a_refusal_for_pace_is_waited_out(header: dict[str, str], seconds: float) -> None:
    time = Time()
    connector, _ = make_connector((429, b"", header), (200, [ROW]), time=time)
    assert len(read(connector, employees())) == 1
    assert sum(time.slept) == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ([{"Retry-After": "1000000000"}], "stay away for 11,574 days"),
        ([{"Retry-After": "7200"}], "come again in 7200 s, at 2026-11-23 17:00 UTC"),
        ([{"Retry-After": "Mon, 23 Nov 2026 16:00:00 GMT"}], "come again in 3600 s, at 2026-11-23 16:00 UTC"),
        ([{"Retry-After": "800"}] * 2, "come again in 800 s"),
    ],
)
def test_more_patience_than_a_run_has_ends_it_and_says_when_to_come_again(
    headers: list[dict[str, str]], told: str
) -> None:
    for ask in (lambda connector: read(connector, employees()), lambda connector: connector.write(write(id=ID))):
        time = Time()
        connector, script = make_connector(*[(429, b"", header) for header in headers], time=time)
        with pytest.raises(RateLimitError, match=told) as ended:
            ask(connector)
        assert (len(script.requests), sum(time.slept) < 901) == (len(headers), True)
        assert "run it again" in (ended.value.remedy or "")


@pytest.mark.parametrize("status", [502, 503])
def test_a2_2_a_plex_that_says_until_when_it_is_away_is_waited_for_when_reading(status: int) -> None:
    time = Time()
    connector, _ = make_connector((status, b"", {"Retry-After": "40"}), (200, [ROW]), time=time)
    assert len(read(connector, employees())) == 1
    assert sum(time.slept) == pytest.approx(40, abs=0.1)


@pytest.mark.parametrize("headers", [["7200"], ["600", "400"]])
def test_a2_2_a_plex_that_is_away_for_long_ends_the_reading_and_says_when_to_come_again(headers: list[str]) -> None:
    time = Time()
    connector, script = make_connector(*[(503, b"", {"Retry-After": each}) for each in headers], time=time)
    with pytest.raises(UnavailableError, match=f"come again in {headers[-1]} s") as ended:
        read(connector, employees())
    assert (len(script.requests), sum(time.slept) < 901) == (len(headers), True)
    assert (ended.value.remedy or "").startswith("run it again then")


@pytest.mark.parametrize("status", [429, 503])
def test_a2_2_the_token_endpoint_is_given_the_patience_it_asks_for(status: int) -> None:
    time = Time()
    connector, _ = make_connector((status, b"", {"Retry-After": "7"}), TOKEN, (200, [ROW]), time=time, **OAUTH)
    assert len(read(connector, employees())) == 1
    assert sum(time.slept) == pytest.approx(7, abs=0.1)
    for ask in (lambda connector: read(connector, employees()), lambda connector: connector.write(write(id=ID))):
        connector, script = make_connector((status, b"", {"Retry-After": "7200"}), **OAUTH)
        with pytest.raises(RateLimitError, match="come again in 7200 s"):
            ask(connector)
        assert len(script.requests) == 1


def test_a2_2_the_token_endpoint_is_waited_for_as_often_as_it_asks_and_a_quarter_of_an_hour_in_all() -> None:
    time = Time()
    asked = [(429, b"", {"Retry-After": "100"})]
    connector, _ = make_connector(*asked * 9, TOKEN, (200, [ROW]), time=time, **OAUTH)
    assert len(read(connector, employees())) == 1
    assert sum(time.slept) == pytest.approx(900, abs=1)
    connector, script = make_connector(*asked * 10, TOKEN, **OAUTH)
    with pytest.raises(RateLimitError, match="come again in 100 s"):
        connector.write(write(id=ID))
    assert len(script.requests) == 10


def test_a2_2_a_token_endpoint_that_asks_for_a_second_again_and_again_is_asked_more_and_more_seldom() -> None:
    time = Time()
    connector, script = make_connector(*[(429, b"", {"Retry-After": "1"})] * 30, time=time, **OAUTH)
    with pytest.raises(RateLimitError):
        read(connector, employees())
    assert len(script.requests) < 25
    assert 800 < sum(time.slept) <= 900


def test_a2_2_what_a_token_endpoint_made_us_wait_counts_until_it_gives_one() -> None:
    """Whoever needs the token tries again by itself, and would begin to wait anew each time."""
    time = Time()
    round_ = [(429, b"", {"Retry-After": "400"}), (500, b""), (500, b"")]
    connector, script = make_connector(*round_ * 4, time=time, **OAUTH)
    with pytest.raises(RateLimitError):
        read(connector, employees())
    assert len(script.requests) == 7
    assert sum(time.slept) < 900


def test_a2_2_who_waits_behind_somebody_who_sits_out_the_token_endpoint_asks_no_more_once_told_to_stop() -> None:
    asked = threading.Event()

    def refuse(_request: Any) -> Any:
        asked.set()
        return 429, b"", {"Retry-After": "600"}

    script = Script([refuse] * 9)
    auth = ClientCredentials(credential, token_url=OAUTH["token_url"], transport=script, clock=Time())
    with Hands(4, name="test", leave_after_s=None) as hands:
        waiting = [hands.submit(auth.headers, "101") for _ in range(4)]
        assert asked.wait(60)
    for each in waiting:
        with pytest.raises((NotSentError, CancelledError)):
            each.result()
    assert len(script.requests) == 1


def test_a_token_lives_from_when_it_was_asked_for_and_not_from_the_first_try() -> None:
    time = Time()
    token = (200, {"access_token": "t0ken", "expires_in": 300})
    answers = [*[(429, b"", {"Retry-After": "100"})] * 3, token, (200, []), (200, [])]
    connector, script = make_connector(*answers, time=time, **OAUTH)
    read(connector, employees())
    read(connector, employees())
    assert [request.url for request in script.requests].count(OAUTH["token_url"]) == 4


def test_refusals_for_pace_are_bounded_for_writes_too() -> None:
    connector, script = make_connector(*[(429, b"", {"Retry-After": "0"})] * 9)
    with pytest.raises(RateLimitError) as caught:
        connector.write(write(id=ID))
    assert len(script.requests) == 6
    assert caught.value.retry_after_s == 0


def test_a2_2_patience_asked_for_in_small_pieces_is_given_for_a_quarter_of_an_hour() -> None:
    """A window that slides refuses for a second each time, for as long as somebody else fills it."""
    connector, script = make_connector(*[(429, b"", {"Retry-After": "100"})] * 9, (200, b"[]"))
    assert read(connector, employees()) == []
    assert len(script.requests) == 10
    connector, script = make_connector(*[(429, b"", {"Retry-After": "100"})] * 10)
    with pytest.raises(RateLimitError):
        read(connector, employees())
    assert len(script.requests) == 10


@pytest.mark.parametrize("status", [429, 503])
def test_a2_2_a_second_asked_for_again_and_again_is_waited_for_in_all_a_quarter_of_an_hour(status: int) -> None:
    """Waits of our own, which grow, are for those who do not say how long."""
    time = Time()
    began = time.now
    connector, script = make_connector(*[(status, b"", {"Retry-After": "1"})] * 2000, time=time)
    with pytest.raises((RateLimitError, UnavailableError)):
        read(connector, employees())
    assert 890 <= (time.now - began).total_seconds() <= 910
    assert len(script.requests) > 800


def test_a1_t5_the_right_to_write_is_asked_for_again_after_every_wait() -> None:
    connector, script = make_connector((429, b"", {"Retry-After": "2"}), (201, ROW))
    asked: list[int] = []

    def allowed() -> None:
        asked.append(len(script.requests))
        if len(asked) > 1:
            raise UnavailableError("the right to write ran out")

    with pytest.raises(UnavailableError, match="ran out"):
        connector.write(write(id=ID), allowed=allowed)
    assert asked == [0, 1]
    assert len(script.requests) == 1


# Signing in


def test_the_api_key_refused_says_what_plex_does_not_tell_apart() -> None:
    connector, script = make_connector(NOT_SIGNED_IN)
    with pytest.raises(AuthenticationError) as caught:
        read(connector, employees())
    assert len(script.requests) == 1
    for reason in ("credential", "not subscribed", "tenant"):
        assert reason in caught.value.message


def test_one_token_serves_until_shortly_before_it_expires() -> None:
    time = Time()
    connector, script = make_connector(TOKEN, *[(200, [])] * 3, TOKEN, (200, []), time=time, **OAUTH)
    for wait in (0, 300, 200):
        time.sleep(wait)
        read(connector, employees())
    time.sleep(60)
    read(connector, employees())
    assert [request.url for request in script.requests].count("https://accounts.plex.com/oauth2/token") == 2
    assert script.requests[1].headers["Authorization"] == Secret("Bearer t0ken")


def test_f7_a_token_is_masked_wherever_it_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "redactor", redaction.Redactor())
    connector, _ = make_connector(
        (200, {"access_token": "access-of-ten-minutes", "expires_in": 600}), (200, []), **OAUTH
    )
    read(connector, employees())
    assert ConfigurationError("no such token: access-of-ten-minutes").message == f"no such token: {MASK}"


def test_an_expired_token_is_renewed_once_and_the_write_goes_on() -> None:
    time = Time()
    second = (200, {"access_token": "second", "expires_in": 600})
    connector, script = make_connector(
        TOKEN, (200, []), NOT_SIGNED_IN, second, (201, ROW), NOT_SIGNED_IN, time=time, **OAUTH
    )
    read(connector, employees())
    time.sleep(120)
    assert connector.write(write(id=ID)).state == "applied"
    assert script.requests[4].headers["Authorization"] == Secret("Bearer second")


def test_a_401_for_a_new_token_is_final_and_no_loop() -> None:
    second = (200, {"access_token": "second", "expires_in": 600})
    connector, script = make_connector(TOKEN, NOT_SIGNED_IN, second, NOT_SIGNED_IN, NOT_SIGNED_IN, **OAUTH)
    for calls in (4, 5):
        with pytest.raises(AuthenticationError):
            read(connector, employees())
        assert len(script.requests) == calls


def test_one_thread_renews_the_token_for_all() -> None:
    """Eight refusals of one token are one renewal."""
    seen: list[object] = []
    old, lock = Secret("Bearer t0ken"), threading.Lock()
    gate = threading.Barrier(8)

    def answer(request: HttpRequest) -> Any:
        if "token" in request.url:
            with lock:
                seen.append(request)
            return TOKEN if len(seen) == 1 else (200, {"access_token": "second", "expires_in": 600})
        if request.headers["Authorization"] == old:
            gate.wait(10)
            return NOT_SIGNED_IN
        return 200, []

    connector, _ = make_connector(*[answer] * 99, **OAUTH)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: read(connector, employees()), range(8)))
    assert len(seen) == 2


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refusal_by_the_token_endpoint_is_never_repeated(status: int) -> None:
    connector, script = make_connector((status, {"error": "invalid_client", "error_description": "s3cret"}), **OAUTH)
    with pytest.raises(AuthenticationError, match="invalid_client") as caught:
        read(connector, employees())
    assert len(script.requests) == 1
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "body", [b"<html>a gateway</html>", b'\xff{"id": ]not json', b"", b"[]", b"{}", b'{"access_token": ""}'], ids=repr
)
def test_an_answer_that_is_no_token_is_asked_for_again_and_then_later(body: bytes) -> None:
    connector, script = make_connector((200, body), TOKEN, (200, []), **OAUTH)
    assert read(connector, employees()) == []
    connector, script = make_connector(*[(200, body)] * 40, **OAUTH)
    with pytest.raises(MLConnectorError) as caught:
        read(connector, employees())
    assert caught.value.exit_code == 7
    assert len(script.requests) > 1


def test_a_token_address_where_nothing_is_is_configuration() -> None:
    connector, script = make_connector((404, b"<html>"), **OAUTH)
    with pytest.raises(ConfigurationError) as caught:
        read(connector, employees())
    assert (type(caught.value), caught.value.exit_code, len(script.requests)) == (SignInError, 6, 1)
    assert "plex.token_url" in str(caught.value.remedy)


@pytest.mark.parametrize(
    "answer", [(302, b"", {"Location": "https://elsewhere.example"}), (400, {"error": "invalid_request"})]
)
def test_where_somebody_else_answers_for_the_token_endpoint_no_credential_is_blamed(answer: Any) -> None:
    connector, script = make_connector(answer, **OAUTH)
    with pytest.raises(SignInError) as caught:
        read(connector, employees())
    assert (caught.value.exit_code, len(script.requests)) == (6, 1)
    assert "token_url" in str(caught.value.remedy)


def test_a_quota_at_the_token_endpoint_is_no_wrong_secret() -> None:
    used_up = {"code": "QUOTA_EXCEEDED", "message": "The quota for this period is used up.", "error": "used up"}
    connector, _ = make_connector(*[(403, used_up)] * 40, **OAUTH)
    with pytest.raises(RateLimitError, match="quota") as caught:
        read(connector, employees())
    assert "client_secret" not in str(caught.value.remedy)


def test_a_plain_403_of_the_token_endpoint_does_not_blame_the_secret() -> None:
    connector, _ = make_connector((403, b"<html>forbidden</html>"), **OAUTH)
    with pytest.raises(PermissionError_) as caught:
        read(connector, employees())
    assert caught.value.exit_code == 5
    assert "client_secret" not in str(caught.value.remedy)


def test_without_a_token_a_write_has_not_left() -> None:
    connector, script = make_connector(*[(500, b"")] * 8, **OAUTH)
    with pytest.raises(NotSentError):
        connector.write(write(id=ID))
    assert all("token" in request.url for request in script.requests)


def test_one_web_service_user_cannot_serve_two_plants() -> None:
    plants = [{"pcn": "201", "company_code": "A"}, {"pcn": "202", "company_code": "B"}]
    connector, script = make_connector(auth="basic", plants=plants)
    with pytest.raises(ConfigurationError, match="single PCN"):
        read(connector, employees(plant="201"))
    assert script.requests == []


def test_a_plant_without_a_user_of_its_own_is_told_once_and_nobody_is_asked() -> None:
    plants = [{"pcn": "201", "company_code": "A"}, {"pcn": "202", "company_code": "B"}]
    connector, script = make_connector(auth="basic", plants=plants)
    surfaces = connector.check()
    assert [(surface.signed_in, surface.types) for surface in surfaces] == [(False, ())] * 4
    assert all("of its own" in str(surface.problem) for surface in surfaces)
    assert all(f"plex {surface.plant}/password" in str(surface.remedy) for surface in surfaces)
    assert script.requests == []


def test_one_web_service_user_serves_one_plant() -> None:
    connector, script = make_connector((200, []), auth="basic", plants=[{"pcn": "201", "company_code": "A"}])
    read(connector, employees(plant="201"))
    assert script.requests[0].headers["Authorization"] == Secret("Basic d3MudXNlckBwbGV4OnBhNTU=")


def test_an_api_key_opens_no_data_source_and_a_web_service_user_brings_its_plant_along() -> None:
    connector, script = make_connector((200, []), (200, {"rows": []}))
    read(connector, employees())
    read(connector, Query(record_type=RecordType.POSITION, plant="101"))
    first, second = (request.headers for request in script.requests)
    assert first["X-Plex-Connect-Api-Key"] == Secret("k3y")
    assert first["X-Plex-Connect-Tenant-Id"] == DET_TENANT
    assert second["Authorization"] == Secret("Basic d3MuZGV0QHBsZXg6cGE1NS0xMDE=")
    assert [name for name in second if name.startswith("X-Plex")] == []


def test_a_gateway_may_take_the_key_for_data_sources_too() -> None:
    connector, script = make_connector((200, {"rows": []}), datasource_auth="api_key")
    read(connector, Query(record_type=RecordType.POSITION, plant="101"))
    sent = script.requests[0].headers
    assert sent["X-Plex-Connect-Api-Key"] == Secret("k3y")
    assert sent["X-Plex-Connect-Tenant-Id"] == DET_TENANT


def test_data_sources_may_live_elsewhere_under_another_credential() -> None:
    plants = [{"pcn": "101", "company_code": "A"}]
    connector, script = make_connector(
        (200, []),
        (200, {"rows": []}),
        base_url="https://connect.plex.com",
        datasource_url="https://cloud.plex.com/api",
        datasource_auth="basic",
        plants=plants,
    )
    read(connector, employees())
    read(connector, Query(record_type=RecordType.POSITION, plant="101"))
    first, second = script.requests
    assert first.url == "https://connect.plex.com/mdm/v1/employees"
    assert "X-Plex-Connect-Api-Key" in first.headers
    assert second.url == "https://cloud.plex.com/api/datasources/3515/execute"
    assert "Authorization" in second.headers
    assert "X-Plex-Connect-Api-Key" not in second.headers


def test_a_second_address_obeys_the_host_rule_and_needs_its_token_url() -> None:
    with pytest.raises(ValidationError, match="token_url"):
        make_settings(datasource_auth="oauth2")
    plex = {
        "base_url": "https://connect.plex.com",
        "auth": "api_key",
        "datasource_url": "https://evil.tld/api",
        "plants": [{"pcn": "1", "company_code": "A"}],
    }
    workday = {"host": "wd2-impl-services1.workday.com", "tenant": "acme1"}
    with pytest.raises(ConfigurationError, match=r"datasource_url: evil\.tld is no Plex host"):
        parse_settings({"connections": {"acme": {"workday": workday, "plex": plex}}}, name="test")


# Writing an employee


@pytest.mark.parametrize(
    ("action", "body", "answer", "call", "state"),
    [
        ("create", {"id": ID}, (201, ROW), "POST /mdm/v1/employees", "applied"),
        ("create", {"id": ID}, (202, b""), "POST /mdm/v1/employees", "accepted"),
        ("update", {"lastName": "X"}, (200, ROW), f"PUT /mdm/v1/employees/{ID}", "applied"),
        ("deactivate", {"status": "Inactive"}, (202, b""), f"POST /mdm/v1/employees/{ID}/deactivate", "accepted"),
        ("reactivate", {"status": "Active"}, (202, b""), f"POST /mdm/v1/employees/{ID}/activate", "accepted"),
    ],
)
def test_each_action_has_its_operation(action: str, body: Any, answer: Any, call: str, state: str) -> None:
    connector, script = make_connector(answer)
    receipt = connector.write(write(action, **body))
    assert (receipt.state, receipt.status, len(receipt.response_hash)) == (state, answer[0], 64)
    assert (script.calls, script.bodies()) == ([call], [body])


AMBIGUOUS = [
    (500, {"code": "X"}),
    (503, b"", {"Retry-After": "1"}),
    (408, b""),
    (409, {"code": "CONFLICT"}),
    (425, b""),
    (302, b""),
    (200, b""),
    (201, b""),
    (201, b'{"id": "'),
    (201, b"<html>signed out</html>"),
    (201, []),
    (201, {"id": "99999999-2222-4333-8444-555555555555"}),
    (204, b""),
    AmbiguousWriteError("reset"),
]


@pytest.mark.parametrize("action", ["create", "update"])
@pytest.mark.parametrize("answer", AMBIGUOUS, ids=repr)
def test_a1_t1_an_answer_that_proves_nothing_is_ambiguous_and_sent_once(action: str, answer: Any) -> None:
    connector, script = make_connector(answer)
    with pytest.raises(AmbiguousWriteError):
        connector.write(write(action, id=ID))
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("status", "open_ended"),
    [(500, False), (502, True), (503, True), (504, True), (408, True), (409, False), (425, False)],
)
def test_a1_t1_who_gives_up_before_plex_does_not_say_that_plex_is_done(status: int, open_ended: bool) -> None:
    """A1-T1: a gateway's answer leaves Plex at work, as a cut line does; Plex's own ends it."""
    connector, _ = make_connector((status, b""))
    with pytest.raises(AmbiguousWriteError) as caught:
        connector.write(write(id=ID))
    assert caught.value.unanswered == open_ended


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_command_answered_with_anything_but_202_proves_nothing(status: int) -> None:
    connector, _ = make_connector((status, b""))
    with pytest.raises(AmbiguousWriteError):
        connector.write(write("deactivate", status="Inactive"))


def test_a_request_that_never_left_is_sent_again() -> None:
    connector, script = make_connector(NotSentError("refused"), NotSentError("refused"), (201, ROW))
    assert connector.write(write(id=ID)).state == "applied"
    assert len(script.requests) == 3


def test_a_request_that_never_leaves_is_told_so() -> None:
    connector, _ = make_connector(*[NotSentError("refused")] * 4)
    with pytest.raises(NotSentError):
        connector.write(write(id=ID))


def test_px_14_a_refusal_is_told_with_its_code_and_without_personal_values() -> None:
    refusal = {
        "code": "REQUEST_VALIDATION_FAILED",
        "message": "Nguyễn (ada.n@example.com, 555-123-4567) \x1b[31m" + "x" * 500,
        "errors": [{"code": "ARGUMENT_INVALID", "message": "Department 'Stamping' does not exist."}],
    }
    connector, script = make_connector((400, refusal))
    with pytest.raises(RecordError) as caught:
        connector.write(write(id=ID, lastName="Nguyễn"))
    error = caught.value
    assert error.code == "REQUEST_VALIDATION_FAILED"
    assert "Department 'Stamping' does not exist." in error.message
    for secret in ("Nguyễn", "example.com", "123-4567", "\x1b"):
        assert secret not in error.message
    assert len(error.message) < 500
    assert len(script.requests) == 1


@pytest.mark.parametrize(("status", "code"), [(404, "RESOURCE_NOT_FOUND"), (405, "HTTP_405"), (422, "HTTP_422")])
def test_a_definite_refusal_without_a_body_has_a_code_of_its_own(status: int, code: str) -> None:
    connector, _ = make_connector((status, b""))
    with pytest.raises(RecordError) as caught:
        connector.write(write("update", lastName="X"))
    assert caught.value.code == code
    assert caught.value.remedy


def test_a_forbidden_write_is_a_matter_of_permission() -> None:
    connector, _ = make_connector((403, b""))
    with pytest.raises(PermissionError_):
        connector.write(write(id=ID))


@pytest.mark.parametrize("record_type", [RecordType.EMPLOYEE, RecordType.POSITION])
def test_a_403_in_a_page_that_is_not_plexs_sends_nobody_after_a_role(record_type: RecordType) -> None:
    page = (403, b"<html>blocked by policy</html>", {"content-type": "text/html"})
    connector, _ = make_connector(page, page)
    for act in (
        lambda: read(connector, Query(record_type=record_type, plant="101")),
        lambda: connector.write(write(id=ID)),
    ):
        with pytest.raises(PermissionError_, match="somebody between Plex and us says no") as caught:
            act()
        assert "network" in str(caught.value.remedy)


@pytest.mark.parametrize("record_type", [RecordType.ACCOUNT, RecordType.TENANT, RecordType.JOURNAL_ENTRY])
def test_what_is_plexs_own_is_never_written(record_type: RecordType) -> None:
    connector, script = make_connector()
    with pytest.raises(RecordError, match="never written"):
        connector.write(write("update", record_type))
    assert script.requests == []


def test_a_key_that_is_no_uuid_never_becomes_part_of_an_address() -> None:
    connector, script = make_connector()
    with pytest.raises(RecordError):
        connector.write(write("update", key="../tenants"))
    assert script.requests == []


# Reading back


def test_find_looks_by_id_first() -> None:
    connector, script = make_connector((200, ROW))
    (found,) = connector.find(write(id=ID, badgeNumber="21001"))
    assert b"21001" in found.payload
    assert script.calls == [f"GET /mdm/v1/employees/{ID}"]


def test_find_looks_by_badge_second_and_believes_exact_matches_only() -> None:
    """Plex ignores a filter it does not know and then gives everybody."""
    everybody = [ROW | {"badgeNumber": number} for number in ("21001", "210011", "21002", None)]
    connector, script = make_connector((404, b""), (200, everybody))
    found = connector.find(write(badgeNumber="21001"))
    assert len(found) == 1
    assert script.requests[1].query == (("badgeNumber", "21001"),)


@pytest.mark.parametrize("answers", [[(404, {"code": "RESOURCE_NOT_FOUND"}), (200, [])], [(200, [])]])
def test_find_nothing(answers: Any) -> None:
    connector, _ = make_connector((404, b""), *answers)
    assert connector.find(write(badgeNumber="21001")) == []


NO_ROUTE = (404, {"code": "RESOURCE_NOT_FOUND"})


def test_px_02_a_gateway_that_knows_no_route_proves_no_absence_by_id() -> None:
    connector, _ = make_connector(*[NO_ROUTE] * 4)
    with pytest.raises(UnavailableError):
        connector.find(write())


def test_px_02_a_gateway_that_knows_no_route_proves_no_absence_by_badge() -> None:
    connector, _ = make_connector((404, b""), *[NO_ROUTE] * 2)
    with pytest.raises(ConfigurationError):
        connector.find(write(badgeNumber="21001"))


HTML = {"content-type": "text/html"}


@pytest.mark.parametrize("status", [400, 404, 407, 413, 499])
def test_px_02_a_page_of_somebody_in_between_refuses_no_record(status: int) -> None:
    connector, _ = make_connector((status, b"<html>blocked by proxy</html>", HTML))
    with pytest.raises(AmbiguousWriteError) as caught:
        connector.write(write("update", lastName="X"))
    assert caught.value.unanswered


@pytest.mark.parametrize("answer", [NO_ROUTE, (404, b"")])
def test_px_02_a_creation_is_never_refused_with_404(answer: Any) -> None:
    connector, _ = make_connector(answer)
    with pytest.raises(AmbiguousWriteError):
        connector.write(write(id=ID))


class Holding:
    """Plex as some servers in front of it are: no address of more than 2,048 bytes is taken."""

    def __init__(self, ids: list[str], *, missing: str = "") -> None:
        self.ids, self.missing = ids, missing

    def __call__(self, request: HttpRequest) -> Any:
        if len(request.url) + len(urlencode(request.query)) + 1 > 2_048:
            return 404, b"<html>"
        alone = request.url.rpartition("/")[2]
        if alone in self.ids:
            return 200, ROW | {"id": alone}
        asked = {value for _name, value in request.query}
        return 200, [ROW | {"id": one} for one in self.ids if one in asked and one != self.missing]


def test_up_05_each_of_many_is_looked_at_before_it_is_changed() -> None:
    ids = [str(UUID(int=n)) for n in range(1, 257)]
    connector, script = make_connector(*[Holding(ids, missing=ids[7])] * 99)
    assert set(connector.find_each([write("update", key=one) for one in ids])) == set(ids)
    assert len(script.requests) == 8, "seven lots, and one who was left out alone"


def test_up_05_where_a_filter_heeds_one_of_many_ids_the_whole_list_is_read_and_nobody_alone() -> None:
    ids = [str(UUID(int=n)) for n in range(1, 65)]
    heeded = [(200, [ROW | {"id": ids[0]}]), (200, [ROW | {"id": ids[40]}])]
    connector, script = make_connector(*heeded, (200, [ROW | {"id": one} for one in [*ids[:-1], ID]]))
    assert set(connector.find_each([write("update", key=one) for one in ids])) == set(ids[:-1])
    assert script.requests[-1].query == (), "not 62 questions"


def test_up_05_a_list_that_is_not_there_does_not_prove_that_nobody_is() -> None:
    connector, _ = make_connector(*[(404, b"")] * 2)
    with pytest.raises(ConfigurationError, match="no such resource"):
        connector.find_each([write("update", key=str(UUID(int=n))) for n in range(1, 9)])


def test_find_does_not_take_an_answer_about_somebody_else() -> None:
    other = ROW | {"id": "99999999-2222-4333-8444-555555555555"}
    connector, _ = make_connector(*[(200, other)] * 4)
    with pytest.raises(UnavailableError):
        connector.find(write())


# Clock


def test_now_is_plexs_own_time() -> None:
    connector, _ = make_connector((200, [], {"Date": "Mon, 23 Nov 2026 15:07:00 GMT"}))
    assert (connector.now() - datetime(2026, 11, 23, 15, tzinfo=UTC)).total_seconds() == pytest.approx(420, abs=1)


@pytest.mark.parametrize(
    "date", [f"Mon, 23 Nov {'9' * 20} 15:07:00 GMT", f"Mon, 23 Nov 2026 15:07:00 +{'9' * 20}", "x"]
)
def test_a5_a_write_carried_out_is_known_to_be_whatever_date_the_answer_tells(date: str) -> None:
    connector, _ = make_connector((201, ROW, {"Date": date}), (200, [], {"Date": date}))
    assert connector.write(write(id=ID)).state == "applied"
    assert connector.now() == datetime(2026, 11, 23, 15, tzinfo=UTC)


@pytest.mark.parametrize("lifetime", [2**63 - 1, -(2**63), b"1e400", "Infinity", b"9" * 39, "NaN"])
def test_a5_a_token_of_any_lifetime_is_used_and_never_for_longer_than_a_day(lifetime: Any) -> None:
    told = lifetime if isinstance(lifetime, bytes) else msgspec.json.encode(lifetime)
    token, time = (200, b'{"access_token":"t0ken","expires_in":' + told + b"}"), Time()
    connector, script = make_connector(token, (200, []), token, (200, []), time=time, **OAUTH)
    assert read(connector, employees()) == []
    time.sleep(86_400)
    assert read(connector, employees()) == []
    assert len(script.requests) == 4


def test_a_request_shows_no_body() -> None:
    assert "Ada" not in repr(HttpRequest(method="POST", url="https://cloud.plex.com/x", body=b'{"firstName":"Ada"}'))


def test_tz_08_a_moment_goes_to_plex_as_an_instant_in_utc() -> None:
    detroit = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/Detroit"))
    assert [to_instant(detroit.replace(fold=fold)) for fold in (0, 1)] == [
        "2026-11-01T05:30:00Z",
        "2026-11-01T06:30:00Z",
    ]
    with pytest.raises(ValueError, match="offset"):
        to_instant(datetime(2026, 11, 1, 1, 30))  # noqa: DTZ001 - what must be refused
