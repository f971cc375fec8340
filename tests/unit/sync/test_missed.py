"""CC-06: what a whole comparison counts is what nothing explains."""

import json

import pytest

from ml_connector.canonical.keys import RecordType
from ml_connector.sync.missed import Missed

WORKER = {"key": "w", "name": {"family": "Turner"}, "manager_id": "7", "jobs": [{"fte": "1"}]}
SEAT = {"key": "P-1", "wid": "s", "title": "Welder", "filled_by": "1", "open": False}


def missed(kind, before, now, *, told=(), leavers=(), taken=False):
    noted = Missed(kind, told)
    noted.add(now["key"], before=before and json.dumps(before), now=json.dumps(now))
    return noted.count(leavers=leavers, taken=taken)


@pytest.mark.parametrize(
    "other",
    [
        {"name": {"family": "Adams"}},
        {"jobs": []},
        {"jobs": [{"fte": "0.5"}]},
        {"manager_id": "8"},
        {"manager_id": None},
    ],
)
def test_cc06_a_worker_of_whom_no_log_tells_is_counted(other):
    assert missed(RecordType.WORKER, WORKER, WORKER | other) == 1
    assert missed(RecordType.WORKER, WORKER, WORKER | other, told={"w"}) == 0


def test_cc06_a_worker_nobody_told_of_who_is_new_is_counted():
    assert missed(RecordType.WORKER, None, WORKER) == 1


def test_cc06_a_seat_that_was_taken_explains_a_manager_where_there_was_none_and_nothing_else():
    alone = WORKER | {"manager_id": None}
    assert missed(RecordType.WORKER, alone, WORKER, taken=True) == 0
    assert missed(RecordType.WORKER, alone, WORKER, leavers={"employee 7"}) == 1
    assert missed(RecordType.WORKER, WORKER, WORKER | {"manager_id": "8"}, taken=True) == 1


def test_cc06_a_manager_who_left_explains_another_manager_and_nothing_else():
    moved = WORKER | {"manager_id": "8"}
    assert missed(RecordType.WORKER, WORKER, moved, leavers={"employee 7"}) == 0
    assert missed(RecordType.WORKER, WORKER, moved, leavers={"contingent 7"}) == 1
    assert missed(RecordType.WORKER, WORKER, moved | {"name": {"family": "Adams"}}, leavers={"employee 7"}) == 1


def test_cc06_the_manager_of_a_job_beside_the_primary_one_is_looked_at_as_any_other():
    """WP-06: each of several jobs has a manager of its own."""
    two = WORKER | {"jobs": [{"fte": "1", "manager_id": "7"}, {"fte": "0.5", "manager_id": "9"}]}
    vacant = two | {"jobs": [two["jobs"][0], {"fte": "0.5", "manager_id": None}]}
    assert missed(RecordType.WORKER, two, vacant, leavers={"employee 9"}) == 0
    assert missed(RecordType.WORKER, two, vacant, leavers={"employee 7"}) == 1
    assert missed(RecordType.WORKER, vacant, two, taken=True) == 0
    assert missed(RecordType.WORKER, vacant, two, leavers={"employee 9"}) == 1


def test_cc06_what_is_shown_or_not_shown_any_more_did_not_change():
    less = {"key": "w", "name": {}, "manager_id": "7"}
    assert missed(RecordType.WORKER, WORKER, less) == 0
    assert missed(RecordType.WORKER, less, WORKER) == 0


def test_cc06_who_sits_on_a_seat_is_told_by_their_own_log():
    vacant = {name: value for name, value in SEAT.items() if name != "filled_by"} | {"open": True}
    assert missed(RecordType.POSITION, SEAT, vacant) == 0
    assert missed(RecordType.POSITION, SEAT, vacant | {"title": "Fitter"}) == 1
    assert missed(RecordType.POSITION, SEAT, vacant | {"title": "Fitter"}, told={"s"}) == 0
