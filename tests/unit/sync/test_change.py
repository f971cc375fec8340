"""Digests: the same content gives the same bytes, in every version and on every machine."""

import msgspec

from ml_connector.sync.allowance import name_some
from ml_connector.sync.change import Change, digest_of, level_of, make_hold
from ml_connector.sync.parking import park_orphan

CHANGE = Change(
    plant="101",
    type="employee",
    key="3130205b-96f5-5c53-abba-82f9b76979a8",
    source="000001",
    label="Ada Nguyễn",
    action="update",
    reason="changed in Workday",
    before={"department": "4100-STP"},
    after={"department": "4200-WLD"},
    owned={"department": "4200-WLD"},
    body={"lastName": "Nguyễn", "department": "4200-WLD"},
)


def test_golden_hashes_do_not_change_between_versions():
    assert CHANGE.content_hash == "a7d7dd5f1a502f5e9d6caec13dbbd25504c6026ac8978f57048e0b4827ace12c"
    assert digest_of("acme", "v1", [CHANGE]) == "3391aad1d9d46f3d26282b614424f13ad5e15c73f522aca07d685f59e1df6b55"


def test_what_people_read_is_no_part_of_what_is_approved():
    reworded = msgspec.structs.replace(CHANGE, reason="other words", label="A. N.", spoken={"department": "x"})
    assert digest_of("acme", "v1", [reworded]) == digest_of("acme", "v1", [CHANGE])


def test_any_other_body_old_value_mapping_or_hold_is_another_digest():
    base = digest_of("acme", "v1", [CHANGE])
    others = [
        digest_of("acme", "v2", [CHANGE]),
        digest_of("other", "v1", [CHANGE]),
        digest_of("acme", "v1", [msgspec.structs.replace(CHANGE, body={**CHANGE.body, "email": "x"})]),
        digest_of("acme", "v1", [msgspec.structs.replace(CHANGE, before={"department": "x"})]),
        digest_of("acme", "v1", [msgspec.structs.replace(CHANGE, hold="h")]),
        digest_of("acme", "v1", []),
    ]
    assert base not in others
    assert len(set(others)) == len(others)


def test_wp_15_references_come_first_managers_before_reports_and_endings_last():
    kinds = ["department", "cost_center", "position", "headcount", "employee"]
    levels = [level_of(kind, "create", depth=0) for kind in kinds]
    assert levels == sorted(levels)
    assert level_of("employee", "create", depth=1) > level_of("employee", "create", depth=0)
    assert level_of("employee_attributes", "create", depth=0) > level_of("employee", "create", depth=50)
    assert level_of("employee", "deactivate", depth=0) > level_of("employee_attributes", "create", depth=0)


def test_a_hold_is_named_after_its_set():
    one = make_hold("g", kind="employee", plant="", members=["b", "a"], reason="r", remedy="release {hold}")
    two = make_hold("g", kind="employee", plant="", members=["a", "b"], reason="other", remedy="release {hold}")
    assert (one.id, one.remedy) == (two.id, f"release {one.id}")


def test_wp_15_an_endless_name_does_not_flood_what_is_said_of_others():
    endless = msgspec.structs.replace(CHANGE, label="Wei " * 100)
    assert park_orphan(endless, "employee|101|x").reason.startswith("waits for employee Wei Wei")
    assert len(park_orphan(endless, "employee|101|x").reason) < 100
    (named,) = name_some([endless])
    assert named.endswith("… (000001)")
    assert len(named) < 80
