"""Signing: a user name of this tenant, or one token for all threads."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

import pytest
from lxml import etree

from ml_connector import redaction
from ml_connector.canonical.keys import RecordType
from ml_connector.connectors.port import Query
from ml_connector.connectors.transport import HttpRequest
from ml_connector.connectors.workday.auth import UserNameToken
from ml_connector.connectors.workday.connector import WorkdayConnector
from ml_connector.errors import AuthenticationError, ConfigurationError, UnavailableError
from ml_connector.secret import MASK, Secret
from tests.workday_wire import (
    SOAP,
    MemoryResponse,
    MemoryTransport,
    body_of,
    credential,
    fault,
    make_worker,
    settings,
    tenant,
)

WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
START = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is masked because one test used it is masked in no other."""
    monkeypatch.setattr(redaction, "redactor", redaction.Redactor())


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class Tenant:
    """Gives tokens t1, t2 … and lets only the newest in; `answers` replaces what the token endpoint says."""

    def __init__(self, *answers: MemoryResponse) -> None:
        self.answers = list(answers)
        self.given = 0
        self.serve = tenant([make_worker(n) for n in range(8)])

    def __call__(self, request: HttpRequest) -> MemoryResponse:
        if request.url.endswith("/token"):
            if self.answers:
                return self.answers.pop(0)
            self.given += 1
            return MemoryResponse(200, b'{"access_token":"t%d","token_type":"Bearer"}' % self.given)
        token = request.headers["Authorization"]
        assert isinstance(token, Secret)
        return self.serve(request) if token.reveal() == f"Bearer t{self.given}" else MemoryResponse(401, b"")


def connect(
    answer: Callable[[HttpRequest], MemoryResponse],
    clock: Clock,
    *,
    vault: dict[str, Secret] | None = None,
    slept: list[float] | None = None,
) -> tuple[WorkdayConnector, MemoryTransport]:
    stored = {} if vault is None else vault
    transport = MemoryTransport(answer)
    connector = WorkdayConnector(
        settings(auth="oauth", page_size=1),
        credential=lambda field: stored.get(field) or credential(field),
        transport=transport,  # type: ignore[arg-type]
        clock=clock,
        sleep=([] if slept is None else slept).append,
        keep=(lambda _field, _value: None) if vault is None else vault.__setitem__,
    )
    return connector, transport


def test_the_user_name_token_carries_any_password_and_shows_none() -> None:
    signature = UserNameToken(credential, tenant="acme1").sign()
    header = etree.fromstring(f'<h xmlns:soapenv="{SOAP}">{signature.header}</h>')
    assert [element.text for element in header.iter(f"{{{WSSE}}}Username", f"{{{WSSE}}}Password")] == [
        "ISU_mlc@acme1",
        "p&<ss>word",
    ]
    assert escape("p&<ss>word") not in repr(signature)


def test_no_request_shows_its_secrets() -> None:
    transport = MemoryTransport(tenant([]))
    connector = WorkdayConnector(settings(), credential=credential, transport=transport, clock=Clock())  # type: ignore[arg-type]
    connector.now()
    assert "ss&gt;word" in body_of(transport.requests[0])
    assert "word" not in repr(transport.requests[0])


@pytest.mark.parametrize("name", ["ISU_mlc", "ISU_mlc@other", "@acme1", "ISU_mlc@acme1@other", ""])
def test_a_user_name_of_no_or_another_tenant_is_refused_before_it_is_sent(name: str) -> None:
    with pytest.raises(ConfigurationError, match="@acme1"):
        UserNameToken(lambda _field: Secret(name), tenant="acme1").sign()


def test_characters_xml_cannot_carry_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="control character") as caught:
        UserNameToken(lambda field: Secret("a\x00b@acme1"), tenant="acme1").sign()
    assert "\x00" not in caught.value.message


def test_a_token_is_fetched_once_and_carries_no_ws_security() -> None:
    connector, transport = connect(Tenant(), Clock())
    list(connector.read(Query(record_type=RecordType.WORKER)))
    tokens = [request for request in transport.requests if request.url.endswith("/token")]
    assert len(tokens) == 1
    assert body_of(tokens[0]) == "grant_type=refresh_token&refresh_token=the+refresh_token"
    assert "Security" not in body_of(transport.requests[1])


def test_a_token_is_renewed_before_its_hour_is_over() -> None:
    clock, door = Clock(), Tenant()
    connector, _ = connect(door, clock)
    connector.now()
    clock.now += timedelta(minutes=54)
    connector.now()
    assert door.given == 1
    clock.now += timedelta(minutes=2)
    connector.now()
    assert door.given == 2


def test_a_refused_token_is_renewed_once_by_one_thread_for_all() -> None:
    door = Tenant()
    connector, transport = connect(door, Clock())
    connector.now()
    door.given = 10  # the tenant forgot every earlier token
    all_refused, renewed = threading.Barrier(4), threading.Event()
    send = transport.send

    def send_together(request: HttpRequest) -> MemoryResponse:
        answer = send(request)
        if request.url.endswith("/token"):
            renewed.set()
        elif answer.status == 401 and all_refused.wait(10):
            renewed.wait(10)  # three come with the old token when the first is about to have the new one
        return answer

    transport.send = send_together  # type: ignore[method-assign]

    threads = [threading.Thread(target=connector.now) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert door.given == 11
    assert sum(request.url.endswith("/token") for request in transport.requests) == 2


def test_a_token_that_is_never_accepted_ends_after_one_renewal() -> None:
    door = Tenant()
    door.serve = lambda _request: fault("Client.authenticationError", "invalid token")
    connector, _ = connect(door, Clock())
    with pytest.raises(AuthenticationError):
        connector.now()
    assert door.given == 2


@pytest.mark.parametrize("status", [400, 401])
def test_a_revoked_refresh_token_is_not_tried_again(status: int) -> None:
    connector, transport = connect(Tenant(*[MemoryResponse(status, b'{"error":"invalid_grant"}')] * 9), Clock())
    with pytest.raises(AuthenticationError, match="revoked"):
        connector.now()
    assert len(transport.requests) == 1


def test_a_token_endpoint_in_trouble_is_asked_again() -> None:
    twice = MemoryResponse(200, b'{"access_token":"a","access_token":"b"}')
    trouble = [MemoryResponse(503, b""), MemoryResponse(200, b"<html>"), twice]
    connector, _ = connect(Tenant(*trouble), Clock())
    connector.now()
    connector, _ = connect(Tenant(*[MemoryResponse(503, b"")] * 9), Clock())
    with pytest.raises(UnavailableError):
        connector.now()


def test_a_rotated_refresh_token_is_used_next() -> None:
    rotated = MemoryResponse(200, b'{"access_token":"t0","refresh_token":"second"}')
    clock = Clock()
    connector, transport = connect(Tenant(rotated), clock)
    connector.now()
    clock.now += timedelta(hours=1)
    connector.now()
    assert body_of(transport.requests[2]).endswith("refresh_token=second")


def test_f7_tokens_are_masked_wherever_they_are_quoted() -> None:
    """F7: an access token lives for an hour, and a system may quote it in what it says of it."""
    tokens = {"access_token": "access-of-this-hour", "refresh_token": "refresh-of-the-next"}
    connector, _ = connect(Tenant(MemoryResponse(200, json.dumps(tokens).encode())), Clock())
    connector.now()
    for token in tokens.values():
        assert ConfigurationError(f"no such token: {token}").message == f"no such token: {MASK}"


@pytest.mark.parametrize("token", ["t\r\nX: y", "t\n", "\x00", "té", "\u2028", "t\x7f"])
@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
def test_a5_a_token_that_is_none_is_the_fault_of_who_gave_it_and_not_of_what_is_stored(name: str, token: str) -> None:
    tokens = {"access_token": "t0", "refresh_token": "second"} | {name: token}
    connector, transport = connect(Tenant(*[MemoryResponse(200, json.dumps(tokens).encode())] * 9), Clock())
    with pytest.raises(UnavailableError, match=f"answer that cannot be used: its {name[:-6]} token holds") as caught:
        connector.now()
    assert "credentials set" not in str(caught.value.remedy)
    assert all(request.url.endswith("/token") for request in transport.requests)


@pytest.mark.parametrize("told", [{"token_type": "mac"}, {"expires_in": 0}, {"expires_in": -5}, {"expires_in": -1e30}])
def test_a5_a_token_of_no_use_is_the_fault_of_who_gave_it(told: dict[str, object]) -> None:
    vault = {"refresh_token": Secret("r0")}
    body = json.dumps({"access_token": "t0", "refresh_token": "r1"} | told).encode()
    connector, transport = connect(Tenant(*[MemoryResponse(200, body)] * 9), Clock(), vault=vault)
    with pytest.raises(UnavailableError, match="answer that cannot be used: its access token") as caught:
        connector.now()
    assert "credentials" not in str(caught.value.remedy)
    assert all(request.url.endswith("/token") for request in transport.requests)
    assert vault["refresh_token"] == Secret("r1"), "what came beside it is kept: the old one may be spent"


def test_a_refresh_token_that_came_with_an_unusable_access_token_is_kept() -> None:
    vault = {"refresh_token": Secret("r0")}
    answer = MemoryResponse(200, rb'{"access_token":"a\nb","refresh_token":"r1"}')
    connector, transport = connect(Tenant(answer), Clock(), vault=vault)
    connector.now()
    assert vault["refresh_token"] == Secret("r1")
    assert body_of(transport.requests[1]).endswith("refresh_token=r1")


@pytest.mark.parametrize("token", ["x", "a b", "~!\\&=+%", "=" * 4000])
def test_any_printable_token_is_taken(token: str) -> None:
    vault = {"refresh_token": Secret("r0")}
    answer = MemoryResponse(200, json.dumps({"access_token": "t0", "refresh_token": token}).encode())
    connector, _ = connect(Tenant(answer), Clock(), vault=vault)
    connector.now()
    assert vault["refresh_token"] == Secret(token)


class RotatingTenant(Tenant):
    """Spends a refresh token with each use of it: r0, r1, r2 …"""

    def __call__(self, request: HttpRequest) -> MemoryResponse:
        if not request.url.endswith("/token"):
            return super().__call__(request)
        if not body_of(request).endswith(f"refresh_token=r{self.given}"):
            return MemoryResponse(400, b'{"error":"invalid_grant"}')
        self.given += 1
        return MemoryResponse(200, b'{"access_token":"t%d","refresh_token":"r%d"}' % (self.given, self.given))


def test_a_refresh_token_another_process_rotated_is_read_from_the_vault_again() -> None:
    vault, clock, door = {"refresh_token": Secret("r0")}, Clock(), RotatingTenant()
    long_sync, _ = connect(door, clock, vault=vault)
    long_sync.now()
    ping, _ = connect(door, clock, vault=vault)
    ping.now()
    clock.now += timedelta(hours=1)
    long_sync.now()
    assert (door.given, vault["refresh_token"]) == (3, Secret("r3"))


def test_a_refresh_token_rotated_while_we_ask_is_read_again_before_giving_up() -> None:
    vault, door = {"refresh_token": Secret("r0")}, RotatingTenant()

    def overtaken(request: HttpRequest) -> MemoryResponse:
        if request.url.endswith("/token") and not door.given:
            door.given, vault["refresh_token"] = 1, Secret("r1")
        return door(request)

    connector, transport = connect(overtaken, Clock(), vault=vault)
    connector.now()
    assert vault["refresh_token"] == Secret("r2")
    assert sum(request.url.endswith("/token") for request in transport.requests) == 2


@pytest.mark.parametrize("headers", [{}, {"retry-after": "7"}])
def test_a_quota_at_the_token_endpoint_is_waited_for_and_no_revoked_grant(headers: dict[str, str]) -> None:
    slept: list[float] = []
    used_up = MemoryResponse(403, b'{"error":{"code":"QUOTA_EXCEEDED","message":"The quota is used up."}}', headers)
    connector, _ = connect(Tenant(used_up), Clock(), slept=slept)
    connector.now()
    assert len(slept) == 1
    assert slept[0] >= float(headers.get("retry-after", "0"))
    connector, transport = connect(Tenant(*[MemoryResponse(403, b'{"error":"forbidden"}')] * 9), Clock())
    with pytest.raises(AuthenticationError, match="revoked"):
        connector.now()
    assert len(transport.requests) == 1
