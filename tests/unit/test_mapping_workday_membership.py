"""Cutting memberships out of a worker changes nothing that parsing the record whole would tell."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ml_connector.canonical.keys import RecordType
from ml_connector.errors import RecordError
from ml_connector.mapping import workday
from ml_connector.mapping.workday_membership import Membership, ShortRecord, shorten
from ml_connector.safe_xml import parse_xml
from tests.workday_samples import BSVC, FULL_WORKER, MEMBERSHIPS, employment, job, membership, native, worker

OWN = "<wd:Worker_Organization_Data>"
END = "</wd:Worker_Organization_Data>"
OWN_OF_JOB = membership("Position_Organization_Data", "COST_CENTER", Cost_Center_Reference_ID="CC4200")
TWO_JOBS = worker(employment(job(organizations=OWN_OF_JOB), job("P-2", primary="0"))).replace(
    " xmlns", f' xmlns:x="{BSVC}" xmlns'
)
CENTER = membership("Worker_Organization_Data", "COST_CENTER", Cost_Center_Reference_ID="CC9999")
TOKENS = re.findall(r"<[^>]*>|[^<]+", FULL_WORKER)
HOSTILE = (
    CENTER, OWN, END, f"<!--{OWN}-->", f"<![CDATA[{CENTER}]]>", f"<?x {END}?>", "<wd:Worker_Organization_Data/>",
    "<wd:Worker_Organization_Data >", "</wd:Worker_Organization_Data >", '<wd:Organization_Data xmlns:wd="urn:other">',
    "<wd:Organization_Data>", "</wd:Organization_Data>", "<wd:Worker_Job_Data>", "</wd:Worker_Job_Data>", "<x>", "</x>",
    "<wd:Date_of_Pay_Group_Assignment>2026-01-05</wd:Date_of_Pay_Group_Assignment>", "<wd:Date_of_Pay_Group_Assignment>",
    "&amp;", "&unknown;", "<", ">", " ", "\0", "\0\0", " \0 ", '<wd:Worker_Organization_Data wd:a=">">', "<!DOCTYPE x>",
)  # fmt: skip


def outcome(payload: str) -> Any:
    try:
        return workday.to_canonical(native(RecordType.WORKER, payload))
    except RecordError as error:
        return error.code


def read_whole(payload: str) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workday, "shorten", lambda _native: None)
        return outcome(payload)


def outcome_of_short(payload: str) -> Any:
    """What becomes of the record as it is sent to a child process: by itself, with nothing of the long one at hand."""
    try:
        return workday.to_canonical(workday.shorten_native(native(RecordType.WORKER, payload)))
    except RecordError as error:
        return error.code


def test_memberships_of_a_worker_are_cut_and_the_rest_is_left() -> None:
    cut = shorten(native(RecordType.WORKER, FULL_WORKER))
    assert cut is not None
    assert cut.own[0] == Membership("company", "C10")
    assert b"Organization_Name" not in cut.rest
    assert cut.rest.count(b"<wd:Worker_Organization_Data/>") == 1
    assert len(cut.own) == len(MEMBERSHIPS) - 1  # nobody reads a region


def test_memberships_on_lines_of_their_own_are_cut_too() -> None:
    laid_out = FULL_WORKER.replace(END + OWN, END + "\n  " + OWN)
    assert laid_out != FULL_WORKER
    cut = shorten(native(RecordType.WORKER, laid_out))
    assert cut is not None
    assert len(cut.own) == len(MEMBERSHIPS) - 1  # nobody reads a region
    assert outcome(laid_out) == read_whole(laid_out) == outcome(FULL_WORKER)


def test_a_short_record_stands_alone_and_holds_only_memberships_that_are_read() -> None:
    unread = membership("Worker_Organization_Data", "CUSTOM", Organization_Reference_ID="X") * 3
    full = FULL_WORKER.replace(OWN, unread + OWN, 1)
    short = shorten(native(RecordType.WORKER, full))
    assert isinstance(short, ShortRecord)
    assert b"CUSTOM" not in short.payload
    assert outcome(short.payload.decode()) == outcome_of_short(full) == outcome(FULL_WORKER)


def test_of_memberships_nobody_reads_an_empty_element_is_left() -> None:
    unread = membership("Worker_Organization_Data", "CUSTOM", Organization_Reference_ID="X")
    payload = worker(f"<wd:Organization_Data>{unread}</wd:Organization_Data>")
    short = shorten(native(RecordType.WORKER, payload))
    assert short is not None
    assert b"<wd:Worker_Organization_Data/>" in short.payload
    assert outcome_of_short(payload) == outcome(payload) == read_whole(payload)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was parsed as a membership, with nothing remembered before."""
    from ml_connector.mapping import workday_membership

    workday_membership._memory_of.cache_clear()
    workday_membership._parse_undated.cache_clear()
    seen: list[bytes] = []

    def parse(data: bytes) -> Any:
        seen.append(data)
        return parse_xml(data)

    monkeypatch.setattr(workday_membership, "parse_xml", parse)
    return seen


def test_each_distinct_membership_is_parsed_once(parsed: list[bytes]) -> None:
    for _ in range(3):
        outcome(FULL_WORKER)
    assert len(parsed) == len(MEMBERSHIPS)


def test_memberships_that_differ_in_a_date_nobody_reads_are_parsed_once(parsed: list[bytes]) -> None:
    group = membership("Worker_Organization_Data", "PAY_GROUP", Organization_Reference_ID="US-BIW")
    for day in ("2026-01-05", "2026-01-12"):
        since = f"<wd:Date_of_Pay_Group_Assignment>{day}</wd:Date_of_Pay_Group_Assignment></wd:Organization_Data>"
        payload = worker(
            f"<wd:Organization_Data>{group.replace('</wd:Organization_Data>', since)}</wd:Organization_Data>"
        )
        assert outcome(payload) == read_whole(payload)
        assert outcome(payload).organizations.pay_group == "US-BIW"
    assert len(parsed) == 1


def test_a_membership_that_begins_as_one_before_and_ends_otherwise_is_read_anew(parsed: list[bytes]) -> None:
    wid = f'<wd:Organization_Reference><wd:ID wd:type="WID">{"a" * 32}</wd:ID>'
    for name in ("X", "Y", "X", "longer"):
        element = membership("Worker_Organization_Data", "PAY_GROUP", Organization_Reference_ID=name)
        element = element.replace("<wd:Organization_Reference>", wid, 1)
        payload = worker(f"<wd:Organization_Data>{element}</wd:Organization_Data>")
        assert outcome(payload) == read_whole(payload)
        assert outcome(payload).organizations.pay_group == name
    assert len({data[:100] for data in parsed}) == 1


def test_no_more_memberships_are_remembered_than_some(monkeypatch: pytest.MonkeyPatch) -> None:
    from ml_connector.mapping import workday_membership

    monkeypatch.setattr(workday_membership, "_REMEMBERED", 3)
    workday_membership._memory_of.cache_clear()
    head = FULL_WORKER[: FULL_WORKER.index(">") + 1].encode()
    for number in range(20):
        center = membership("Worker_Organization_Data", "COST_CENTER", Cost_Center_Reference_ID=f"CC{number}")
        assert outcome(worker(f"<wd:Organization_Data>{center}</wd:Organization_Data>")).organizations.cost_center
        assert len(workday_membership._memory_of(head, b"wd:Worker_Organization_Data")) <= 3


@pytest.mark.parametrize(
    "payload",
    [
        worker(f"<wd:Organization_Data>{CENTER}</wd:Organization_Data>").replace(OWN, OWN + "<!-- one -->"),
        worker(f"<wd:Organization_Data>{CENTER.replace(OWN, OWN + CENTER)}</wd:Organization_Data>"),
        worker(f'<b:Organization_Data xmlns:b="{BSVC}" xmlns:wd="urn:other">{CENTER}</b:Organization_Data>'),
        worker(f"<wd:Organization_Data><!--{CENTER}--><wd:Worker_Organization_Data/></wd:Organization_Data>"),
        worker(f"<wd:Organization_Data><?x {CENTER}?><wd:Worker_Organization_Data/></wd:Organization_Data>"),
        worker(f"<wd:Elsewhere>{CENTER}</wd:Elsewhere>", f"<wd:Organization_Data>{MEMBERSHIPS[0]}</wd:Organization_Data>"),
        worker(f"<wd:Organization_Data>{OWN}</wd:Other>{END}</wd:Organization_Data>"),
        worker(f"<wd:Organization_Data>{CENTER}<wd:Other/>{MEMBERSHIPS[0]}</wd:Organization_Data>"),
        worker(f"<wd:Elsewhere>{CENTER}</wd:Elsewhere>", "<wd:Organization_Data><wd:Other/></wd:Organization_Data>"),
        *(
            worker(f"<wd:Organization_Data>{MEMBERSHIPS[0]}{between}{CENTER}</wd:Organization_Data>")
            for between in ("\0", "\0\0", " \0 ", "x")
        ),
        TWO_JOBS.replace("wd:Worker_Job_Data", "x:Worker_Job_Data"),
        TWO_JOBS[::-1].replace("wd:Worker_Job_Data"[::-1], "x:Worker_Job_Data"[::-1], 2)[::-1],
    ],
    ids=[
        "comment", "nested", "other namespace", "hidden in a comment", "hidden in an instruction", "elsewhere", "unbalanced",
        "parted", "elsewhere beside another", "NUL between", "NULs between", "NUL and space between", "text between",
        "jobs under another prefix", "one job under another prefix",
    ],
)  # fmt: skip
def test_where_cutting_and_parsing_could_differ_the_parser_decides(payload: str) -> None:
    assert outcome(payload) == outcome_of_short(payload) == read_whole(payload)


def test_beside_another_job_a_jobs_own_memberships_are_read() -> None:
    jobs = worker(employment(job(organizations=OWN_OF_JOB), job("P-2", primary="0")))
    for payload in (jobs, TWO_JOBS, TWO_JOBS.replace("wd:Worker_Job_Data", "x:Worker_Job_Data")):
        assert outcome(payload).jobs[0].organizations.cost_center == "CC4200"


def test_of_one_job_alone_its_own_memberships_are_left_out_and_of_none_they_stay() -> None:
    alone = shorten(native(RecordType.WORKER, worker(employment(job(organizations=OWN_OF_JOB)))))
    assert alone is not None
    assert b"CC4200" not in alone.payload
    none = shorten(native(RecordType.WORKER, worker(OWN_OF_JOB)))
    assert none is not None
    assert b"CC4200" in none.payload


def test_what_is_far_longer_than_any_membership_is_read_and_not_remembered(parsed: list[bytes]) -> None:
    from ml_connector.mapping import workday_membership

    element = CENTER.replace(
        "</wd:Worker_Organization_Data>", f"<wd:Note>{'x' * 5000}</wd:Note></wd:Worker_Organization_Data>"
    )
    payload = worker(f"<wd:Organization_Data>{element}</wd:Organization_Data>")
    for _ in range(2):
        assert outcome(payload).organizations.cost_center == "CC9999"
    assert len(parsed) == 2
    assert (
        workday_membership._memory_of(payload[: payload.index(">") + 1].encode(), b"wd:Worker_Organization_Data") == {}
    )


@given(st.data())
@example(None)
def test_no_edit_makes_the_two_ways_differ(data: Any) -> None:
    tokens = list(TOKENS)
    for _ in range(data.draw(st.integers(1, 3)) if data else 0):
        at = data.draw(st.integers(0, len(tokens) - 1))
        if data.draw(st.booleans()):
            tokens.insert(at, data.draw(st.sampled_from(HOSTILE)))
        else:
            tokens[at] = data.draw(st.sampled_from(("", *HOSTILE)))
    payload = "".join(tokens)
    assert outcome(payload) == outcome_of_short(payload) == read_whole(payload)
