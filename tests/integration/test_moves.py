"""A move between plants: both or neither, and nobody employed nowhere (WP-09)."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from ml_connector.errors import RecordError
from ml_connector.usecases import syncs
from tests.world import open_world, silent


@pytest.fixture
def synced(tmp_path):
    with open_world(tmp_path) as world:
        assert syncs.sync(world.app, progress=silent).exit_code == 0
        yield world


def states(world, badge):
    rows = [row for row in world.sandbox.plex.state("employees") if row["badgeNumber"] == badge]
    return {str(row["pcn"]): row["status"] for row in rows}


def refuse(world, monkeypatch, action):
    """Let Plex refuse one kind of write to an employee."""
    write = world.app.plex.write

    def refusing(given, **more):
        if (given.record_type, given.action) == ("employee", action):
            raise RecordError("the value is not valid here", code="REQUEST_VALIDATION_FAILED")
        return write(given, **more)

    monkeypatch.setattr(world.app.plex, "write", refusing)


def test_wp_09_who_moves_is_active_in_one_plant(synced):
    (moved,) = synced.sandbox.tenant.play("transfer")["touched"]
    syncs.sync(synced.app, progress=silent)
    assert states(synced, moved) == {"101": "Inactive", "102": "Active"}


def test_wp_09_the_old_plant_keeps_whom_the_new_one_refuses(synced, monkeypatch):
    (moved,) = synced.sandbox.tenant.play("transfer")["touched"]
    refuse(synced, monkeypatch, "create")
    assert syncs.sync(synced.app, progress=silent).exit_code == 3
    assert states(synced, moved) == {"101": "Active"}
    waiting = {item.plant: item for item in syncs.parked(synced.app) if item.key == moved}
    assert "waits for employee" in waiting["101"].reason
    monkeypatch.undo()
    syncs.reevaluate(synced.app, [moved], progress=silent)
    syncs.sync(synced.app, progress=silent)
    assert states(synced, moved) == {"101": "Inactive", "102": "Active"}


def test_wp_09_nor_does_the_way_back_leave_anybody_nowhere(synced, monkeypatch):
    (moved,) = synced.sandbox.tenant.play("transfer")["touched"]
    syncs.sync(synced.app, progress=silent)
    desk = synced.sandbox.tenant._desk("back")
    desk.transfer(desk.now().worker(moved), location="DET")
    refuse(synced, monkeypatch, "reactivate")
    syncs.sync(synced.app, progress=silent)
    assert states(synced, moved) == {"101": "Inactive", "102": "Active"}


def test_up_06_what_somebody_wrote_after_we_read_survives_our_update(synced, monkeypatch):
    (changed,) = synced.sandbox.tenant.play("change_job")["touched"]
    (plant,) = states(synced, changed)
    find_each = synced.app.plex.find_each

    def phone(writes):
        synced.sandbox.plex.edit_employee(plant, changed, fields={"workPhone": "555-9"})
        return find_each(writes)

    monkeypatch.setattr(synced.app.plex, "find_each", phone)
    assert syncs.sync(synced.app, progress=silent).exit_code == 3
    (item,) = [item for item in syncs.parked(synced.app) if item.key == changed]
    assert "after it was read" in item.reason
    monkeypatch.undo()
    assert syncs.sync(synced.app, progress=silent).exit_code == 0
    (row,) = [row for row in synced.sandbox.plex.state("employees") if row["badgeNumber"] == changed]
    assert row["workPhone"] == "555-9"
    assert syncs.parked(synced.app) == []
    assert syncs.plan(synced.app, progress=silent).changes == ()


def test_the_trail_names_nobody(synced, monkeypatch):
    """Whoever waits for whom: people are pseudonyms in the chain (trust A4)."""
    synced.sandbox.tenant.play("transfer")
    synced.sandbox.tenant.play("manager_cycle")
    synced.sandbox.tenant.play("long_name")
    refuse(synced, monkeypatch, "create")
    syncs.sync(synced.app, progress=silent)
    world = synced.sandbox.tenant.view().world
    people = [history.entries[0].changes for history in world.workers.values()]
    words = {person["worker_id"] for person in people} | {
        f"{person['first_name']} {person['last_name']}" for person in people
    }
    with synced.app.database.reading() as tx:
        chain = tx.execute(text("SELECT * FROM audit_event")).all()
    said = "\n".join(str(value) for row in chain for value in row)
    assert [word for word in words if word and f" {word}" in said.replace("/", " ")] == []
