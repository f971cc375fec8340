"""Cost centers written to Workday: sent once, sorted by what the answer proves, found again by reference id."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from lxml import etree

from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.organization import CostCenter
from ml_connector.connectors.port import Write
from ml_connector.connectors.workday.connector import WorkdayConnector
from ml_connector.errors import (
    AmbiguousWriteError,
    AuthenticationError,
    ConfigurationError,
    MLConnectorError,
    NotSentError,
    PermissionError_,
    RateLimitError,
    RecordError,
)
from ml_connector.mapping.workday import to_canonical
from ml_connector.sandbox.http import Request, Response
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox
from ml_connector.secret import Secret
from ml_connector.settings.workday import WorkdayConnection
from tests.rehearsal import Wire

WD = "{urn:com.workday/bsvc}"
XML = {"Content-Type": "text/xml; charset=utf-8"}
Answer = Callable[[Request], Response]
DAY = "2026-11-23"


class Workday:
    """A small tenant, our client, and the wire between them."""

    def __init__(self, *, writes: bool = True) -> None:
        self.sandbox = WorkdaySandbox(Tenant(workers=4))
        self.wire = Wire(self.sandbox.answer)
        self.waited: list[float] = []
        self.revealed = self.sandbox.credentials["isu"]
        self.client = WorkdayConnector(
            WorkdayConnection(host="http://127.0.0.1:1", tenant="acme1", writes=writes),
            credential=lambda field: Secret(self.revealed[field]),
            transport=self.wire,  # type: ignore[arg-type]
            clock=lambda: datetime(2026, 11, 23, 12, tzinfo=UTC),
            sleep=self.waited.append,
        )

    def spoil_puts(self, act: Callable[[Request, Answer], Response]) -> None:
        def spoil(request: Request, answer: Answer) -> Response:
            return act(request, answer) if b"Put_Cost_Center_Request" in request.body else answer(request)

        self.wire.spoil = spoil

    @property
    def puts(self) -> list[etree._Element]:
        bodies = [etree.fromstring(each.body) for each in self.wire.requests if b"Put_Cost_Center_Req" in each.body]
        return [next(body.iter(f"{WD}Put_Cost_Center_Request")) for body in bodies]

    def held(self, key: str) -> CostCenter | None:
        found = [to_canonical(native, use_preferred_name=True) for native in self.client.find(change(key))]
        return found[0] if found else None  # type: ignore[return-value]


@pytest.fixture
def workday() -> Workday:
    return Workday()


def addition(key: str = "CC4600", **body: object) -> Write:
    fields = {"Organization_Name": "Robotics & Co", "Organization_Code": "4600", "Organization_Active": True}
    body = {**fields, **body}
    return Write(record_type=RecordType.COST_CENTER, plant="", key=key, action="create", body=body, effective_on=DAY)


def change(key: str = "CC4400", **body: object) -> Write:
    return Write(record_type=RecordType.COST_CENTER, plant="", key=key, action="update", body=body, effective_on=DAY)


def test_a_new_cost_center_is_only_added_and_then_found_by_its_reference_id(workday: Workday) -> None:
    receipt = workday.client.write(addition())
    (sent,) = workday.puts
    assert sent.get(f"{WD}Add_Only") == "true"
    assert (receipt.state, receipt.status) == ("applied", 200)
    assert receipt.reference
    held = workday.held("CC4600")
    assert held is not None
    assert (held.code, held.name, held.active, str(held.available_on)) == ("4600", "Robotics & Co", True, DAY)


def test_up_05_a_change_sends_everything_else_back_as_workday_shows_it(workday: Workday) -> None:
    before = workday.held("CC4400")
    workday.client.write(change(Organization_Name="Powder Coating"))
    (sent,) = workday.puts
    organization = sent.find(f"{WD}Cost_Center_Data/{WD}Organization_Data")
    assert [etree.QName(each).localname for each in organization] == [
        "ID", "Organization_Name", "Organization_Code", "Include_Organization_Code_in_Name", "Organization_Active",
        "Availability_Date",
    ]  # fmt: skip
    assert sent.get(f"{WD}Add_Only") == "false"
    assert sent.find(f"{WD}Cost_Center_Data").get(f"{WD}Effective_Date") == DAY
    after = workday.held("CC4400")
    assert before is not None
    assert after is not None
    assert (before.name, after.name) == ("Paint", "Powder Coating")
    assert (after.code, after.active, after.available_on, after.wid) == (
        before.code,
        before.active,
        before.available_on,
        before.wid,
    )


def test_up_07_a_cost_center_is_inactivated_and_never_removed(workday: Workday) -> None:
    workday.client.write(change(Organization_Active=False))
    held = workday.held("CC4400")
    assert held is not None
    assert held.active is False
    workday.client.write(change(Organization_Active=True))
    held = workday.held("CC4400")
    assert held is not None
    assert held.active is True


def test_ct_07_nothing_is_written_unless_it_is_switched_on() -> None:
    workday = Workday(writes=False)
    with pytest.raises(ConfigurationError, match="writing to Workday is off"):
        workday.client.write(addition())
    assert workday.wire.requests == []


def test_what_is_there_already_is_refused_for_good(workday: Workday) -> None:
    workday.client.write(addition())
    with pytest.raises(RecordError, match="Organization already exists") as refused:
        workday.client.write(addition())
    assert refused.value.code == "validation"
    assert len(workday.puts) == 2


def test_nothing_but_cost_centers_is_written(workday: Workday) -> None:
    write = Write(record_type=RecordType.WORKER, plant="", key="1", action="update", body={})
    for act in (workday.client.write, workday.client.find):
        with pytest.raises(RecordError, match="worker is not written to"):
            act(write)
    assert workday.wire.requests == []


def test_a_change_of_what_is_not_there_is_refused_before_anything_is_sent(workday: Workday) -> None:
    with pytest.raises(RecordError, match="no cost center CC9999"):
        workday.client.write(change("CC9999", Organization_Name="x"))
    assert workday.puts == []
    assert workday.client.find(addition("CC9999")) == []


def test_ct_07_a_missing_right_to_put_names_task_and_domain(workday: Workday) -> None:
    workday.sandbox.tenant.revoke_domain("put:Manage: Cost Center")
    with pytest.raises(PermissionError_) as refused:
        workday.client.write(addition())
    assert "Put_Cost_Center" in refused.value.message
    assert "Put access on its domain (“Manage: Cost Center”)" in (refused.value.remedy or "")


def test_wrong_credentials_are_told_and_not_tried_again(workday: Workday) -> None:
    workday.revealed = {**workday.revealed, "password": "wrong"}
    with pytest.raises(AuthenticationError):
        workday.client.write(addition())
    assert len(workday.puts) == 1


def answer_with(response: Response, *, acted: bool = True) -> Callable[[Request, Answer], Response]:
    def act(request: Request, answer: Answer) -> Response:
        if acted:
            answer(request)
        return response

    return act


def soap(inner: str) -> bytes:
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:wd="urn:com.workday/bsvc">'
        f"<e:Body>{inner}</e:Body></e:Envelope>"
    ).encode()


def put_response(key: str, more: str = "") -> bytes:
    reference = (
        f'<wd:Cost_Center_Reference><wd:ID wd:type="Cost_Center_Reference_ID">{key}</wd:ID></wd:Cost_Center_Reference>'
    )
    return soap(f"<wd:Put_Cost_Center_Response>{reference}{more}</wd:Put_Cost_Center_Response>")


def exception(kind: str) -> str:
    return (
        "<wd:Exceptions_Response_Data><wd:Exceptions_Data><wd:Exception_Data>"
        f"<wd:Classification>{kind}</wd:Classification><wd:Message>Look at it</wd:Message>"
        "</wd:Exception_Data></wd:Exceptions_Data></wd:Exceptions_Response_Data>"
    )


SERVER_FAULT = soap(
    "<e:Fault><faultcode>e:Server.processingError</faultcode><faultstring>Broken</faultstring></e:Fault>"
)
CLIENT_FAULT = soap("<e:Fault><faultcode>e:Client.validationError</faultcode><faultstring>No</faultstring></e:Fault>")
OLD_VERSION = CLIENT_FAULT.replace(b">No<", b">The web service or version is invalid for the requested operation<")


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (Response(500, SERVER_FAULT, XML), AmbiguousWriteError),
        (Response(500, b"oops", XML), AmbiguousWriteError),
        (Response(503, b"", {}), AmbiguousWriteError),
        (Response(200, put_response("CC4600")[:-20], XML), AmbiguousWriteError),
        (Response(200, put_response("CC4100"), XML), AmbiguousWriteError),
        (Response(200, soap("<wd:Get_Workers_Response/>"), XML), AmbiguousWriteError),
        (Response(200, b"<html/>", {"Content-Type": "text/html"}), AmbiguousWriteError),
        (Response(200, b"", {}), AmbiguousWriteError),
        (Response(200, put_response("CC4600"), {"Content-Type": "text/html"}), AmbiguousWriteError),
        (Response(500, put_response("CC4600"), XML), AmbiguousWriteError),
        (Response(200, CLIENT_FAULT, XML), RecordError),
        (Response(500, CLIENT_FAULT, XML), RecordError),
        (Response(500, OLD_VERSION, XML), ConfigurationError),
        (Response(200, put_response("CC4600", exception("ERROR")), XML), RecordError),
        (Response(403, b"", {}), PermissionError_),
        (Response(404, b"", {}), ConfigurationError),
        (Response(301, b"", {}), ConfigurationError),
    ],
)
def test_a1_t1_each_answer_is_sorted_by_what_it_proves_and_sent_once(
    workday: Workday, response: Response, error: type[MLConnectorError]
) -> None:
    workday.spoil_puts(answer_with(response))
    with pytest.raises(error) as caught:
        workday.client.write(addition())
    assert type(caught.value) is error
    assert len(workday.puts) == 1


def test_a_warning_does_not_undo_what_was_done(workday: Workday) -> None:
    workday.spoil_puts(answer_with(Response(200, put_response("CC4600", exception("WARNING")), XML)))
    assert workday.client.write(addition()).note == "Look at it"


def test_a_refusal_for_pace_is_sent_again_after_the_time_asked_for(workday: Workday) -> None:
    refusals = [Response(429, b"", {"Retry-After": "7"})]
    workday.spoil_puts(lambda request, answer: refusals.pop() if refusals else answer(request))
    assert workday.client.write(addition()).state == "applied"
    assert len(workday.puts) == 2
    assert max(workday.waited) == 7
    workday.spoil_puts(lambda request, answer: Response(429, b"", {}))
    with pytest.raises(RateLimitError):
        workday.client.write(addition("CC4601"))


def test_a_fault_of_pace_is_looked_up_and_lets_nobody_go_on_at_that_pace(workday: Workday) -> None:
    """On SOAP Workday throttles with a fault, whose words prove nothing of the deed."""
    said = SERVER_FAULT.replace(b">Broken<", b">Processing error occurred. Too many requests<")
    workday.spoil_puts(answer_with(Response(500, said, XML), acted=False))
    with pytest.raises(AmbiguousWriteError):
        workday.client.write(addition())
    before = len(workday.waited)
    assert workday.held("CC4600") is None
    assert max(workday.waited[before:]) >= 10, "the next question waits"


@pytest.mark.parametrize(
    ("body", "asked", "waits"),
    [
        (SERVER_FAULT.replace(b">Broken<", b">Too many requests<"), "42", 42),
        (SERVER_FAULT.replace(b">Broken<", b">Too many requests<"), "1000000000", 10),  # the look-up is told it, too
        (b"Request throttled", None, 10),
        (b"oops", "42", None),
    ],
)
def test_a2_2_a_throttled_write_makes_everybody_wait_for_as_long_as_is_asked_for(
    workday: Workday, body: bytes, asked: str | None, waits: int | None
) -> None:
    headers = XML if asked is None else XML | {"Retry-After": asked}
    workday.spoil_puts(answer_with(Response(500, body, headers), acted=False))
    with pytest.raises(AmbiguousWriteError):
        workday.client.write(addition())
    assert workday.held("CC4600") is None
    assert max(workday.waited, default=None) == waits


def test_what_never_left_is_sent_again_and_what_may_have_left_is_not(workday: Workday) -> None:
    def raising(error: MLConnectorError, times: int) -> Callable[[Request, Answer], Response]:
        left = [error] * times

        def act(request: Request, answer: Answer) -> Response:
            if left:
                raise left.pop()
            return answer(request)

        return act

    workday.spoil_puts(raising(NotSentError("no line"), 2))
    assert workday.client.write(addition()).state == "applied"
    workday.spoil_puts(raising(AmbiguousWriteError("reset"), 1))
    with pytest.raises(AmbiguousWriteError):
        workday.client.write(addition("CC4601"))
    assert workday.held("CC4601") is None


def test_a1_t5_who_may_not_send_any_more_sends_nothing(workday: Workday) -> None:
    def refuse() -> None:
        raise RateLimitError("another run took over")

    with pytest.raises(RateLimitError):
        workday.client.write(addition(), allowed=refuse)
    assert workday.puts == []
