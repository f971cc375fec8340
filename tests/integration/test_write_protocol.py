"""
Ambiguous answers: whatever Plex or the line does to a write, the end state is that of a clean run (trust A1-T1).

Each mode hits several writes of a first sync. Nothing is guessed: what was applied is proved by reading back, what was
not is sent again.
"""

import pytest

from ml_connector.sandbox.faults import parse_fault
from ml_connector.usecases import syncs, waiting_list
from tests.world import open_world, silent

WORKERS = 24
AMBIGUOUS = (
    "timeout_before",
    "timeout_after",
    "reset_before",
    "reset_after",
    "500",
    "500_after",
    "truncated",
    "html",
    "soap_fault_200",
    "empty",
    "wrong_answer",
    "garbage_json",
    "half_read",
)
PLACES = ("/api/mdm/v1/employees", "/api/datasources/900102", "/api/datasources/22657")


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    with open_world(tmp_path_factory.mktemp("clean"), workers=WORKERS) as world:
        syncs.sync(world.app, progress=silent)
        return world.plex_state()


@pytest.mark.parametrize("mode", AMBIGUOUS)
def test_a1_t1_the_end_state_is_that_of_a_clean_run(tmp_path, clean, mode):
    with open_world(tmp_path, workers=WORKERS, timeout_s=0.7, settle_s=0.25) as world:
        for place in PLACES:
            world.sandbox.faults.add(
                parse_fault({"system": "plex", "mode": mode, "path": place, "method": "POST", "count": 2, "after": 4})
            )
        first = syncs.sync(world.app, progress=silent)
        world.sandbox.faults.clear()
        second = syncs.sync(world.app, progress=silent)
        assert (second.counts["unknown"], second.counts["parked"]) == (0, 0), waiting_list.parked(world.app)
        assert world.plex_state() == clean
        assert first.counts["applied"] > 0
        assert world.app.trail.verify().ok
