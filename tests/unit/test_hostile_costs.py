"""
What hostile answers cost: little memory, and time in step with their size (trust A5, F11).

None of these is timed: with what they guard against taken away, each runs for minutes or takes gigabytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from ml_connector.canonical.keys import NativeRecord, RecordType
from ml_connector.connectors.inflate import OversizedError
from ml_connector.connectors.plex.refusal import parse_problem
from ml_connector.connectors.strict_json import check_values, parse_json
from ml_connector.connectors.workday.faults import read_fault
from ml_connector.connectors.workday.proof import Proof
from ml_connector.connectors.workday.split import split_page
from ml_connector.errors import ConfigurationError
from ml_connector.mapping.workday import describe_native
from ml_connector.safe_xml import parse_xml
from tests.fault_modes import bounded_memory
from tests.unit.test_workday_report import COLUMNS, JSON, WORKERS, connect, row
from tests.unit.test_workday_rest import Rig, Tenant, reply
from tests.workday_wire import BSVC, MemoryResponse

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_NOBODY = f'xmlns:wd="{BSVC}"'
_WID = "0" * 32


@pytest.mark.parametrize("unit", ['{"":' * 60 + "0" + "}" * 60 + ",", '{"":0},', "[],", "0,"])
def test_f11_a_page_of_rest_whose_values_would_fill_the_memory_is_refused(unit: str) -> None:
    body = f'{{"total":1,"data":[{{"workdayID":"{_WID}","x":[' + unit * (8_000_000 // len(unit)) + "0]}]}"
    tenant = Tenant()
    tenant.troubles = [reply(body.encode())]
    with bounded_memory(120), pytest.raises(ConfigurationError, match="more values"):
        Rig(tenant).read()


def test_f11_the_rows_of_a_long_list_are_far_from_the_bound() -> None:
    """20,000 employees of Plex with a hundred fields each."""
    each = b"{" + b",".join(b'"field%d":"value"' % n for n in range(100)) + b"}"
    check_values(b"[" + b",".join([each] * 20_000) + b"]")
    with pytest.raises(OversizedError):
        check_values(b"[" + b"{}," * 3_000_000 + b"{}]")
    assert parse_json(b"[" + each + b"]")


def test_f11_a_report_of_rows_near_the_bound_takes_no_more_than_a_few_of_them() -> None:
    """Each of them holds 300,000 values in what is asked for, and 999 of them are a page."""

    def chunks() -> Iterator[bytes]:
        yield b'{"Report_Entry":['
        for n in range(20):
            yield (
                "," * bool(n) + json.dumps(row(n, Last_Name=None))[:-1] + ',"Last_Name":[' + "[]," * 300_000 + "0]}"
            ).encode()
        yield b"]}"

    connector, _ = connect(MemoryResponse(200, b"".join(chunks()), JSON))
    connector._settings = connector._settings.model_copy(update={"page_size": 999})
    with bounded_memory(120):
        pages = [len(page.records) for page in connector.read(WORKERS)]
    assert sum(pages) == 20
    assert max(pages) < 10
    assert "name.family" not in COLUMNS, "it is asked for"


def test_f11_a_record_of_more_elements_than_any_is_refused_before_it_is_parsed() -> None:
    record = f"<wd:Worker>{'<a/>' * 300_000}</wd:Worker>"
    document = (
        f'<e:Envelope xmlns:e="{_SOAP}"><e:Body><wd:Get_Workers_Response {_NOBODY}><wd:Response_Results>'
        "<wd:Total_Results>1</wd:Total_Results><wd:Total_Pages>1</wd:Total_Pages><wd:Page_Results>1</wd:Page_Results>"
        f"<wd:Page>1</wd:Page></wd:Response_Results><wd:Response_Data>{record}</wd:Response_Data>"
        "</wd:Get_Workers_Response></e:Body></e:Envelope>"
    ).encode()
    with bounded_memory(40), pytest.raises(OversizedError, match="more than any of theirs"):
        split_page([document], answer="Get_Workers_Response", record="Worker")


def test_f11_an_attribute_full_of_marks_is_read_in_one_go() -> None:
    """A pattern that tries each mark against the rest of the tag takes the square of it: half a minute for this one."""
    marks = " type='WID'" * 32_000
    record = (
        f'<wd:Worker {_NOBODY}><wd:Worker_Reference><wd:ID a="{marks}">zz</wd:ID></wd:Worker_Reference></wd:Worker>'
    )
    proof = Proof("Worker_Reference")
    proof.add([record.encode()])
    assert proof.count == 1
    broken = NativeRecord(RecordType.WORKER, record.encode()[:-3] + b"<")
    assert describe_native(broken) is None


def test_f11_a_fault_of_a_hundred_thousand_messages_is_told_in_short() -> None:
    messages = "".join(f"<Message>{n:x}</Message>" for n in range(10**6, 10**6 + 100_000))
    fault = f'<e:Fault xmlns="{BSVC}"><faultcode xmlns="">e:Server</faultcode>{messages}</e:Fault>'
    found = read_fault(parse_xml(f'<e:Envelope xmlns:e="{_SOAP}"><e:Body>{fault}</e:Body></e:Envelope>'.encode()))
    assert found is not None
    assert found.code == "Server"
    assert len(found.words) <= 300


def test_f11_a_refusal_of_plexs_that_never_ends_is_told_in_short() -> None:
    body = {"code": "X", "message": "a" * 1_000_000, "errors": [{"message": "b." * 500_000}] * 3}
    problem = parse_problem(json.dumps(body).encode(), sent={})
    assert problem.code == "X"
    assert all(len(message) <= 200 for message in problem.messages)
    told = parse_problem(json.dumps({"message": "ask ada.nguyen@example.com about it"}).encode(), sent={})
    assert told.messages == ("ask [address] about it",)
