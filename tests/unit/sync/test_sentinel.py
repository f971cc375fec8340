"""Plex's silent permissions: rows and columns that were there and are not (PX-04, CC-13)."""

from ml_connector.canonical.plant import PlexRecord
from ml_connector.sync.sentinel import judge_sentinels

AGREED = {f"d{number}": {"department_code": f"d{number}", "name": "Welding", "active": True} for number in range(6)}


def shown(keys, **instead):
    return {key: PlexRecord(type="department", plant="101", key=key, fields={**AGREED[key], **instead}) for key in keys}


def judged(there, gone=()):
    return judge_sentinels("department", "101", agreed=AGREED, there=there, gone=gone)


def test_px04_an_empty_column_where_it_was_filled_names_the_role():
    hold = judged(shown(AGREED, name=None, active=None))
    assert hold.guard == "column_missing"
    assert "active, name empty in 6 of 6 department records of plant 101" in hold.reason
    assert "Web Service Access" in hold.remedy
    assert f"release {hold.id}" in hold.remedy


def test_px13_a_column_that_stops_coming_is_an_empty_one():
    bare = {key: PlexRecord(type="department", plant="101", key=key, fields={"name": "x"}) for key in AGREED}
    assert judged(bare).members == ("column|active", "column|department_code")


def test_up05_what_somebody_emptied_by_hand_is_drift_and_no_permission():
    assert judged(shown(AGREED) | shown(["d0"], name=None)) is None
    assert judged(shown(AGREED) | shown(["d0", "d1", "d2"], name=None)) is None


def test_cc13_as_many_records_but_others_is_no_list_of_ours():
    hold = judged(shown(["d0", "d1"]), gone=["d2", "d3", "d4", "d5"])
    assert (hold.guard, hold.count) == ("sentinel_missing", 4)
    assert judged(shown(["d0", "d1", "d2"]), gone=["d3", "d4", "d5"]) is None, "half of them may be removed by hand"
    assert judged(shown(["d0"]), gone=["d1", "d2"]) is None


def test_px13_a_value_both_sides_agreed_to_leave_empty_is_none_to_miss():
    agreed = {key: {**fields, "name": None} for key, fields in AGREED.items()}
    assert judge_sentinels("department", "101", agreed=agreed, there=shown(AGREED, name=None), gone=()) is None
