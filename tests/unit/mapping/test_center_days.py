"""From when until when, and for whom, a cost center takes people."""

from datetime import date

import pytest
from msgspec import UNSET

from ml_connector.canonical.organization import CostCenter, JobProfile, Position
from ml_connector.canonical.workforce import Job, Name, Organizations, Worker
from ml_connector.errors import RecordError
from ml_connector.mapping.center_days import CenterDays
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import Crosswalk, MappingRow
from ml_connector.mapping.projection import Projection
from ml_connector.mapping.reference_data import ReferenceData
from ml_connector.settings.plex import Plant, PlexConnection, Route

TODAY = date(2026, 11, 23)
PLANTS = (
    Plant(pcn="101", company_code="DET", default_shift="Day", routes=(Route(company="C10", location="DET"),)),
    Plant(pcn="102", company_code="TOL", default_shift="Day", routes=(Route(company="C20", location="DET"),)),
)
PLEX = PlexConnection(base_url="https://connect.plex.com", auth="api_key", plants=PLANTS)
DAYS = dict.fromkeys(("101", "102"), TODAY)


def center_row(source, number, **more):
    target = {"cost_center": number, "department": f"D{number}", "segment": number}
    return MappingRow(kind=Kind.COST_CENTER, plant="*", source=source, target=target, **more)


ROWS = (
    center_row("CC4200", "4200"),
    center_row("CC4900", "4900"),
    MappingRow(kind=Kind.JOB_PROFILE, plant="*", source="JP-OPER", target={"position": "Press Operator"}),
    MappingRow(kind=Kind.JOB_PROFILE, plant="*", source="JP-OLD", target={"position": "Old Operator"}),
    MappingRow(kind=Kind.LOCATION, plant="*", source="DET", target={"building": "DET"}),
)
WORKER = Worker(
    key="wid1",
    employee_id="21001",
    worker_type="employee",
    name=Name(given="Ada", family="Ng"),
    active=True,
    jobs=(Job(primary=True, job_profile_id="JP-OPER", location_id="DET"),),
    organizations=Organizations(company="C10", cost_center="CC4900"),
)


def old(**changes):
    return CostCenter(key="CC4900", name="Old assembly", **changes)


def place(center, *, rows=ROWS, today=DAYS, stays=lambda _place: False, on=None):
    crosswalk = Crosswalk(rows, days=today)
    welding = CostCenter(key="CC4200", name="Welding", active=True)
    centers = CenterDays({"CC4200": welding, "CC4900": center}, crosswalk=crosswalk)
    project = Projection(
        tenant="acme", plex=PLEX, crosswalk=crosswalk, today=today, contingent=False, centers=centers, stays=stays
    )
    return project._placement.here(WORKER, on=on)


def refused(center, **more):
    with pytest.raises(RecordError) as caught:
        place(center, **more)
    return caught.value


def data(*centers, rows=ROWS, today=DAYS, profiles=()):
    crosswalk = Crosswalk(rows, days=today)
    days = CenterDays({center.key: center for center in centers}, crosswalk=crosswalk)
    named = {profile.key: profile for profile in profiles}
    return ReferenceData(plants=PLANTS, crosswalk=crosswalk, today=today, centers=days, profiles=named)


def test_rd02_before_its_first_day_nobody_is_placed_and_nothing_is_created():
    future = old(active=True, available_on=date(2026, 12, 1))
    error = refused(future)
    assert (error.code, error.waiting_for) == ("future_cost_center", "cost_center CC4900")
    assert "2026-12-01" in error.message
    used = {("101", Kind.COST_CENTER, "CC4900")}
    assert list(data(future).records(used)) == []
    (pending,) = data(future).openings(used)
    assert (pending.plant, pending.key, pending.on, pending.begins) == ("101", "4900", "2026-12-01", True)


def test_rd02_it_opens_on_the_plants_own_day():
    opens_today = old(active=True, available_on=TODAY)
    used = {(plant, Kind.COST_CENTER, "CC4900") for plant in DAYS}
    behind = data(opens_today, today=DAYS | {"102": date(2026, 11, 22)})
    assert {record.plant for record in behind.records(used)} == {"101"}
    assert [pending.plant for pending in behind.openings(used)] == ["102"]
    assert place(opens_today).cost_center == "4900"
    assert place(old(active=True, available_on=date(2026, 12, 1)), on=date(2026, 12, 1)).cost_center == "4900"


def test_rd02_no_seat_counts_before_its_cost_center_opens():
    seat = Position(key="P-1", job_profile_id="JP-OPER", location_id="DET", company="C10", cost_center="CC4900")
    assert data(old(available_on=date(2026, 12, 1))).headcount([seat]).records == []
    assert len(data(old(available_on=TODAY)).headcount([seat]).records) == 1


def test_rd03_an_inactive_cost_center_takes_nobody_new_and_keeps_who_is_there():
    closed = old(active=False, effective_on=date(2026, 10, 1))
    error = refused(closed)
    assert (error.code, error.waiting_for) == ("inactive_cost_center", "cost_center CC4900")
    assert "ml-connector mapping set cost_center CC4900 --plant 101" in error.remedy
    assert place(closed, stays=lambda _place: True).closed
    assert not place(old(active=UNSET)).closed, "what Workday does not say is no ending"


def test_rd03_where_its_last_day_is_not_over_it_is_still_open():
    closing = old(active=False, effective_on=TODAY)
    assert not place(closing, today=DAYS | {"101": date(2026, 11, 22)}).closed
    assert refused(closing).code == "inactive_cost_center"


def test_rd03_b14_what_nothing_active_stands_behind_ends_in_plex_once_per_plant():
    closed = old(active=False)
    endings = [(item.plant, item.type, item.key, item.state) for item in data(closed).endings()]
    assert endings == [(plant, "department", "D4900", "ended") for plant in ("101", "102")]
    used = {("101", Kind.COST_CENTER, "CC4900")}
    assert list(data(closed).records(used)) == []


def test_rd03_b14_a_department_that_an_active_cost_center_shares_goes_on():
    shared = (center_row("CC4200", "4900"), *ROWS[1:])
    active = CostCenter(key="CC4200", active=True)
    assert list(data(old(active=False), active, rows=shared).endings()) == []
    assert list(data(old(active=False), rows=shared).endings()) == [], "nor one whose cost center Workday does not show"


def test_rd04_a_successor_counts_from_its_day_and_only_once_it_is_approved():
    closed = old(active=False, effective_on=date(2026, 10, 1))
    successor = center_row("CC4900", "4200", effective_on=date(2026, 10, 1))
    first = center_row("CC4900", "4900", ends_on=date(2026, 9, 30))
    rest = (ROWS[0], *ROWS[2:])
    moved = place(closed, rows=(first, successor, *rest))
    assert (moved.cost_center, moved.fields["department"], moved.closed) == ("4200", "D4200", False)
    draft = center_row("CC4900", "4200", effective_on=date(2026, 10, 1), state="draft")
    waits = refused(closed, rows=(ROWS[1], draft, *rest))
    assert (waits.code, 'mapping approve "cost_center/*/CC4900"' in waits.remedy) == ("inactive_cost_center", True)
    september = place(closed, rows=(first, successor, *rest), on=date(2026, 9, 30))
    assert september.cost_center == "4900", "what the day before is asked about is answered as it was"


def test_rd04_a_successor_that_is_inactive_too_is_none():
    crosswalk = Crosswalk((center_row("CC4200", "4200"), center_row("CC4900", "4200")), days=DAYS)
    both = {key: CostCenter(key=key, active=False) for key in ("CC4200", "CC4900")}
    row = crosswalk.resolve(Kind.COST_CENTER, source="CC4900", plant="101")
    assert CenterDays(both, crosswalk=crosswalk).is_closed("CC4900", plant="101", row=row, on=TODAY)


def test_rd10_a_cost_center_of_another_company_is_held_with_both_named():
    error = refused(old(active=True, restricted_to=("C20", "C30")))
    assert error.code == "restricted_cost_center"
    for named in ("CC4900", "C20", "C30", "C10"):
        assert named in error.message
    assert place(old(active=True, restricted_to=("C20", "C10"))).cost_center == "4900"
    assert place(old(active=True, restricted_to=UNSET)).cost_center == "4900"


def test_rd11_b14_a_position_ends_with_the_last_active_job_profile():
    inactive = JobProfile(key="JP-OLD", active=False)
    assert [(item.type, item.key) for item in data(profiles=[inactive]).endings()] == [("position", "Old Operator")] * 2
    used = {("101", Kind.JOB_PROFILE, "JP-OLD")}
    assert list(data(profiles=[inactive]).records(used)) == []
    later = JobProfile(key="JP-OLD", active=False, effective_on=date(2026, 11, 24))
    assert list(data(profiles=[later]).endings()) == []
