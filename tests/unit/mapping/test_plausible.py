"""Bad input by name: dates nobody works on, and facts that contradict each other."""

from datetime import date

import msgspec
import pytest

from ml_connector.canonical.workforce import Job, Worker
from ml_connector.errors import RecordError
from ml_connector.mapping.plausible import check_plausible

TODAY = date(2026, 11, 23)
HIRED = date(2024, 3, 4)


def worker(**facts):
    return Worker(
        **{"key": "w", "employee_id": "1", "worker_type": "employee", "active": True, "hired_on": HIRED} | facts
    )


def told(**facts):
    with pytest.raises(RecordError) as caught:
        check_plausible(worker(**facts), today=TODAY)
    return caught.value


@pytest.mark.parametrize("year", [1900, 9999])
@pytest.mark.parametrize("fact", ["hired_on", "terminated_on"])
def test_bad_input_a_date_in_1900_or_9999_is_a_placeholder(fact, year):
    error = told(**{"active": False, fact: date(year, 12, 31)})
    assert error.code == "implausible_date"
    assert f"{year}-12-31" in error.message


@pytest.mark.parametrize("year", [1900, 9999])
def test_bad_input_an_effective_date_of_a_job_in_1900_or_9999_is_a_placeholder(year):
    error = told(jobs=(Job(primary=True, effective_on=date(year, 1, 1)),))
    assert "effective date of the job" in error.message


def test_bad_input_hired_after_terminated_and_active_shows_both():
    error = told(terminated_on=date(2023, 1, 31))
    assert error.code == "contradiction"
    assert "2024-03-04" in error.message
    assert "2023-01-31" in error.message


def test_bad_input_active_after_the_termination_shows_both():
    assert "2026-11-22" in told(terminated_on=date(2026, 11, 22)).message


def test_bad_input_active_with_a_rescinded_hire_shows_both():
    assert "Active is 1, and the hire was rescinded" in told(hire_rescinded=True).message


@pytest.mark.parametrize("year", [1900, 9999])
@pytest.mark.parametrize("primary", [True, False])
def test_bad_input_an_end_of_a_job_in_1900_or_9999_is_a_placeholder(year, primary):
    jobs = (Job(primary=True), Job(position_id="P-2", primary=primary, end_on=date(year, 12, 31)))
    error = told(jobs=jobs)
    assert error.code == "implausible_date"
    assert f"{year}-12-31" in error.message


def test_bad_input_a_position_that_ends_before_it_begins_shows_both():
    job = Job(position_id="P-1", primary=True, effective_on=date(2026, 11, 2), end_on=date(2026, 10, 31))
    error = told(jobs=(job,))
    assert error.code == "contradiction"
    assert "position P-1 begins on 2026-11-02, and it ends on 2026-10-31, before it" in error.message


def test_bad_input_one_position_told_twice_and_differently_shows_both():
    first = Job(position_id="P-1", primary=True, effective_on=TODAY, location_id="DET")
    error = told(jobs=(first, msgspec.structs.replace(first, location_id="TOL")))
    assert "position P-1 has location_id DET, and it has location_id TOL" in error.message


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"jobs": (Job(position_id="P-1", primary=True, effective_on=TODAY, end_on=TODAY), Job(position_id="P-2"))},
        {"terminated_on": TODAY},
        {"terminated_on": date(2026, 12, 31)},
        {"active": False, "terminated_on": date(2026, 3, 31)},
        {"active": False, "hired_on": date(2026, 12, 7), "terminated_on": date(2026, 3, 31)},
        {"active": False, "hire_rescinded": True},
        {"hired_on": date(1961, 4, 12)},
    ],
)
def test_ed01_what_can_be_true_is_left_alone(facts):
    check_plausible(worker(**facts), today=TODAY)
