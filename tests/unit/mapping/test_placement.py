"""Which plants a worker's jobs put them in."""

from datetime import date, timedelta

import pytest
from msgspec import UNSET
from tests.unit.mapping.test_projection import TODAY, employee, projection, worker

from ml_connector.canonical.workforce import Job, Organizations
from ml_connector.mapping.people import People
from ml_connector.mapping.plex import employee_uuid

DAY = TODAY["102"]
HOME = Job(primary=True, job_profile_id="JP-OPER", location_id="DET", time_type="Full_time")
IN_TOLEDO = Organizations(company="C10", cost_center="CC4100")


def second(**changes):
    values = {
        "job_profile_id": "JP-OPER",
        "location_id": "TOL",
        "time_type": "Part_time",
        "organizations": IN_TOLEDO,
        "manager_id": None,
    }
    return Job(**{**values, **changes})


def elsewhere(*jobs, home=HOME):
    project = projection()
    one = worker(jobs=(home, *jobs))
    return project.elsewhere(one, project.place(one))


def test_wp_03_the_primary_job_decides_wherever_it_stands_in_the_list():
    one = worker(jobs=(second(), HOME))
    assert projection().place(one).plant == "101"


def test_wp_06_another_plant_is_another_place_with_an_id_of_its_own():
    (place,) = elsewhere(second()).places
    assert (place.plant, place.fields["building"]) == ("102", "TOL")
    assert place.key == employee_uuid("acme1", plant="102", person="wid1")


def test_wp_05_another_job_in_the_same_plant_is_no_other_place():
    job = second(location_id="DET")
    found = elsewhere(job)
    assert (found.places, found.plants, found.others_here) == ((), frozenset(), (job,))


def test_wp_06_a_job_that_cannot_be_placed_leaves_every_plant_as_it_is():
    found = elsewhere(second(organizations=UNSET))
    assert (found.places, found.sure) == ((), False)
    assert [(plant, error.code) for plant, error in found.waiting] == [("", "section_missing")]


def test_wp_06_an_unmapped_job_waits_and_its_plant_is_not_left():
    found = elsewhere(second(job_profile_id="JP-ROBO"))
    assert (found.places, found.plants, found.sure) == ((), {"102"}, True)
    assert [(plant, error.code) for plant, error in found.waiting] == [("102", "unmapped")]


def test_wp_08_a_job_that_no_plant_takes_is_told_and_is_in_none_of_ours():
    found = elsewhere(second(location_id="MEL"))
    assert (found.plants, found.sure) == (frozenset(), True)
    assert [(plant, error.code) for plant, error in found.waiting] == [("", "no_pcn_route")]


@pytest.mark.parametrize(("left_out", "may"), [("company", {"102", "201"}), ("location", {"101", "102"})])
def test_wp_08_where_workday_leaves_out_half_of_a_route_nobody_says_that_no_plant_takes_the_job(left_out, may):
    told = {"organizations": Organizations(cost_center="CC4100")} if left_out == "company" else {"location_id": None}
    found = elsewhere(second(**told))
    assert (found.places, found.plants, found.sure) == ((), may, True), "WP-06: it is one that takes the other half"
    ((_, error),) = found.waiting
    assert (error.code, error.message) == ("plant_not_told", f"Workday gives no {left_out}, so no plant can be told")
    assert "None" not in f"{error.waiting_for} {error.remedy}"


@pytest.mark.parametrize(
    ("changes", "there", "due"),
    [
        ({"end_on": DAY}, True, ("another job ends: active through that day", False)),
        ({"end_on": DAY - timedelta(days=1)}, False, None),
        ({"effective_on": DAY}, True, None),
        ({"end_on": DAY, "assignment": True}, True, ("assignment ends: active through that day", False)),
        ({"end_on": date(9999, 12, 31)}, True, ("another job ends: active through that day", False)),
    ],
)
def test_wp_06_a_job_counts_on_the_plants_own_days(changes, there, due):
    found = elsewhere(second(**changes))
    assert found.plants == ({"102"} if there else frozenset())
    assert [(item.reason, item.begins) for item in found.pending] == ([due] if due else [])


def test_wp_06_a_job_that_begins_tomorrow_ends_nothing_in_its_plant():
    """A change of the job moves its first day, and may be told where it is the next day already."""
    found = elsewhere(second(effective_on=DAY + timedelta(days=1)))
    assert (found.places, found.plants) == ((), {"102"})
    assert [(item.reason, item.begins) for item in found.pending] == [("another job begins", True)]


def test_wp_07_an_ordinary_job_comes_before_an_assignment_to_the_same_plant():
    (place,) = elsewhere(second(assignment=True), second()).places
    assert not place.job.assignment


def test_wp_07_who_is_on_assignment_has_a_type_of_their_own_and_reports_to_the_host():
    boss = worker(key="w2", employee_id="2")
    one = worker(jobs=(HOME, second(assignment=True, manager_id="2", manager_type="employee")), manager_id=None)
    project = projection()
    (place,) = project.elsewhere(one, project.place(one)).places
    people = People()
    for each in (one, boss):
        people.add(each, plant="102" if each is boss else "101")
    there, _ = project.employee(one, place, people=people, known=lambda _name: True)
    assert there.fields["type"] == "Assignee"
    assert there.fields["supervisor_id"] == employee_uuid("acme1", plant="102", person="w2")
    assert there.depth == 1, "after the manager there"
    assert employee(one)[0].fields["supervisor_id"] is None, "at home nothing changes"


def test_wp_10_another_company_at_the_same_place_is_another_plant_where_it_is_routed_so():
    before = projection().place(worker())
    after = projection().place(worker(organizations=Organizations(company="C20", cost_center="CC4100")))
    assert (before.plant, after.plant) == ("101", "201")
    assert before.fields["building"] == after.fields["building"]
