"""What moved: Workday's word, the mapping that reads it, or whose record it is (RD-05, UP-05, WP-01)."""

import pytest

from ml_connector.mapping.claim import RowVersion
from ml_connector.mapping.desired import Desired
from ml_connector.sync.cause import LastAgreed, find_cause, is_open
from ml_connector.sync.diff import Decision


def row(version, source="JP-OPER", plant="101"):
    return RowVersion("job_profile", plant, source, version)


def cause(before, *, now, after=("position",), source="21001", changed=None):
    item = Desired(type="employee", plant="101", key="k", source="21001", label="Ada", rows=now)
    values = changed or dict.fromkeys(after, "new")
    decision = Decision("update", "changed in Workday", dict.fromkeys(values, "old"), values)
    return find_cause(item, decision, LastAgreed(source, before))


def test_rd05_another_version_of_the_row_is_the_mapping_and_says_which():
    assert (
        cause({"position": row(3)}, now={"position": row(4)}) == "the mapping changed (job_profile JP-OPER version 4)"
    )


def test_rd05_a_row_of_the_plants_own_in_the_place_of_one_for_all_is_the_mapping():
    assert "JP-OPER version 1" in cause({"position": row(1, plant="*")}, now={"position": row(1)})


@pytest.mark.parametrize("before", [{"position": row(4)}, {"position": row(3, source="JP-WELD")}, {}])
def test_up05_the_same_row_or_that_of_another_code_is_workdays_own_change(before):
    assert cause(before, now={"position": row(4)}) == "changed in Workday"


def test_rd05_a_field_of_each_kind_names_both():
    told = cause({"position": row(3)}, now={"position": row(4)}, after=("position", "email"))
    assert told == "changed in Workday, and the mapping changed (job_profile JP-OPER version 4)"


def test_rd05_a_row_that_changed_and_gives_what_it_gave_is_no_cause():
    assert cause({"position": row(3)}, now={"position": row(4)}, after=("email",)) == "changed in Workday"


def test_rd05_drift_in_one_field_and_another_version_of_the_row_of_another_are_both_named():
    item = Desired(type="employee", plant="101", key="k", source="21001", label="Ada", rows={"position": row(4)})
    drift = "drift: last_name changed in Plex since the last sync"
    values = {"position": "new", "last_name": "Adams"}
    decision = Decision("update", f"{drift}, and changed in Workday", {}, values, frozenset({"position"}))
    assert is_open(decision)
    told = find_cause(item, decision, LastAgreed("21001", {"position": row(3)}))
    assert told == f"{drift}, and the mapping changed (job_profile JP-OPER version 4)"
    assert find_cause(item, decision, LastAgreed("21001", {"position": row(4)})) == decision.reason


def test_wp01_a_record_that_became_somebody_elses_says_whose_it_was():
    told = cause({}, now={}, source="21002", changed={"first_name": "Ada", "badge_number": "21001"})
    assert told == "the record is 21001's now, it was 21002's"


def test_ed13_a_conversion_is_called_one():
    item = Desired(type="employee", plant="101", key="k", source="21001", label="Ada")
    decision = Decision("update", "changed in Workday", {"badge_number": "CW-7"}, {"badge_number": "21001"})
    assert find_cause(item, decision, LastAgreed("7", {})) == "converted in Workday: 7 is 21001 now"


def test_up05_drift_and_a_first_meeting_are_left_as_they_are():
    for reason in ("drift: position changed in Plex since the last sync", "differs from Workday", "not in Plex"):
        assert not is_open(Decision("update", reason, {}, {"position": "x"}))
    assert not is_open(None)
    assert is_open(Decision("update", "changed in Workday", {}, {"position": "x"}))


def test_wp11_seats_are_a_sum_and_not_said_to_have_changed_in_workday():
    item = Desired(type="headcount", plant="101", key="k", source="Welder in 4100-STP", label="")
    told = find_cause(item, Decision("update", "changed in Workday", {"planned": 16}, {"planned": 0}), None)
    assert told == "as many seats by Workday's positions, as they are mapped now"
