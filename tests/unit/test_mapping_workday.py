"""Workday's XML to canonical records: explicit paths, three states, no guess."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec import UNSET

from ml_connector.canonical.keys import RecordType, fingerprint
from ml_connector.canonical.organization import CostCenter, JobProfile, Location, Organization, Position
from ml_connector.canonical.workforce import Compensation, Job, Name, Organizations, Worker
from ml_connector.errors import RecordError
from ml_connector.mapping.workday import describe_native, name_native, to_canonical
from ml_connector.secret import Pay
from tests import workday_samples as sample
from tests.workday_samples import (
    EMPLOYEE,
    FULL_WORKER,
    MEMBERSHIPS,
    PERSONAL,
    STATUS,
    WID,
    email,
    employment,
    job,
    membership,
    native,
    plan,
    ref,
    worker,
)


def read_worker(xml: str, **options: bool) -> Worker:
    record = to_canonical(native(RecordType.WORKER, xml), **options)
    assert isinstance(record, Worker)
    return record


def read(record_type: RecordType, xml: str) -> Any:
    return to_canonical(native(record_type, xml))


def test_a_worker_with_every_section() -> None:
    assert read_worker(FULL_WORKER) == Worker(
        key=WID,
        employee_id="21001",
        worker_type="employee",
        name=Name(given="Ada", family="Nguyễn", preferred="Ada Nguyễn"),
        email="ada@acme.example",
        active=True,
        on_leave=False,
        hired_on=date(2024, 3, 4),
        original_hire_on=date(2019, 1, 7),
        terminated_on=None,
        pay_through_on=None,
        hire_rescinded=False,
        manager_id="20007",
        manager_type="employee",
        jobs=(
            Job(
                position_id="P-1044",
                primary=True,
                title="Press operator",
                job_profile_id="JP-OPER",
                location_id="DET",
                time_type="Full_time",
                shift_id="DAY",
                fte="1",
                weekly_hours="40",
                effective_on=date(2026, 11, 1),
                excluded_from_headcount=False,
                assignment=False,
            ),
        ),
        organizations=Organizations(company="C10", cost_center="CC4100", supervisory="SUP-77", pay_group="US-BIW"),
        compensation=Compensation(
            amount=Pay("21.50"), currency="USD", frequency="Hourly", effective_on=date(2026, 1, 1)
        ),
    )


def test_up_02_sections_left_out_are_unset_as_a_whole() -> None:
    bare = read_worker(worker())
    assert bare == Worker(key=WID, employee_id="21001", worker_type="employee")
    assert read_worker(worker(employment(job()))).name is UNSET
    assert read_worker(worker(PERSONAL, employment())).jobs == ()


def test_up_01_absent_empty_and_given_are_three_things() -> None:
    legal = read_worker(worker(PERSONAL), use_preferred_name=False).name
    preferred = read_worker(worker(PERSONAL)).name
    assert isinstance(legal, Name)
    assert isinstance(preferred, Name)
    assert (legal.given, legal.middle, preferred.middle) == ("Adelaide", None, UNSET)


def test_up_01_a_blank_flag_is_no_answer() -> None:
    blank = STATUS.replace("<wd:Active>1</wd:Active>", "<wd:Active/>")
    assert read_worker(worker(employment(status=blank))).active is UNSET


def test_wp_01_a_contingent_worker_is_known_by_the_type_of_its_id() -> None:
    reference = ref("Worker_Reference", WID=WID, Contingent_Worker_ID="21001")
    record = read_worker(worker(reference=reference))
    assert (record.worker_type, record.employee_id) == ("contingent", "21001")


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        (worker(reference=ref("Worker_Reference", WID=WID)), "no_id"),
        (worker(reference=ref("Worker_Reference", WID=WID, Employee_ID="1", Contingent_Worker_ID="2")), "no_id"),
        (worker(reference=ref("Worker_Reference", Employee_ID="1")), "no_id"),
        (worker("<wd:Worker_ID>21001-2</wd:Worker_ID>"), "said_twice"),
        (worker(PERSONAL, PERSONAL), "said_twice"),
        (worker(employment(job()), employment()), "said_twice"),
        (worker().replace("<wd:Worker_Data>", EMPLOYEE + "<wd:Worker_Data>"), "said_twice"),
        (
            worker(
                reference=EMPLOYEE.replace("</wd:Worker_Ref", '<wd:ID wd:type="Employee_ID">9</wd:ID></wd:Worker_Ref')
            ),
            "said_twice",
        ),
        (worker(reference=""), "no_id"),
        (worker(employment(job(), job("P-2"))), "primary_job"),
        (worker(employment(job(primary="0"))), "primary_job"),
        (worker(employment(job()).replace("2026-11-01", "2026-02-30")), "bad_date"),
        (worker(employment(job()).replace("2024-03-04", "04.03.2024")), "bad_date"),
        (worker(employment(job()).replace("40.00", "4e1")), "bad_decimal"),
        (worker(employment(job()).replace("<wd:Active>1", "<wd:Active>maybe")), "bad_boolean"),
        (worker("<wd:Employment_Data><wd:Position_Data/></wd:Employment_Data>"), "legacy_layout"),
        ("<wd:Worker xmlns:wd='urn:com.workday/bsvc'><wd:Worker_Reference>", "malformed"),
        (FULL_WORKER.replace(sample.BSVC, "urn:other"), "malformed"),
        ("<!DOCTYPE x>" + FULL_WORKER, "malformed"),
        (sample.LOCATION, "malformed"),
    ],
)
def test_what_cannot_be_understood_is_refused_by_code(xml: str, code: str) -> None:
    with pytest.raises(RecordError) as caught:
        read_worker(xml)
    assert caught.value.code == code
    assert caught.value.remedy


@pytest.mark.parametrize("amount", ["1e3", "1,000.00", "NaN", "21.50 USD", "٢١"])
def test_co_08_a_strange_amount_is_refused_and_not_shown(amount: str) -> None:
    with pytest.raises(RecordError, match=r"^worker 21001: its Amount is no plain decimal$") as caught:
        read_worker(worker(f"<wd:Compensation_Data>{plan(amount)}</wd:Compensation_Data>"))
    assert amount not in str(caught.value)


@pytest.mark.parametrize(
    ("currency", "amount", "kept"),
    [("USD", "21.5", "21.50"), ("USD", "21.502500", "21.5025"), ("JPY", "2000.00", "2000"), ("KWD", "7.5", "7.500")],
)
def test_up_04_an_amount_has_one_spelling(currency: str, amount: str, kept: str) -> None:
    spelt = [
        read_worker(worker(f"<wd:Compensation_Data>{plan(text, currency)}</wd:Compensation_Data>"))
        for text in (amount, kept)
    ]
    assert fingerprint(spelt[0]) == fingerprint(spelt[1])


def test_pay_without_a_base_plan_is_none_and_several_are_refused() -> None:
    assert read_worker(worker("<wd:Compensation_Data/>")).compensation is None
    two = f"<wd:Compensation_Data>{plan('1')}{plan('2')}</wd:Compensation_Data>"
    with pytest.raises(RecordError, match="several base pay plans"):
        read_worker(worker(two))


@pytest.mark.parametrize("text", ["2026-12-01", "2026-12-01-08:00", "2026-12-01+13:00", "2026-12-01Z"])
def test_tz_01_a_date_is_never_moved(text: str) -> None:
    status = STATUS.replace("2024-03-04", text)
    assert read_worker(worker(employment(status=status))).hired_on == date(2026, 12, 1)


def test_jobs_come_primary_first_with_their_own_organizations() -> None:
    own = membership("Position_Organization_Data", "COST_CENTER", Cost_Center_Reference_ID="CC4200")
    record = read_worker(worker(employment(job("P-2", primary="false", organizations=own), job(primary="true"))))
    assert isinstance(record.jobs, tuple)
    assert [found.position_id for found in record.jobs] == ["P-1044", "P-2"]
    assert record.jobs[1].organizations == Organizations(cost_center="CC4200")
    assert record.primary_job is record.jobs[0]


def test_part_time_is_a_share_of_one() -> None:
    record = read_worker(worker(employment(job().replace(">100<", ">62.50<"))))
    assert record.primary_job is not None
    assert record.primary_job.fte == "0.625"


def test_wp_14_no_manager_on_a_position_that_is_shown_is_a_vacancy() -> None:
    vacant = read_worker(worker(employment(job(manager=""))))
    assert (vacant.manager_id, vacant.manager_type) == (None, UNSET)
    assert read_worker(worker(employment())).manager_id is UNSET


def test_the_last_manager_listed_counts() -> None:
    two = sample.MANAGER + sample.MANAGER.replace("Employee_ID", "Contingent_Worker_ID").replace("20007", "C-9")
    record = read_worker(worker(employment(job(manager=two))))
    assert (record.manager_id, record.manager_type) == ("C-9", "contingent")


def test_a_leave_is_seen_among_ended_ones() -> None:
    leaves = "".join(f"<wd:Leave_Status_Data><wd:On_Leave>{n}</wd:On_Leave></wd:Leave_Status_Data>" for n in (0, 1))
    status = STATUS.replace("</wd:Worker_Status_Data>", leaves + "</wd:Worker_Status_Data>")
    assert read_worker(worker(employment(status=status))).on_leave is True


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        ("<wd:Terminated>1</wd:Terminated><wd:Termination_Date>2026-11-20</wd:Termination_Date>", date(2026, 11, 20)),
        ("<wd:Terminated>0</wd:Terminated><wd:Termination_Date>2026-12-31</wd:Termination_Date>", date(2026, 12, 31)),
        ("<wd:Terminated>0</wd:Terminated><wd:Termination_Date>2022-05-01</wd:Termination_Date>", None),
        ("<wd:Terminated>0</wd:Terminated>", None),
        ("<wd:Terminated>1</wd:Terminated>", UNSET),
        ("", UNSET),
    ],
    ids=["ended", "will end", "ended before the rehire", "not ended", "ended, no date", "not told"],
)
def test_an_ending_is_this_employments(ending: str, expected: object) -> None:
    status = STATUS.replace("<wd:Terminated>0</wd:Terminated>", ending)
    if ending == "<wd:Terminated>1</wd:Terminated>":
        status = status.replace("<wd:Active>1", "<wd:Active>0")
    assert read_worker(worker(employment(status=status))).terminated_on == expected


@pytest.mark.parametrize(
    ("ending", "both"),
    [
        ("<wd:Terminated>1</wd:Terminated>", "Active is 1, and Terminated is 1 without a Termination_Date"),
        (
            "<wd:Terminated>0</wd:Terminated><wd:Termination_Date>2022-05-01</wd:Termination_Date><wd:Rehire>0</wd:Rehire>",
            "the Hire_Date is 2024-03-04 with Rehire 0, and an employment ended on 2022-05-01 before it",
        ),
    ],
)
def test_bad_input_a_status_that_contradicts_itself_shows_both(ending: str, both: str) -> None:
    status = STATUS.replace("<wd:Terminated>0</wd:Terminated>", ending)
    with pytest.raises(RecordError, match=both) as caught:
        read_worker(worker(employment(status=status)))
    assert caught.value.code == "contradiction"


def test_bad_input_an_estimate_or_an_end_of_leave_in_9999_says_nothing() -> None:
    """WP-12: only the flag counts; no date of a leave is read."""
    days = "".join(f"<wd:{name}>9999-12-31</wd:{name}>" for name in ("Leave_End_Date", "Estimated_Leave_End_Date"))
    leave = f"<wd:Leave_Status_Data><wd:On_Leave>1</wd:On_Leave>{days}</wd:Leave_Status_Data>"
    status = STATUS.replace("</wd:Worker_Status_Data>", leave + "</wd:Worker_Status_Data>")
    assert read_worker(worker(employment(status=status))).on_leave is True


def test_only_a_work_email_counts_and_the_primary_one_first() -> None:
    contact = email("old@acme.example", "WORK", primary="0") + email("new@acme.example", "WORK")
    assert read_worker(worker(PERSONAL.replace(email("ada@acme.example", "WORK"), contact))).email == "new@acme.example"
    assert read_worker(worker(PERSONAL.replace("WORK", "HOME"))).email is UNSET
    assert read_worker(worker(PERSONAL.replace("ada@acme.example", ""))).email is None


def test_wp_04_the_supervisory_organization_is_never_the_cost_center() -> None:
    only = f"<wd:Organization_Data>{MEMBERSHIPS[2]}</wd:Organization_Data>"
    assert read_worker(worker(only)).organizations == Organizations(supervisory="SUP-77")


def test_two_cost_centers_are_settled_by_the_primary_job_or_refused() -> None:
    second = membership("Worker_Organization_Data", "COST_CENTER", Cost_Center_Reference_ID="CC4200")
    own = membership("Position_Organization_Data", "COST_CENTER", Cost_Center_Reference_ID="CC4200")
    two_jobs = employment(job(organizations=own), job("P-2", primary="0"))
    settled = read_worker(worker(two_jobs, _append(second))).organizations
    assert isinstance(settled, Organizations)
    assert settled.cost_center == "CC4200"
    with pytest.raises(RecordError, match="CC4100, CC4200"):
        read_worker(worker(employment(job()), _append(second)))


def _append(member: str) -> str:
    return f"<wd:Organization_Data>{''.join(MEMBERSHIPS)}{member}</wd:Organization_Data>"


def test_the_universal_id_links_profiles_of_one_person() -> None:
    reference = EMPLOYEE + ref("Universal_Identifier_Reference", WID="e" * 32, Universal_Identifier_ID="U-7")
    assert read_worker(worker(reference=reference)).universal_id == "U-7"
    assert read_worker(worker("<wd:Universal_ID>U-8</wd:Universal_ID>")).universal_id == "U-8"


def test_reference_data() -> None:
    assert read(RecordType.COST_CENTER, sample.COST_CENTER) == CostCenter(
        key="CC4300",
        wid=WID,
        code="4300",
        name="Final Assembly",
        active=True,
        available_on=date(2020, 1, 1),
        effective_on=date(2026, 11, 1),
        restricted_to=("C10",),
    )
    assert read(RecordType.JOB_PROFILE, sample.JOB_PROFILE) == JobProfile(
        key="JP-OPER",
        wid=WID,
        code="OPER",
        title="Press operator",
        active=True,
        effective_on=date(2020, 1, 1),
        category="Direct",
    )
    assert read(RecordType.LOCATION, sample.LOCATION) == Location(
        key="DET", wid=WID, name="Detroit Plant", active=False, time_zone="America/Detroit"
    )
    assert read(RecordType.ORGANIZATION, sample.ORGANIZATION) == Organization(
        key="SUP-77",
        wid=WID,
        code=None,
        name="Stamping, Day",
        kind="SUPERVISORY",
        active=True,
        manager_id="C-9",
        superior_id="SUP-1",
    )


def test_a_position_filled_or_open() -> None:
    expected = Position(
        key="P-1044",
        wid=WID,
        title="Press operator",
        job_profile_id="JP-OPER",
        location_id="DET",
        company="C10",
        cost_center="CC4100",
        supervisory="SUP-77",
        time_type="Full_time",
        available_on=date(2026, 1, 1),
        open=True,
    )
    assert read(RecordType.POSITION, sample.position()) == expected
    assert read(RecordType.POSITION, sample.position(freeze="1")).open is False
    holder = f"<wd:Worker_For_Filled_Position>{ref('Worker_Reference', WID='a' * 32, Employee_ID='21001')}"
    filled = read(RecordType.POSITION, sample.position(filled=holder + "</wd:Worker_For_Filled_Position>"))
    assert filled.filled_by == "21001"


def test_a_seat_open_to_several_profiles_tells_no_single_one() -> None:
    assert read(RecordType.POSITION, sample.position(profiles=("JP-OPER", "JP-WELD"))).job_profile_id is UNSET


@pytest.mark.parametrize(
    ("record_type", "xml", "key"),
    [
        (RecordType.WORKER, worker(reference=ref("Worker_Reference", WID=WID)), WID),
        (RecordType.WORKER, f'<a wd:type="WID">{WID}</a', WID),
        (RecordType.WORKER, "nothing", None),
        (RecordType.POSITION, sample.position(), "P-1044"),
        (RecordType.COST_CENTER, sample.COST_CENTER.replace("CC4300", ""), WID),
    ],
)
def test_what_failed_can_still_be_named(record_type: RecordType, xml: str, key: str | None) -> None:
    assert describe_native(native(record_type, xml)) == key


@pytest.mark.parametrize(
    ("record_type", "xml", "name"),
    [
        (RecordType.WORKER, worker(reference=ref("Worker_Reference", WID=WID, Employee_ID="000303")), "000303"),
        (RecordType.WORKER, worker(reference=ref("Worker_Reference", WID=WID, Contingent_Worker_ID="33")), "CW-33"),
        (RecordType.WORKER, worker(reference=ref("Worker_Reference", WID=WID)), WID),
        (RecordType.WORKER, f'<a wd:type="WID">{WID}</a', WID),
        (RecordType.POSITION, sample.position(), "P-1044"),
    ],
)
def test_what_failed_is_told_by_the_number_people_know(record_type: RecordType, xml: str, name: str) -> None:
    assert name_native(native(record_type, xml)) == name


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(RecordError, match="employee"):
        read(RecordType.EMPLOYEE, "<a/>")
