"""What cannot be looked up at all keeps no later run from beginning."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ml_connector.sync.change import Change
from ml_connector.sync.read_back import ReadBack
from ml_connector.sync.store import Intent

SEAT = Change(
    plant="101",
    type="headcount",
    key="Welder|Day|4200-WLD",
    source="Welder in 4200-WLD",
    label="Welder, Day, 4200-WLD",
    action="update",
    reason="",
    before={"planned": 3},
    after={"planned": 4},
    owned={"planned": 4},
    body={"staffing_level": 4},
)


class Odd:
    """A connector that meets something nobody thought of."""

    def find(self, write):
        raise ValueError("zip() argument 2 is longer than argument 1")


@pytest.fixture
def back():
    plex = SimpleNamespace(settle_s=0.0)
    tools = SimpleNamespace(
        connection=SimpleNamespace(plex=plex), connector=lambda system: Odd(), sleep=lambda seconds: None
    )
    return ReadBack(tools, receipts=None, progress=lambda *told: None)


def test_px_02_a_write_that_cannot_be_looked_up_stays_unknown(back):
    intent = Intent(plan_id=1, seq=1, change=SEAT, state="sending", attempt=1)
    (outcome,) = back.settle([intent])
    assert (outcome.state, outcome.reason) == ("unknown", "looking it up fails (ValueError)")
    assert back._is_seen(intent) is False
