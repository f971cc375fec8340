"""What a read-back proves: every cell of the table."""

import msgspec
import pytest

from ml_connector.canonical.plant import PlexRecord
from ml_connector.sync.change import Change
from ml_connector.sync.judge import judge

OWNED = {"badge_number": "21001", "department": "4100-STP"}


def change(action):
    after = {"status": "Inactive"} if action == "deactivate" else {"department": "4100-STP"}
    before = {"status": "Active"} if action == "deactivate" else {"department": "4200-WLD"}
    return Change(
        plant="101",
        type="employee",
        key="k",
        source="21001",
        label="",
        action=action,
        reason="",
        before=before,
        after=OWNED if action == "create" else after,
        owned=OWNED,
        body={},
    )


def record(key="k", **fields):
    values = {**OWNED, "status": "Active", **fields}
    return PlexRecord(type="employee", plant="101", key=key, fields=values)


@pytest.mark.parametrize(
    ("action", "found", "verdict"),
    [
        ("create", [], "absent"),
        ("create", [record()], "applied"),
        ("create", [record(department="4200-WLD")], "conflict"),
        ("create", [record(badge_number=None, department=None)], "absent"),
        ("create", [record(key="other")], "conflict"),
        ("create", [record(), record(key="other")], "duplicate"),
        ("update", [], "conflict"),
        ("update", [record()], "applied"),
        ("update", [record(department="4200-WLD")], "absent"),
        ("update", [record(department="4300-ASM")], "conflict"),
        ("update", [record(), record()], "duplicate"),
        ("deactivate", [record()], "absent"),
        ("deactivate", [record(status="Inactive")], "applied"),
        ("deactivate", [], "conflict"),
    ],
)
def test_the_table(action, found, verdict):
    assert judge(change(action), found) == verdict


@pytest.mark.parametrize(
    ("there", "left", "verdict"),
    [
        (True, False, "applied"),
        (False, True, "absent"),
        (True, True, "in_two_tenants"),
        (False, False, "in_none"),
    ],
)
def test_px_07_a_transfer_is_judged_by_both_plants(there, left, verdict):
    moved = msgspec.structs.replace(change("transfer"), origin="102")
    found = [
        msgspec.structs.replace(record(), plant=plant) for plant, shown in (("101", there), ("102", left)) if shown
    ]
    assert judge(moved, found) == verdict
