"""What Workday suddenly leaves out, field by field and worker by worker (UP-01, UP-02)."""

from datetime import date

import msgspec
import pytest

from ml_connector.canonical.keys import UNSET
from ml_connector.canonical.workforce import Job, Name, Organizations, Worker
from ml_connector.mapping.fill import GROUPS, FillWatch, grant_for, mask_of, withheld_by
from ml_connector.settings.workday import Report, WorkdayConnection

WHOLE = Worker(
    key="w",
    employee_id="1",
    worker_type="employee",
    universal_id="u1",
    name=Name(given="Ada", middle="M", family="Lee"),
    email="ada@acme.test",
    active=True,
    on_leave=False,
    hired_on=date(2020, 1, 6),
    original_hire_on=date(2020, 1, 6),
    terminated_on=None,
    manager_id="2",
    jobs=(
        Job(
            primary=True,
            position_id="P-1",
            job_profile_id="JP-OPER",
            location_id="DET",
            time_type="Full_time",
            fte="1",
            weekly_hours="40",
        ),
    ),
    organizations=Organizations(company="C10", cost_center="CC4100", supervisory="SUP-1", pay_group="BIW"),
)


def without(field: str) -> Worker:
    section, _, name = field.partition(".")
    if not name:
        return msgspec.structs.replace(WHOLE, **{field: UNSET})
    held = getattr(WHOLE, section)
    if section == "jobs":
        return msgspec.structs.replace(WHOLE, jobs=(msgspec.structs.replace(held[0], **{name: UNSET}),))
    return msgspec.structs.replace(WHOLE, **{section: msgspec.structs.replace(held, **{name: UNSET})})


def read(*workers: Worker, had: int | None) -> FillWatch:
    watch = FillWatch()
    for number, worker in enumerate(workers):
        watch.add(msgspec.structs.replace(worker, key=f"w{number}"), had=had)
    return watch


@pytest.mark.parametrize(
    ("field", "group"),
    [
        ("name", "personal"),
        ("name.given", "personal"),
        ("name.family", "personal"),
        ("email", "contact"),
        ("active", "employment"),
        ("hired_on", "employment"),
        ("universal_id", "identity"),
        ("jobs", "jobs"),
        ("jobs.job_profile_id", "jobs"),
        ("jobs.location_id", "jobs"),
        ("jobs.position_id", "details"),
        ("jobs.time_type", "details"),
        ("organizations", "organizations"),
        ("organizations.company", "organizations"),
        ("organizations.cost_center", "organizations"),
        ("organizations.supervisory", "other organizations"),
    ],
)
def test_up02_a_field_absent_for_six_in_a_hundred_who_had_it_is_missing(field: str, group: str) -> None:
    kept, lost = [WHOLE] * 94, [without(field)] * 6
    (missing,) = read(*kept, *lost, had=mask_of(WHOLE)).missing()
    assert group in missing.groups
    assert field in missing.fields
    assert (missing.lost, missing.of, missing.domain) == (6, 100, GROUPS[group].domain)
    assert read(*[WHOLE] * 95, *[without(field)] * 5, had=mask_of(WHOLE)).missing() == []


def test_up02_when_nobody_has_a_manager_any_more_it_is_a_permission_and_no_vacancy() -> None:
    vacant = msgspec.structs.replace(WHOLE, manager_id=None)
    (missing,) = read(*[vacant] * 60, had=mask_of(WHOLE)).missing()
    assert missing.groups == ("manager",)
    assert withheld_by(missing.groups) == {"supervisor_id"}
    assert missing.optional


def test_wp14_a_team_whose_manager_left_is_a_vacancy() -> None:
    vacant = msgspec.structs.replace(WHOLE, manager_id=None)
    assert read(*[WHOLE] * 10, *[vacant] * 42, had=mask_of(WHOLE)).missing() == []


def test_up02_newcomers_without_a_field_hide_no_loss_and_make_none() -> None:
    watch = read(*[WHOLE] * 94, *[without("email")] * 6, had=mask_of(WHOLE))
    for number in range(100, 300):
        watch.add(msgspec.structs.replace(WHOLE, key=f"w{number}"), had=None)
    (missing,) = watch.missing()
    assert (missing.lost, missing.of) == (6, 100)
    assert read(*[WHOLE] * 10, *[without("email")] * 90, had=None).missing() == []


def test_up02_a_section_everybody_active_has_is_expected_in_a_first_reading_too() -> None:
    (missing,) = read(*[WHOLE] * 90, *[without("organizations")] * 10, had=None).missing()
    assert (missing.groups, missing.new, missing.optional) == (("organizations",), True, False)
    gone = msgspec.structs.replace(without("organizations"), active=False, jobs=UNSET)
    assert read(*[WHOLE] * 90, *[gone] * 10, had=None).missing() == []


def test_up02_who_leaves_takes_the_job_along_and_nothing_is_missing() -> None:
    left = msgspec.structs.replace(
        WHOLE,
        active=False,
        jobs=(),
        organizations=UNSET,
        manager_id=UNSET,
        email=UNSET,
        terminated_on=date(2026, 11, 20),
    )
    assert read(*[WHOLE] * 60, *[left] * 40, had=mask_of(WHOLE)).missing() == []


def test_up02_an_ending_whose_date_is_left_out_is_missing_and_a_rehire_is_not() -> None:
    left = msgspec.structs.replace(WHOLE, active=False, jobs=(), terminated_on=date(2026, 11, 20))
    unsaid = msgspec.structs.replace(left, terminated_on=UNSET)
    (missing,) = read(*[left] * 20, *[unsaid] * 5, had=mask_of(left)).missing()
    assert missing.fields == ("terminated_on",)
    assert read(*[left] * 20, *[WHOLE] * 5, had=mask_of(left)).missing() == []


def test_up02_coming_back_from_leave_is_everyday_and_everybody_at_once_is_not() -> None:
    away = msgspec.structs.replace(WHOLE, on_leave=True)
    assert read(*[away] * 6, *[WHOLE] * 4, had=mask_of(away)).missing() == []
    (missing,) = read(*[WHOLE] * 10, had=mask_of(away)).missing()
    assert (missing.groups, missing.domain) == (("leave",), None)


def test_up02_an_email_gone_with_the_name_has_one_cause_and_is_one_question() -> None:
    nameless = msgspec.structs.replace(without("name"), email=UNSET)
    (missing,) = read(*[WHOLE] * 90, *[nameless] * 10, had=mask_of(WHOLE)).missing()
    assert (missing.domain, missing.fields, missing.optional) == ("Person Data: Name", ("name", "email"), False)
    assert "email" in withheld_by(missing.groups)


def test_up02_one_worker_alone_is_no_permission() -> None:
    assert read(*[WHOLE] * 3, without("email"), had=mask_of(WHOLE)).missing() == []


def test_up01_only_what_changed_is_news() -> None:
    assert read(WHOLE, without("email"), had=mask_of(WHOLE)).news == {"w1": mask_of(without("email"))}


def test_up02_the_remedy_speaks_of_the_surface_we_read_by() -> None:
    plain = {"host": "http://127.0.0.1:1", "tenant": "acme1"}
    report = Report(owner="ISU", name="Workers")
    soap = WorkdayConnection(**plain)
    rest = WorkdayConnection(**plain, surface="rest", auth="oauth")
    told = grant_for("Person Data: Name", ["name"], workday=soap)
    assert 'Get on "Person Data: Name"' in told
    told = grant_for("Person Data: Name", ["name"], workday=rest)
    assert "WQL" in told
    assert "workday.wql.worker.fields" in told
    told = grant_for(None, ["on_leave"], workday=WorkdayConnection(**plain, surface="report", report=report))
    assert "report ISU/Workers" in told
    assert "View Security for Securable Item names for on_leave" in told
