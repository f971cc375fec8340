"""
What Plex accepted and cannot be looked up any more: it stays accepted, is told, and every other record goes on (PX-02).
"""

import pytest

from ml_connector.errors import AmbiguousWriteError, AuthenticationError
from ml_connector.sandbox.http import json_response
from ml_connector.sync import apply
from tests.living import Living
from tests.rehearsal import is_write

BY_ID = "/mdm/v1/employees/"


@pytest.fixture
def home(tmp_path):
    return Living(tmp_path)


def is_lookup(request):
    return request.method == "GET" and BY_ID in request.path


def forbidden(request, answer):
    return json_response({"code": "FORBIDDEN"}, 403) if is_lookup(request) else answer(request)


def unreadable(request, answer):
    odd = {"id": request.path.rsplit("/", 1)[1], "status": ["Active"]}
    return json_response(odd) if is_lookup(request) else answer(request)


def unknown_to_plex(request, answer):
    return json_response({}, 401) if is_lookup(request) else answer(request)


def without_its_plant(home, plant):
    plants = tuple(each for each in home.settings.plex.plants if each.pcn != plant)
    plex = home.settings.plex.model_copy(update={"plants": plants})
    home.settings = home.settings.model_copy(update={"plex": plex})


def leave_accepted(home):
    """Somebody is ended, and Plex, which said that it will be, has not shown it yet; gives the plant and the number."""
    with home.synced() as life:
        home.plex.switches.apply_lag_s = 10_000.0
        (ended,) = home.play("terminate")
        assert life.sync().counts["unknown"] == 1
        (left,) = life.tools.store.intents(states=("accepted",))
    assert left.change.source == ended
    return left.change


def parked(life, change):
    return [item.code for item in life.tools.review.parked("acme") if item.key == change.source and not item.field]


def check_told(life, change):
    """It waits still, and a person is shown that it does."""
    assert [intent.change for intent in life.tools.store.intents(states=("accepted",))] == [change]
    assert parked(life, change) == ["not_confirmed"]


def is_ended(home, change):
    return [row["status"] for row in home.plex.state("employees") if row["id"] == change.key] == ["Inactive"]


@pytest.mark.parametrize("door", [forbidden, unreadable])
def test_px_02_what_cannot_be_looked_up_stays_accepted_and_the_run_goes_on(home, door):
    change = leave_accepted(home)
    (hired,) = home.play("hire")
    with home.alive() as life:
        life.wire.spoil = door
        assert life.sync().counts["applied"] > 0
        check_told(life, change)
        assert hired in {row["badgeNumber"] for row in home.plex.state("employees")}
        life.wire.spoil = lambda request, answer: answer(request)
        home.clock.sleep(10_000)
        assert life.sync().counts["unknown"] == 0
        assert not parked(life, change)
        assert life.tools.store.intents(states=("accepted",)) == []
        assert life.plan().changes == ()
    assert is_ended(home, change)


def test_px_02_a_plant_that_is_configured_no_more_stops_no_other(home):
    change = leave_accepted(home)
    settings = home.settings
    without_its_plant(home, change.plant)
    with home.alive() as life:
        life.sync()
        check_told(life, change)
    home.settings = settings
    home.clock.sleep(10_000)
    with home.alive() as life:
        life.sync()
        assert not parked(life, change)
        assert life.tools.store.intents(states=("accepted",)) == []
    assert is_ended(home, change)


def test_px_02_a_word_that_plex_does_not_know_is_said_once(home):
    """Each look could lock the account."""
    leave_accepted(home)
    with home.alive() as life:
        life.wire.spoil = unknown_to_plex
        with pytest.raises(AuthenticationError):
            life.sync()
        assert len([request for request in life.wire.requests if is_lookup(request)]) == 1
        assert len(life.tools.store.intents(states=("accepted",))) == 1


def test_px_02_whom_plex_does_not_know_looks_up_one_of_what_a_killed_run_sent(home):
    with home.synced() as life:
        home.play("terminate")
        home.play("terminate")
        life.plan()
        with life.database.transaction() as tx:
            planned = life.tools.store.intents(states=("planned",))
            life.tools.store.mark_sending(tx, planned, run=1, at=life.tools.clock())
        life.wire.spoil = unknown_to_plex
        with pytest.raises(AuthenticationError):
            life.sync()
        assert len([request for request in life.wire.requests if is_lookup(request)]) == 1
        assert len(life.tools.store.intents(states=("sending",))) == len(planned) > 1


@pytest.mark.parametrize("size", [1, 256])
def test_px_02_once_plex_does_not_know_us_nothing_more_is_looked_up_or_sent(home, monkeypatch, size):
    monkeypatch.setattr(apply, "MOST_BATCH", size)
    cut, asked = [], []

    def spoil(request, answer):
        if is_write(request):
            cut.append(request)
            raise AmbiguousWriteError("the line is cut")
        if not cut or not is_lookup(request):
            return answer(request)
        asked.append(request)
        return unknown_to_plex(request, answer)

    with home.synced() as life:
        home.play("terminate")
        home.play("terminate")
        life.wire.spoil = spoil
        with pytest.raises(AuthenticationError):
            life.sync()
        assert len(life.tools.store.intents(states=("sending",))) == len(cut)
        assert (len(cut) == 1) is (size == 1)
        assert len(asked) == 1
