"""From a Workday worker to what plants should hold."""

from datetime import date

import msgspec
import pytest
from msgspec import UNSET

from ml_connector.canonical.workforce import Job, Name, Organizations, Worker
from ml_connector.errors import RecordError
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import Crosswalk, MappingRow
from ml_connector.mapping.people import People
from ml_connector.mapping.plex import employee_uuid
from ml_connector.mapping.projection import Projection, badge
from ml_connector.mapping.routing import route
from ml_connector.settings.plex import Plant, PlexConnection, Route

PLANTS = (
    Plant(pcn="101", company_code="DET", default_shift="Day", routes=(Route(company="C10", location="DET"),)),
    Plant(pcn="102", company_code="TOL", default_shift="Day", routes=(Route(company="C10", location="TOL"),)),
    Plant(pcn="201", company_code="SLP", default_shift="Day", routes=(Route(company="C20"),)),
)
PLEX = PlexConnection(base_url="https://connect.plex.com", auth="api_key", plants=PLANTS)
CROSSWALK = Crosswalk(
    [
        MappingRow(
            kind=Kind.COST_CENTER,
            plant="*",
            source="CC4100",
            target={"cost_center": "4100", "department": "4100-STP", "segment": "4100"},
        ),
        MappingRow(kind=Kind.JOB_PROFILE, plant="*", source="JP-OPER", target={"position": "Press Operator"}),
        *(
            MappingRow(kind=Kind.LOCATION, plant="*", source=place, target={"building": place})
            for place in ("DET", "TOL", "SLP")
        ),
    ]
)
TODAY = {plant.pcn: date(2026, 11, 23) for plant in PLANTS}


def worker(**changes):
    values = {
        "key": "wid1",
        "employee_id": "21001",
        "worker_type": "employee",
        "name": Name(given="Ada", family="Nguyễn", preferred="Ada Nguyễn"),
        "active": True,
        "manager_id": None,
        "jobs": (Job(primary=True, job_profile_id="JP-OPER", location_id="DET", time_type="Full_time"),),
        "organizations": Organizations(company="C10", cost_center="CC4100", supervisory="SUP-1"),
    }
    return Worker(**{**values, **changes})


def projection(**changes):
    values = {"tenant": "acme1", "plex": PLEX, "crosswalk": CROSSWALK, "today": TODAY, "contingent": False}
    return Projection(**{**values, **changes})


def employee(one, others=(), known=lambda _name: True, **changes):
    project = projection(**changes)
    people = People()
    for each in (one, *others):
        people.add(each, plant="101")
    return project.employee(one, project.place(one), people=people, known=known)


def test_a_worker_becomes_an_employee_of_the_plant_of_company_and_location():
    wanted, waiting = employee(worker())
    assert waiting is None
    assert (wanted.plant, wanted.source, wanted.label) == ("101", "21001", "Ada Nguyễn")
    assert wanted.fields == {
        "department": "4100-STP",
        "position": "Press Operator",
        "building": "DET",
        "shift": "Day",
        "badge_number": "21001",
        "first_name": "Ada",
        "last_name": "Nguyễn",
        "type": "Full-time",
        "supervisor_id": None,
    }


def test_px_01_the_id_depends_on_tenant_plant_and_person_only():
    one = projection().place(worker())
    renamed = projection().place(worker(employee_id="E21001", name=Name(given="X")))
    assert one.key == renamed.key == employee_uuid("acme1", plant="101", person="wid1")
    assert one.key != employee_uuid("acme1", plant="102", person="wid1")


def test_px_05_pay_and_dates_go_nowhere():
    wanted, _ = employee(worker(hired_on=date(2020, 1, 1)))
    assert not {"hired_on", "compensation", "cost_center"} & wanted.fields.keys()


def test_wp_08_the_most_specific_route_wins_and_none_is_a_hold():
    assert route(PLANTS, company="C20", location="SLP").pcn == "201"
    assert route(PLANTS, company="C10", location="TOL").pcn == "102"
    with pytest.raises(RecordError) as caught:
        route(PLANTS, company="C10", location="MEL")
    assert caught.value.code == "no_pcn_route"


def test_wp_04_a_supervisory_organization_moves_nothing():
    moved = worker(organizations=Organizations(company="C10", cost_center="CC4100", supervisory="SUP-99"))
    assert employee(worker())[0].fields == employee(moved)[0].fields


def test_rd_06_an_unmapped_job_code_is_named_with_its_command():
    job = Job(primary=True, job_profile_id="JP-ROBO", location_id="DET")
    with pytest.raises(RecordError) as caught:
        projection().place(worker(jobs=(job,)))
    assert caught.value.waiting_for == "job_profile JP-ROBO"
    assert "ml-connector mapping set job_profile JP-ROBO" in (caught.value.remedy or "")


def test_wp_14_a_vacant_manager_is_an_explicit_nobody():
    assert employee(worker(manager_id=None))[0].fields["supervisor_id"] is None


def test_wp_14_a_circle_holds_the_supervisor_and_not_the_worker():
    one, two = worker(manager_id="2"), worker(key="w2", employee_id="2", manager_id="21001")
    wanted, waiting = employee(one, [two])
    assert "supervisor_id" not in wanted.fields
    assert waiting is not None
    assert (waiting.code, waiting.field) == ("manager_cycle", "supervisor_id")


def test_wp_15_a_supervisor_who_is_not_in_plex_is_waited_for_by_name():
    boss = worker(key="w2", employee_id="2")
    wanted, waiting = employee(worker(manager_id="2"), [boss], known=lambda _name: False)
    assert "supervisor_id" not in wanted.fields
    assert waiting is not None
    assert waiting.waiting_for == "employee 2"
    wanted, waiting = employee(worker(manager_id="2"), [boss])
    assert wanted.fields["supervisor_id"] == employee_uuid("acme1", plant="101", person="w2")


def test_cc_11_only_an_explicit_status_ends_anybody():
    project = projection()
    assert project.ending(worker()) is None
    assert project.ending(worker(active=False, terminated_on=date(2026, 11, 20))) == "terminated on 2026-11-20"
    gone = worker()
    missing = Worker(key=gone.key, employee_id=gone.employee_id, worker_type="employee")
    with pytest.raises(RecordError) as caught:
        project.ending(missing)
    assert caught.value.code == "section_missing"


def test_an_ending_counts_from_the_day_after_in_the_plants_own_zone():
    project = projection()
    last_day = worker(active=False, terminated_on=TODAY["101"])
    assert project.coming.due(last_day, plant="101") is not None
    assert project.coming.due(worker(active=False, terminated_on=date(2026, 11, 22)), plant="101") is None


def test_a_future_hire_is_pending():
    due = projection().coming.due(worker(active=False, hired_on=date(2026, 12, 7)), plant="101")
    assert due is not None
    assert due.on == "2026-12-07"


def test_ed_02_a_future_hire_without_a_job_is_pending_without_a_plant():
    told = worker(active=False, hired_on=date(2026, 12, 7), jobs=(), organizations=UNSET)
    due = projection().coming.hire(told)
    assert due is not None
    assert (due.plant, due.key, due.on, due.begins) == ("", "21001", "2026-12-07", True)


def test_ed_02_a_future_hire_whose_job_is_shown_is_pending_for_its_plant():
    due = projection().coming.hire(worker(active=False, hired_on=date(2026, 12, 7)))
    assert due is not None
    assert (due.plant, due.key) == ("101", employee_uuid("acme1", plant="101", person="wid1"))


def test_ed_04_a_future_hire_that_was_rescinded_is_not_pending():
    rescinded = worker(active=False, hired_on=date(2026, 12, 7), hire_rescinded=True)
    assert projection().coming.hire(rescinded) is None
    assert projection().coming.due(rescinded, plant="101") is None


def test_who_left_is_not_to_come():
    assert projection().coming.hire(worker(active=False, hired_on=date(2020, 1, 1))) is None


def test_ed_01_a_hire_that_is_active_elsewhere_in_the_world_already_waits_for_the_plants_own_day():
    """Asked as of the latest local date, Workday calls somebody active whose day has not begun here (TZ-03)."""
    due = projection().coming.due(worker(active=True, hired_on=date(2026, 11, 24)), plant="101")
    assert due is not None
    assert (due.on, due.begins) == ("2026-11-24", True)


def test_up_02_a_section_missing_for_all_is_left_out_of_the_comparison():
    wanted, _ = employee(worker(), missing_sections={"personal"})
    assert not {"first_name", "last_name", "email"} & wanted.fields.keys()
    assert wanted.fields["department"] == "4100-STP"


def test_who_moved_is_ended_in_the_plant_left_behind_only_where_it_is_known():
    project = projection()
    left = f"employee|102|{employee_uuid('acme1', plant='102', person='wid1')}"
    ended = project.endings(worker(), reason="moved", here="101", known=lambda name: name == left)
    assert [(item.plant, item.state) for item in ended] == [("102", "ended")]
    assert project.endings(worker(), reason="moved", here="101", known=lambda _name: False) == []


@pytest.mark.parametrize(
    ("name", "missing"),
    [(UNSET, ()), (Name(preferred="Ada"), ()), (Name(given="Ada", family="Nguyễn"), ("personal",))],
)
def test_up_02_nobody_is_created_without_a_name_and_the_domain_is_named(name, missing):
    with pytest.raises(RecordError) as caught:
        projection(missing_sections=missing).check_creatable(worker(name=name))
    assert (caught.value.code, caught.value.waiting_for) == ("section_missing", "domain Person Data: Name")


@pytest.mark.parametrize("name", [Name(given=None, family="Nguyễn"), Name(family="Suharto"), Name(given="Ada")])
def test_up_01_one_name_alone_is_no_missing_section(name):
    projection().check_creatable(worker(name=name))


@pytest.mark.parametrize(
    ("kind", "number", "worn"),
    [
        ("employee", "1001", "1001"),
        ("contingent", "1001", "CW-1001"),
        ("contingent", "CW-1001", "CW-1001"),
        ("contingent", "ECW-1001", "CW-ECW-1001"),
    ],
)
def test_wp01_a_contingent_workers_badge_is_marked_once(kind, number, worn):
    assert badge(msgspec.structs.replace(worker(), worker_type=kind, employee_id=number)) == worn
