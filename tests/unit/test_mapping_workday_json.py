"""JSON facts to canonical words: the same spellings as SOAP's, and nothing made up."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from ml_connector.canonical.keys import NativeRecord, Record, RecordType
from ml_connector.canonical.organization import CostCenter, Position
from ml_connector.canonical.workforce import Worker
from ml_connector.errors import RecordError
from ml_connector.mapping.workday import describe_native, name_native, to_canonical
from ml_connector.mapping.workday_staffing import read_staffed

WID = "0" * 31 + "1"
LEAST = {"key": WID, "employee_id": "007", "active": True, "contingent": False}


def native(kind: RecordType = RecordType.WORKER, **document: Any) -> NativeRecord:
    return NativeRecord(kind, msgspec.json.encode({"surface": "rest", **document}))


def worker(*, staffing: dict[str, Any] | None = None, **fields: Any) -> Worker:
    named = {name.replace("__", "."): value for name, value in fields.items()}
    record = to_canonical(native(fields=LEAST | named, staffing=staffing or {}))
    assert isinstance(record, Worker)
    return record


def test_up_01_what_is_not_there_is_not_said() -> None:
    found = worker()
    assert (found.name, found.email, found.jobs, found.organizations) == (UNSET, UNSET, UNSET, UNSET)
    assert (found.manager_id, found.hired_on, found.compensation) == (UNSET, UNSET, UNSET)


@pytest.mark.parametrize("value", ["", None, "  "])
def test_up_01_an_empty_value_clears_nothing(value: Any) -> None:
    found = worker(email=value, hired_on=value, manager_id=value, universal_id=value)
    assert {found.email, found.hired_on, found.manager_id, found.universal_id} == {UNSET}


@pytest.mark.parametrize("value", [True, 1, "1", "true", "Yes"])
def test_true_in_every_spelling(value: Any) -> None:
    assert worker(active=value).active is True


@pytest.mark.parametrize("value", ["maybe", "2", "Y"])
def test_a_flag_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises(RecordError) as caught:
        worker(active=value)
    assert caught.value.code == "bad_boolean"


@pytest.mark.parametrize(
    "value", ["2026-12-01", "2026-12-01T00:00:00.000Z", "2026-12-01T23:59:00.000-08:00", "2026-12-01-08:00"]
)
def test_tz_01_a_day_is_the_day_it_says(value: str) -> None:
    assert worker(hired_on=value).hired_on == date(2026, 12, 1)


@pytest.mark.parametrize("value", ["12/01/2026", "2026-13-01", "2026-02-30", "today"])
def test_a_day_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(RecordError) as caught:
        worker(hired_on=value)
    assert caught.value.code == "bad_date"


@pytest.mark.parametrize(("told", "share"), [("100", "1"), ("100.0", "1"), ("50", "0.5"), ("1", "1"), ("0.75", "0.75")])
def test_fte_is_a_share_however_it_is_shown(told: str, share: str) -> None:
    (job,) = worker(jobs__fte=told, jobs__title="x").jobs
    assert job.fte == share


@pytest.mark.parametrize("value", ["1e3", "1,000", "½", "--1"])
def test_co_08_a_number_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(RecordError) as caught:
        worker(jobs__weekly_hours=value, jobs__title="x")
    assert caught.value.code == "bad_decimal"


def test_a_pointer_is_its_id_and_never_its_label() -> None:
    pointer = {"descriptor": "Finance", "id": "a" * 32}
    fields = LEAST | {
        "organizations.cost_center": pointer,
        "organizations.company": {"id": "b" * 32, "descriptor": "C"},
    }
    record = to_canonical(native(fields=fields, references={"a" * 32: "CC7100"}))
    assert isinstance(record, Worker)
    assert record.organizations
    assert (record.organizations.cost_center, record.organizations.company) == ("CC7100", UNSET)


def test_several_pointers_tell_no_single_one() -> None:
    two = [{"id": "a" * 32}, {"id": "b" * 32}]
    fields = {"key": "P-1", "wid": WID, "filled_by": two, "location_id": two[:1]}
    record = to_canonical(native(RecordType.POSITION, fields=fields, references={"a" * 32: "1", "b" * 32: "2"}))
    assert isinstance(record, Position)
    assert (record.filled_by, record.location_id) == (UNSET, "1")


@pytest.mark.parametrize(
    ("fields", "staffing", "kind"),
    [
        ({"contingent": True}, {}, "contingent"),
        ({"contingent": None, "worker_type": "Contingent Worker"}, {}, "contingent"),
        ({"contingent": None, "worker_type": {"descriptor": "Employee"}}, {}, "employee"),
        ({"contingent": None, "worker_type": "Regular"}, {"workerType": {"descriptor": "Employee"}}, "employee"),
        ({"contingent": None}, {"descriptor": "Kim Lee [C]"}, "contingent"),
        ({"contingent": None}, {"descriptor": "Kim Lee"}, "employee"),
    ],
)
def test_wp_01_employee_and_contingent_are_told_apart(fields: Any, staffing: Any, kind: str) -> None:
    assert worker(staffing=staffing, **fields).worker_type == kind


_TEXTS = st.sampled_from(["", "Kim Lee [C]", " Employee ", "e\u0301"])
_SCALARS = _TEXTS | st.sampled_from(["Contingent", "a\0b", None, 7, True, []])
_LABELS = ("id", "descriptor", "Job_Profile_ID", "Location_ID", "Organization_Reference_ID")


def staffed(text: st.SearchStrategy[Any], *, odd: bool) -> st.SearchStrategy[dict[str, Any]]:
    """What a staffing service may say of a worker; *odd*: in shapes it never has, too."""

    def some(**values: Any) -> st.SearchStrategy[Any]:
        told = st.fixed_dictionaries({}, optional=values)
        return told | text if odd else told

    instance = some(**dict.fromkeys(_LABELS, text))
    job = some(businessTitle=text, jobProfile=instance, location=instance, supervisoryOrganization=instance)
    said = {"workerId": text, "workerType": instance, "descriptor": text, "person": some(email=text), "primaryJob": job}
    return st.fixed_dictionaries({}, optional=said)


@pytest.mark.parametrize("wid", [WID, f" {WID}", "7"])
@given(staffing=staffed(_TEXTS, odd=False) | staffed(_SCALARS, odd=True))
def test_up_01_a_worker_of_the_staffing_service_alone_is_the_same_read_the_short_way(
    wid: str, staffing: dict[str, Any]
) -> None:
    staffing = {"workerId": "007"} | staffing
    # A field that says nothing is all it takes to be read the long way.
    short = told(native(fields={"key": wid}, staffing=staffing))
    assert short == told(native(fields={"key": wid, "universal_id": None}, staffing=staffing))


def test_an_ordinary_worker_of_the_staffing_service_is_read_the_short_way() -> None:
    place = {"id": "a" * 32, "descriptor": "Chicago", "Location_ID": "HQ", "country": {"descriptor": "United States"}}
    staffing = {"workerId": "7", "workerType": {"descriptor": "Employee"}, "primaryJob": {"location": place}}
    document = native(fields={"key": WID}, staffing=staffing)
    assert read_staffed(document.payload) == to_canonical(document)
    assert read_staffed(native(fields={"key": WID, "active": True}, staffing=staffing).payload) is None


@pytest.mark.parametrize(("title", "short"), [("a\0b", False), ("a\\b", True), ('"', True)])
def test_up_01_a_nul_is_left_to_the_ordinary_reading_other_escapes_are_not(title: str, short: bool) -> None:
    staffing = {"workerId": "7", "workerType": {"descriptor": "Employee"}, "primaryJob": {"businessTitle": title}}
    assert (read_staffed(native(fields={"key": WID}, staffing=staffing).payload) is not None) is short


def told(document: NativeRecord) -> Record | str:
    try:
        return to_canonical(document)
    except RecordError as error:
        return f"{error.code}: {error.message} {error.remedy}"


def test_an_ending_before_the_current_hire_is_none_of_this_employment() -> None:
    assert worker(hired_on="2026-01-01", terminated_on="2025-01-01").terminated_on is None
    assert worker(hired_on="2026-01-01", terminated_on="2026-12-31").terminated_on == date(2026, 12, 31)
    assert worker(active=False).terminated_on is UNSET


def test_ed_17_how_long_somebody_is_paid_is_a_day_of_its_own() -> None:
    ended = worker(active=False, terminated_on="2026-11-20", pay_through_on="2026-11-30")
    assert (ended.terminated_on, ended.pay_through_on) == (date(2026, 11, 20), date(2026, 11, 30))
    assert worker(active=True, pay_through_on="2025-01-31").pay_through_on is None, "that was an earlier employment"


def test_pay_needs_amount_currency_and_frequency() -> None:
    pay = {"value": "21.500000", "currency": "USD"}
    paid = worker(compensation__amount=pay, compensation__frequency={"descriptor": "Hourly", "id": "x"}).compensation
    assert paid
    assert (str(paid.amount.disclose()), paid.currency, paid.frequency) == ("21.50", "USD", "Hourly")
    assert worker(compensation__amount=pay).compensation is UNSET
    with pytest.raises(RecordError) as caught:
        worker(compensation__amount={"value": "1e9", "currency": "USD"}, compensation__frequency="Hourly")
    assert "1e9" not in caught.value.message


def test_a_cost_center_is_active_by_either_word() -> None:
    told = [
        to_canonical(native(RecordType.COST_CENTER, fields={"key": "CC1", "wid": WID} | word))
        for word in ({"active": True}, {"inactive": False}, {"inactive": True}, {})
    ]
    assert [record.active for record in told if isinstance(record, CostCenter)] == [True, True, False, UNSET]


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"employee_id": "1", "active": True}, "no_id"), ({"key": "nothing"}, "no_id"), ({"key": WID}, "no_id")],
)
def test_a_record_without_an_id_is_refused(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(RecordError) as caught:
        to_canonical(native(fields=fields))
    assert caught.value.code == code


@pytest.mark.parametrize("payload", [b"{", b'{"fields":1}', b'{"a":1}', b'{"fields":{},"staffing":[]}'])
def test_what_is_no_record_of_ours_is_refused(payload: bytes) -> None:
    record = NativeRecord(RecordType.WORKER, payload)
    assert describe_native(record) is None
    with pytest.raises(RecordError) as caught:
        to_canonical(record)
    assert caught.value.code == "malformed"


@pytest.mark.parametrize("kind", [RecordType.EMPLOYEE, RecordType.ACCOUNT])
def test_what_workday_does_not_have_is_refused(kind: RecordType) -> None:
    with pytest.raises(RecordError):
        to_canonical(native(kind, fields={"key": "x"}))


def test_a_record_is_called_by_the_best_key_it_has() -> None:
    assert describe_native(native(fields={"employee_id": "007"})) == "007"
    assert name_native(native(fields={"key": "a" * 32, "employee_id": "007"})) == "007"
    assert name_native(native(fields={"key": "a" * 32})) == "a" * 32
    marked = {"key": "a" * 32, "employee_id": "007", "contingent": True, "hired_on": "soon"}
    assert name_native(native(fields=marked)) == "CW-007", "as people know a contingent worker (WP-01)"
    assert isinstance(to_canonical(native(fields=LEAST)), Record)


def test_a_record_with_half_a_character_is_parked_under_its_own_name() -> None:
    broken = NativeRecord(
        RecordType.WORKER,
        b'{"surface":"rest","fields":{"key":"%s","employee_id":"21001","active":true,"name.family":"\\ud800"}}'
        % WID.encode(),
    )
    with pytest.raises(RecordError, match=r"worker 21001: .* its name\.family holds half of a character") as caught:
        to_canonical(broken)
    assert caught.value.code == "malformed"
    assert (describe_native(broken), name_native(broken)) == (WID, "21001")
    nameless = NativeRecord(RecordType.WORKER, b'{"fields":{"key":"\\ud800","employee_id":7}}')
    assert describe_native(nameless) is None
    assert describe_native(NativeRecord(RecordType.WORKER, b'{"fields":')) is None
