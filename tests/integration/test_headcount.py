"""Planned and actual headcount per plant × position × department: counted on our side, planned written to Plex."""

from __future__ import annotations

import json
from collections import Counter

import msgspec
import pytest

from ml_connector.canonical.keys import RecordType
from ml_connector.mapping.crosswalk import Crosswalk
from ml_connector.mapping.reference_data import ReferenceData, Seat
from ml_connector.mapping.workday import to_canonical
from ml_connector.sync.headcount import Attendance
from ml_connector.usecases import outcomes, syncs, waiting_list
from tests.rehearsal import START, Rehearsal, record
from tests.world import open_world, silent

SEAT = Seat("101", "Welder", "4200")


@pytest.fixture
def rehearsal(tmp_path):
    made = Rehearsal(record(24), url=f"sqlite:///{tmp_path}/mlc.db")
    made.prepare()
    with made.alive() as life:
        life.sync()
    return made


def split_off(rehearsal, seat):
    """The positions that count in *seat*, and the others."""
    plants, mapping = rehearsal.settings.plex.plants, rehearsal.recording.mapping
    today = dict.fromkeys((plant.pcn for plant in plants), START.date())
    data = ReferenceData(plants=plants, crosswalk=Crosswalk(mapping), today=today)
    natives = rehearsal.recording.days[0].natives[RecordType.POSITION]
    here = [native for native in natives if seat in data.headcount([to_canonical(native)]).planned]
    return here, [native for native in natives if native not in here]


def staffing(rehearsal, seat):
    """What Plex holds for one combination."""
    (level,) = [
        row["Staffing_Level"]
        for row in rehearsal.plex_state()["headcount"]
        if (str(row["pcn"]), row["Position"], row["Department_Code"], row["Shift"]) == (*seat, "Day")
    ]
    return int(level)


PAINTER = Seat("101", "Assembler", "4400-PNT")


def test_the_last_seat_of_a_combination_brings_its_planned_headcount_to_none(rehearsal):
    gone, others = split_off(rehearsal, PAINTER)
    assert len(gone) == staffing(rehearsal, PAINTER) == 1
    rehearsal.show(RecordType.POSITION, others)
    with rehearsal.alive() as life:
        (change,) = life.plan().changes
        assert (change.type, change.before, change.after) == ("headcount", {"planned": 1}, {"planned": 0})
        assert life.sync().counts["applied"] == 1
        assert staffing(rehearsal, PAINTER) == 0
        assert life.plan().changes == (), "M-4: and nothing is left to do"
    rehearsal.show(RecordType.POSITION, [*others, *gone])
    with rehearsal.alive() as life:
        life.sync()
    assert staffing(rehearsal, PAINTER) == 1


def test_what_was_never_ours_keeps_its_staffing_level(rehearsal):
    def theirs():
        ours = {(line.plant, line.position, line.department, line.shift) for line in plan.headcount}
        rows = rehearsal.plex_state()["headcount"]
        return [
            row
            for row in rows
            if (str(row["pcn"]), row["Position"], row["Department_Code"], row["Shift"]) not in ours
            and row["Staffing_Level"]
        ]

    with rehearsal.alive() as life:
        plan = life.plan()
        before = theirs()
        assert before
        life.sync()
    assert theirs() == before


def test_a_seat_that_is_not_counted_may_be_one_of_them(rehearsal):
    """The seat is still there, under a job profile nobody has mapped: its old combination is left alone."""
    (gone,), others = split_off(rehearsal, PAINTER)
    profile = to_canonical(gone).job_profile_id
    odd = msgspec.structs.replace(gone, payload=gone.payload.replace(profile.encode(), b"JP-NEW"))
    assert odd.payload != gone.payload
    rehearsal.show(RecordType.POSITION, [*others, odd])
    with rehearsal.alive() as life:
        plan = life.plan()
        assert [change.type for change in plan.changes if change.type == "headcount"] == []
        assert any(item.type == "headcount" for item in life.tools.review.parked("acme"))
    assert staffing(rehearsal, PAINTER) == 1


def test_cc_13_positions_that_cannot_be_read_empty_nothing(rehearsal):
    rehearsal.show(RecordType.POSITION, [])
    with rehearsal.alive() as life:
        plan = life.plan()
    assert plan.changes == ()
    assert {hold.guard for hold in plan.holds} == {"empty_result"}
    assert {line.planned for line in plan.headcount} == {None}
    assert sum(line.actual for line in plan.headcount) > 0


def test_actual_is_whom_plex_counts_and_stands_beside_planned(tmp_path):
    with open_world(tmp_path, workers=48) as world:
        syncs.sync(world.app, progress=silent)
        world.sandbox.tenant.play("terminate")
        world.next_day()
        syncs.sync(world.app, progress=silent)
        plan = syncs.plan(world.app, progress=silent)
        theirs = Counter(
            (str(row["pcn"]), row["position"], row["department"])
            for row in world.sandbox.plex.state("employees")
            if row["status"] == "Active" and not str(row["badgeNumber"]).startswith("900")
        )
        parked = {item.key for item in waiting_list.parked(world.app) if item.type == "employee" and not item.field}
        assert len(parked) == 1, "the one of the story's day whose job nobody has mapped"
        ours = {(line.plant, line.position, line.department): line.actual for line in plan.headcount if line.actual}
        assert ours == theirs
        assert all(line.planned is not None for line in plan.headcount)
        found = outcomes.records(world.app, record_type="headcount")
        told = {(item.plant, item.key): (item.planned, item.actual) for item in found if item.actual is not None}
        assert told == {
            (line.plant, f"{line.position} in {line.department}"): (line.planned, line.actual)
            for line in plan.headcount
        }


def test_a_plan_tells_it_as_json(rehearsal):
    with rehearsal.alive() as life:
        told = json.loads(msgspec.json.encode(life.plan()))["headcount"]
    assert {"plant", "position", "department", "shift", "planned", "actual"} <= told[0].keys()


def test_wp_11_those_alike_counted_together_are_those_counted_one_by_one():
    one_by_one, together = Attendance(), Attendance()
    for fte, on_leave in (("0.5", False), ("0.5", False), ("0.5", False), ("1", True)):
        one_by_one.add(SEAT, excluded=False, on_leave=on_leave)
        one_by_one.add_work(SEAT, [fte])
    together.add(SEAT, excluded=False, people=3)
    together.add_work(SEAT, ["0.5"], people=3)
    together.add(SEAT, excluded=False, on_leave=True)
    together.add_work(SEAT, ["1"])
    (line,) = together.beside(None, shifts={})
    assert one_by_one.beside(None, shifts={}) == [line]
    assert (line.actual, line.on_leave, line.fte) == (4, 1, "2.5")
    together.add_work(SEAT, [None], people=2)
    assert together.beside(None, shifts={})[0].fte is None


def test_wp_11_whom_workday_excludes_is_counted_apart():
    attendance = Attendance()
    seat, other = SEAT, Seat("101", "Welder", "4300")
    attendance.add(seat, excluded=False)
    attendance.add(seat, excluded=True)
    attendance.add(other, excluded=True)
    lines = attendance.beside({seat: 3}, shifts={"101": "Day"})
    assert [(line.department, line.planned, line.actual, line.excluded) for line in lines] == [
        ("4200", 3, 1, 1),
        ("4300", 0, 0, 1),
    ]
