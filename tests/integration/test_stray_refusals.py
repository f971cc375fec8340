"""A 404 that a gateway gives for a while leaves nobody behind: what it kept away goes with the next sync (PX-02)."""

from contextlib import suppress

import pytest

from ml_connector.errors import TransientError
from ml_connector.sandbox.http import json_response
from tests.living import Living
from tests.rehearsal import is_write

NO_ROUTE = json_response({"code": "RESOURCE_NOT_FOUND", "message": "Nothing answers at this address."}, 404)


@pytest.fixture
def home(tmp_path):
    return Living(tmp_path)


def healthy(request, answer):
    return answer(request)


def no_route_to_employees(request, answer):
    return NO_ROUTE if "/employees/" in request.path and is_write(request) else answer(request)


def no_way_in(request, answer):
    """Lists are read; of single employees nothing is, and nothing is written."""
    return NO_ROUTE if is_write(request) or "/employees/" in request.path else answer(request)


@pytest.mark.parametrize("door", [no_route_to_employees, no_way_in])
def test_px_02_a_leaver_whom_a_gateway_kept_in_plex_is_ended_by_the_next_sync(home, door):
    with home.synced() as life:
        (ended,) = home.play("terminate")
        life.wire.spoil = door
        life.sync()
        assert [item.key for item in life.tools.review.parked("acme")].count(ended) == 1
        life.wire.spoil = healthy
        life.sync()
        assert ended not in [item.key for item in life.tools.review.parked("acme")]
        assert life.plan().changes == ()
    assert [row["status"] for row in home.plex.state("employees") if row["badgeNumber"] == ended] == ["Inactive"]


def test_px_02_whom_a_gateway_kept_out_of_plex_is_there_after_the_next_sync(home):
    with home.synced() as life:
        (hired,) = home.play("hire")
        life.wire.spoil = no_way_in
        with suppress(TransientError):
            life.sync()
        life.wire.spoil = healthy
        life.sync()
        assert hired not in [item.key for item in life.tools.review.parked("acme")]
    assert [row["badgeNumber"] for row in home.plex.state("employees")].count(hired) == 1
