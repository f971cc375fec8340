"""Every request the client can send is valid by Workday's genuine schemas (UP-03, CC-02)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from lxml import etree

from ml_connector.canonical.keys import AsOf, RecordType
from ml_connector.connectors.port import LogWindow
from ml_connector.connectors.workday.cost_center import build_addition, build_change, build_lookup
from ml_connector.connectors.workday.operations import (
    BSVC,
    EVERYTHING,
    LOGS,
    OPERATIONS,
    Selection,
    asking_for_log,
    build_clock_request,
    build_page_request,
)
from tests.conformance.vendor import load_schema, read_flags

_WSDL = {
    "Human_Resources": ("Human_Resources.v33.1.wsdl", "v33.1"),
    "Staffing": ("Staffing.v26.1.wsdl", "v26.1"),
    "Financial_Management": ("Financial_Management.v30.0.wsdl", "v30.0"),
}
_AS_OF = AsOf(date(2026, 11, 23), datetime(2026, 11, 23, 9, 30, 0, 123456, UTC))
_SINCE = datetime(2026, 11, 22, tzinfo=UTC)
_SELECTIONS = {
    "all": EVERYTHING,
    "entered": Selection(window=LogWindow(entered=(_SINCE, _AS_OF.entered_at))),
    "effective": Selection(window=LogWindow(effective=(date(2026, 11, 22), date(2026, 11, 23)))),
    "named": Selection(wids=("0" * 32, "1" * 32)),
}


@pytest.mark.parametrize("record_type", OPERATIONS)
@pytest.mark.parametrize("selection", _SELECTIONS.values(), ids=_SELECTIONS)
@pytest.mark.parametrize("include_pay", [False, True], ids=["without pay", "with pay"])
def test_every_page_request_is_valid(record_type: RecordType, selection: Selection, include_pay: bool) -> None:
    operation = OPERATIONS[record_type]
    wsdl, version = _WSDL[operation.service]
    request = build_page_request(
        operation,
        version=version,
        as_of=_AS_OF,
        page=2,
        count=999,
        include_pay=include_pay,
        selection=selection,
    )
    load_schema(wsdl).assertValid(etree.fromstring(request))


@pytest.mark.parametrize(
    "record_type", [kind for kind, operation in OPERATIONS.items() if operation.change_filter in LOGS]
)
def test_every_question_to_a_log_is_valid(record_type: RecordType) -> None:
    operation = asking_for_log(OPERATIONS[record_type])
    wsdl, version = _WSDL[operation.service]
    request = build_page_request(
        operation, version=version, as_of=_AS_OF, page=1, count=999, selection=_SELECTIONS["effective"]
    )
    load_schema(wsdl).assertValid(etree.fromstring(request))


# What comes when nothing is asked for, by the documentation of Worker_Response_Group.
_BY_DEFAULT = {"Reference", "Personal_Information", "Employment_Information", "Compensation", "Organizations", "Roles"}


@pytest.mark.parametrize("record_type", OPERATIONS)
def test_up_03_no_flag_is_kept_back_that_would_leave_something_out(record_type: RecordType) -> None:
    """A flag that is not sent is off: it may only be one that would add something that nobody asks for."""
    operation = OPERATIONS[record_type]
    sent = dict(operation.flags)
    kept_back = set(read_flags(_WSDL[operation.service][0], f"{operation.name}_RequestType")) - set(sent)
    assert [name for name in kept_back if name.startswith("Exclude_")] == []
    assert any(sent.values())
    if record_type is RecordType.WORKER:
        assert kept_back.isdisjoint(f"Include_{name}" for name in _BY_DEFAULT)


def test_the_clock_request_is_valid() -> None:
    load_schema("Human_Resources.v33.1.wsdl").assertValid(etree.fromstring(build_clock_request(version="v33.1")))


@pytest.mark.parametrize("record_type", OPERATIONS)
def test_every_answer_and_record_element_exists(record_type: RecordType) -> None:
    """A misspelt element would read as "nothing there" for ever: an answer with one bare record must be thinkable."""
    operation = OPERATIONS[record_type]
    wsdl, version = _WSDL[operation.service]
    answer = (
        f'<wd:{operation.answer} xmlns:wd="{BSVC}" wd:version="{version}"><wd:Response_Data><wd:{operation.record}>'
        f'<wd:{operation.reference}><wd:ID wd:type="WID">1</wd:ID></wd:{operation.reference}>'
        f"</wd:{operation.record}></wd:Response_Data></wd:{operation.answer}>"
    )
    load_schema(wsdl).assertValid(etree.fromstring(answer))


_FM, _V30 = _WSDL["Financial_Management"]
_HELD = f"""
<wd:Cost_Center xmlns:wd="{BSVC}"><wd:Cost_Center_Data wd:Effective_Date="2005-01-03">
<wd:Restricted_To_Company_or_Company_Hierarchy_Reference><wd:ID wd:type="Company_Reference_ID">C10</wd:ID>
</wd:Restricted_To_Company_or_Company_Hierarchy_Reference>
<wd:Organization_Data><wd:ID>CC4400</wd:ID>MORE<wd:Availability_Date>2005-01-03</wd:Availability_Date>
<wd:Integration_ID_Data><wd:ID wd:System_ID="PLEX">4400</wd:ID></wd:Integration_ID_Data></wd:Organization_Data>
<wd:Organization_Subtype_Reference><wd:ID wd:type="Organization_Subtype_ID">Cost_Center</wd:ID>
</wd:Organization_Subtype_Reference>
<wd:Related_Worktags_Data wd:Replace_All="false"/></wd:Cost_Center_Data></wd:Cost_Center>
"""
_FIELDS = {"Organization_Name": "A & B <C>", "Organization_Code": "4400", "Organization_Active": False}


def test_the_request_that_adds_a_cost_center_is_valid() -> None:
    request = etree.fromstring(
        build_addition("CC4400", _FIELDS, effective_on="2026-11-23", version=_V30, subtype="Cost_Center")
    )
    load_schema(_FM).assertValid(request)
    assert request.get(f"{{{BSVC}}}Add_Only") == "true"


@pytest.mark.parametrize("name", _FIELDS)
@pytest.mark.parametrize(
    "more", ["", "<wd:Organization_Name>Paint</wd:Organization_Name><wd:Organization_Active>1</wd:Organization_Active>"]
)
def test_up_05_the_request_that_changes_a_cost_center_is_valid_and_keeps_the_rest(name: str, more: str) -> None:
    held = _HELD.replace("MORE", more).encode()
    body = {name: _FIELDS[name]}
    request = etree.fromstring(build_change("CC4400", body, effective_on="2026-11-23", held=held, version=_V30))
    load_schema(_FM).assertValid(request)
    assert len(list(request.iter(f"{{{BSVC}}}{name}"))) == 1
    for kept in (
        "Integration_ID_Data",
        "Related_Worktags_Data",
        "Restricted_To_Company_or_Company_Hierarchy_Reference",
    ):
        assert request.find(f".//{{{BSVC}}}{kept}") is not None


def test_the_request_that_looks_a_cost_center_up_is_valid() -> None:
    request = build_lookup("CC<4400>", effective_on="2026-11-23", version=_V30)
    load_schema(_FM).assertValid(etree.fromstring(request))
