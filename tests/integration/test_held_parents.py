"""
Who waits for a held creation, return or transfer: all of it goes together once a person released it, and none before.
"""

from __future__ import annotations

import pytest

from ml_connector.audit.event import AuditAction
from ml_connector.connectors.port import Action
from ml_connector.errors import PermissionError_, RecordError
from ml_connector.usecases.explain import explain
from tests.explained import app_of
from tests.living import Living

REFUSED = RecordError("the value is not valid here", code="REQUEST_VALIDATION_FAILED")
HEADCOUNT = "/datasources/900102/execute"


@pytest.fixture
def home(tmp_path):
    return Living(tmp_path)


def limit(home, **limits):
    """From now on these guards hold whatever they count."""
    guard = home.settings.sync.guard.model_copy(update=limits)
    sync = home.settings.sync.model_copy(update={"guard": guard})
    home.settings = home.settings.model_copy(update={"sync": sync})


def without_transfers(home):
    """Plex's own command cannot be used: the new plant gets a record before the old one is ended."""
    plants = tuple(plant.model_copy(update={"tenant_id": None}) for plant in home.settings.plex.plants)
    plex = home.settings.plex.model_copy(update={"plants": plants})
    home.settings = home.settings.model_copy(update={"plex": plex})


def states(home, badge):
    rows = [row for row in home.plex_state()["employees"] if row["badgeNumber"] == badge]
    return sorted(row["status"] for row in rows)


def the_hold(life):
    """The only hold there is, told once however many runs met it."""
    (hold,) = life.tools.review.holds("acme", state="open")
    assert len([1 for it in life.tools.trail.list(500) if it.event.action == AuditAction.DECISION_HELD]) == 1
    return hold


def held_twice(life):
    """Sync twice: one hold, one alert, nothing written. Returns the hold and what else of the plan waits in it."""
    for _ in range(2):
        report = life.sync()
        assert report.exit_code == 4
        assert [it.path for it in life.wire.writes if not it.path.endswith(HEADCOUNT)] == []
    hold = the_hold(life)
    assert life.tools.review.parked("acme") == []
    changes = life.plan().changes
    assert {change.action for change in changes} == {"hold"}
    assert report.counts["held"] == len(changes)
    followers = [change.reason for change in changes if "waits for" in change.reason]
    assert len(followers) == len(changes) - len(hold.members)
    assert all(f"held by {hold.id}" in reason for reason in followers)
    return hold, followers


def let_go(life, hold):
    """Release it; all of it goes with the next sync, and nothing is left."""
    life.syncer.release(hold.id)
    assert life.sync().exit_code == 0
    assert life.tools.review.holds("acme", state="open") == []
    assert life.plan().changes == ()


def test_wp09_who_moves_is_employed_in_the_old_plant_while_the_creation_in_the_new_one_is_held(home):
    without_transfers(home)
    with home.synced():
        pass
    limit(home, create_over="0")
    (moved,) = home.play("transfer")
    with home.alive() as life:
        hold, followers = held_twice(life)
        assert hold.guard == "create_over"
        assert states(home, moved) == ["Active"]
        (ending,) = [reason for reason in followers if reason.startswith("deactivate held by")]
        assert "waits for the creation of employee" in ending
        assert f"({moved}) in plant 102" in ending
        told = [it for it in explain(app_of(home, life), moved).decide if it.action == "deactivate"]
        assert [(each.verb, each.hold.id) for each in told] == [("held", hold.id)]
        assert told[0].reason in ending
        let_go(life, hold)
    assert states(home, moved) == ["Active", "Inactive"]


def test_wp15_what_belongs_to_a_held_hire_is_not_sent_before_them(home):
    with home.synced():
        pass
    limit(home, create_over="0")
    (hired,) = home.play("hire")
    with home.alive() as life:
        hold, followers = held_twice(life)
        assert len(followers) == 1
        assert states(home, hired) == []
        let_go(life, hold)
    assert states(home, hired) == ["Active"]


def gone_and_back(home):
    """Somebody leaves, and comes back with something to correct beside their status."""
    with home.synced() as life:
        (number,) = home.play("terminate")
        assert life.sync().exit_code == 0
    (row,) = [
        row
        for tables in home.plex.enterprise.plants.values()
        for row in tables.employees.values()
        if row["badgeNumber"] == number
    ]
    row["lastName"] = "Somebody"
    assert home.play("rehire") == [number]
    return number


def test_cc12_a_held_return_is_not_brought_about_by_the_update_that_follows_it(home):
    number = gone_and_back(home)
    limit(home, reactivate_over="0")
    with home.alive() as life:
        hold, followers = held_twice(life)
        assert hold.guard == "reactivate_over"
        assert any(reason.startswith("update held by") for reason in followers)
        assert all("waits for the reactivation of employee" in reason for reason in followers)
        assert states(home, number) == ["Inactive"]
        let_go(life, hold)
    assert states(home, number) == ["Active"]


def test_wp15_after_a_refused_return_nothing_else_of_the_record_is_sent_and_the_refusal_stays(home, monkeypatch):
    number = gone_and_back(home)
    with home.alive() as life:
        refuse(life, monkeypatch, "reactivate")
        for _ in range(2):
            assert life.sync().exit_code == 3
            assert states(home, number) == ["Inactive"]
            (item,) = [it for it in life.tools.review.parked("acme") if it.type == "employee"]
            assert (item.code, item.content_hash is None) == ("REQUEST_VALIDATION_FAILED", False)
        assert life.refused == 1, "what was refused is not sent again by itself"
        monkeypatch.undo()
        life.syncer.reevaluate([number], progress=lambda *_: None)
    assert states(home, number) == ["Active"]


def test_wp09_a_refused_transfer_is_not_sent_again_by_itself(home, monkeypatch):
    with home.synced():
        pass
    (moved,) = home.play("transfer")
    with home.alive() as life:
        refuse(life, monkeypatch, "transfer")
        for _ in range(2):
            assert life.sync().exit_code == 3
        assert life.refused == 1
        monkeypatch.undo()
        life.syncer.reevaluate([moved], progress=lambda *_: None)
    assert states(home, moved) == ["Active"]


def refuse(life, monkeypatch, action: Action, *, error=REFUSED):
    """Let Plex refuse one kind of write to an employee, and count them."""
    plex = life.tools.plex()
    write, life.refused = plex.write, 0

    def refusing(given, **more):
        if (given.record_type, given.action) == ("employee", action):
            life.refused += 1
            raise error
        return write(given, **more)

    monkeypatch.setattr(plex, "write", refusing)


def test_wp15_who_waits_goes_on_waiting_while_somebody_else_is_decided_anew(home, monkeypatch):
    with home.synced():
        pass
    (hired,) = home.play("hire")
    with home.alive() as life:
        refuse(life, monkeypatch, "create", error=PermissionError_("the user may not do this"))
        assert life.sync().exit_code == 3
        before = life.tools.review.parked("acme")
        assert {(it.key, it.type, it.code) for it in before} == {
            (hired, "employee", "forbidden"),
            (hired, "employee_attributes", "waiting"),
        }
        life.syncer.reevaluate(["21001"], progress=lambda *_: None)
        assert life.tools.review.parked("acme") == before, "nothing was written of them, and nothing decided"
        monkeypatch.undo()
        life.sync()
        assert life.tools.review.parked("acme") == []


def test_wp09_a_refused_return_to_a_plant_ends_nobody_in_the_other_one_in_any_later_run(home, monkeypatch):
    without_transfers(home)
    with home.synced() as life:
        (moved,) = home.play("transfer")
        assert life.sync().exit_code == 0
        assert states(home, moved) == ["Active", "Inactive"]
        home.desk.transfer(home.desk.now().worker(moved), location="DET")
        refuse(life, monkeypatch, "reactivate")
        for _ in range(3):
            assert life.sync().exit_code == 3
            assert states(home, moved) == ["Active", "Inactive"]
            waiting = {it.reason for it in life.tools.review.parked("acme") if it.plant == "102"}
            assert len(waiting) == 1
            assert waiting.pop().startswith("waits for employee")
        assert life.refused == 1
        monkeypatch.undo()
        life.syncer.reevaluate([moved], progress=lambda *_: None)
        assert life.sync().exit_code == 0
        assert states(home, moved) == ["Active", "Inactive"]
        assert life.plan().changes == ()
