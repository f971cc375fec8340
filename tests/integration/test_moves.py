"""A move between plants: both or neither, and nobody employed nowhere (WP-09)."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import text

from ml_connector.canonical.plant import PlexRecord
from ml_connector.errors import RecordError
from ml_connector.snapshot.extracts.store import Scope
from ml_connector.sync.baseline.store import BaselineStore
from ml_connector.sync.recall import look_after
from ml_connector.timeline.links.store import LinkStore
from ml_connector.usecases import syncs, waiting_list
from tests.world import open_synced, silent


class KeyAlone(msgspec.Struct):
    key: str


@pytest.fixture
def synced(tmp_path):
    with open_synced(tmp_path) as world:
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


def record(world, badge):
    (row,) = [row for row in world.sandbox.plex.state("employees") if row["badgeNumber"] == badge]
    return row


def paths(world, since):
    return [
        item["path"].split("employees/")[-1] for item in world.write_requests()[since:] if "employees" in item["path"]
    ]


def play(world):
    (moved,) = world.sandbox.tenant.play("transfer")["touched"]
    return moved


def send_back(world, moved):
    desk = world.sandbox.tenant._desk("back")
    desk.transfer(desk.now().worker(moved), location="DET")


def test_px_07_a_move_is_a_transfer_that_takes_the_record_along(synced):
    moved = play(synced)
    before, sent = record(synced, moved), synced.writes()
    plan = syncs.plan(synced.app, progress=silent)
    assert plan.counts["transfer"] == 1
    assert [change.action for change in plan.changes if change.key == moved] == [
        "update",
        "transfer",
        "update",
        "update",
    ]
    assert syncs.apply(synced.app, digest=plan.digest, progress=silent).exit_code == 0
    after = record(synced, moved)
    assert (after["id"], after["status"], str(after["pcn"])) == (before["id"], "Active", "102")
    assert (after["building"], after["shift"]) == ("TOL", before["shift"])
    assert paths(synced, sent) == [before["id"], f"{before['id']}/transfer", before["id"]]
    (attributes,) = [
        row for row in synced.sandbox.plex.state("employee_attributes") if row["Resource_ID"] == before["id"]
    ]
    assert (str(attributes["pcn"]), attributes["External_Employee_ID"]) == ("102", moved)
    assert attributes["Cost_Center_No"] is not None
    (link,) = LinkStore(synced.app.database, "acme").list()
    assert link.plex == {"102": before["id"]}, "the person is that record in the new plant"
    assert syncs.plan(synced.app, progress=silent).changes == (), "M-4: nothing is left to do"
    assert synced.app.trail.verify().ok


def test_px_07_until_plex_is_read_again_who_moved_is_seen_in_the_new_plant_and_in_no_other(synced):
    """By lists, by name, and by whoever wants to see less than a whole record."""
    moved = play(synced)
    number, tools = record(synced, moved)["id"], synced.app.tools
    assert syncs.sync(synced.app, progress=silent).exit_code == 0
    seen = look_after(tools)
    for plant, there in (("101", []), ("102", [number])):
        scope = Scope("acme", "plex", "employee", plant)
        assert [it.key for it in seen.read(scope, of=PlexRecord) if it.key == number] == there
        assert [it.key for it in seen.read(scope, of=KeyAlone) if it.key == number] == there
        assert list(seen.find(scope, keys=[number], of=PlexRecord)) == there
        assert [it.key for it in seen.find(scope, keys=[number], of=KeyAlone).values()] == there


def test_px_07_nothing_is_agreed_on_any_more_about_who_left_a_plant(synced):
    """Else the record would be missed there as one that vanished, and a return compared with what was true before."""
    moved = play(synced)
    number = record(synced, moved)["id"]
    syncs.sync(synced.app, progress=silent)
    baselines = BaselineStore(synced.app.database, "acme")
    for kind in ("employee", "employee_attributes"):
        watched = {plant: number in baselines.sentinels(kind, plant, limit=1000) for plant in ("101", "102")}
        assert watched == {"101": False, "102": True}


def test_px_07_the_way_back_brings_the_same_record_home(synced):
    moved = play(synced)
    before = record(synced, moved)
    syncs.sync(synced.app, progress=silent)
    send_back(synced, moved)
    assert syncs.sync(synced.app, progress=silent).exit_code == 0
    after = record(synced, moved)
    assert {name for name in after if after[name] != before[name]} <= {"position", "department", "supervisorId"}
    assert syncs.plan(synced.app, progress=silent).changes == ()


def test_px_01_a_record_that_moved_is_known_by_its_id_when_our_database_is_lost(synced):
    moved = play(synced)
    syncs.sync(synced.app, progress=silent)
    before = record(synced, moved)
    synced.lose_database()
    plan = syncs.plan(synced.app, progress=silent)
    assert [change for change in plan.changes if change.type == "employee"] == []
    assert waiting_list.parked(synced.app) == []
    assert record(synced, moved) == before


def test_wp_09_the_old_plant_keeps_whom_the_new_one_cannot_take(synced):
    """
    Plex drops the command without a word where the new plant lacks a type: nobody is lost, and nothing is sent twice.
    """
    synced.configure(confirm_within_s=0.5)
    moved = play(synced)
    before = record(synced, moved)
    del synced.sandbox.plex.enterprise.plants["102"].types[before["type"]]
    sent = synced.writes()
    assert syncs.sync(synced.app, progress=silent).exit_code == 3
    assert states(synced, moved) == {"101": "Active"}
    for _ in range(2):
        syncs.sync(synced.app, progress=silent)
    assert sum(path.endswith("/transfer") for path in paths(synced, sent)) == 1
    (item,) = [item for item in waiting_list.parked(synced.app) if item.key == moved and item.code == "not_confirmed"]
    assert "may lack the employee's status, type or shift" in item.reason
    synced.sandbox.plex.enterprise.plants["102"].types[before["type"]] = 1
    syncs.resend(synced.app, [moved], progress=silent)
    assert syncs.sync(synced.app, progress=silent).exit_code == 0
    assert states(synced, moved) == {"102": "Active"}
    assert record(synced, moved)["building"] == "TOL"


def test_wp_09_a_move_that_is_refused_leaves_everybody_where_they_are(synced, monkeypatch):
    moved = play(synced)
    refuse(synced, monkeypatch, "transfer")
    assert syncs.sync(synced.app, progress=silent).exit_code == 3
    assert states(synced, moved) == {"101": "Active"}
    monkeypatch.undo()
    syncs.reevaluate(synced.app, [moved], progress=silent)
    assert states(synced, moved) == {"102": "Active"}


@pytest.mark.parametrize(("code", "plants"), [("in_two_tenants", {"101", "102"}), ("in_none", set())])
def test_px_07_who_is_in_two_plants_or_in_none_waits_for_a_person(synced, code, plants):
    """Nothing is created or ended until somebody says so, and then Workday's word counts."""
    synced.configure(confirm_within_s=0.5)
    moved = play(synced)
    row = record(synced, moved)
    ours = {pcn: synced.sandbox.plex.enterprise.plants[pcn] for pcn in ("101", "102")}
    del ours["102"].types[row["type"]]  # the command is dropped, and the plants are then as the case wants them
    syncs.sync(synced.app, progress=silent)
    ours["102"].types[row["type"]] = 1
    tables = ours["101"]
    kept, attributes = tables.employees.pop(row["id"]), tables.attributes.pop(row["id"])
    for pcn in plants:
        ours[pcn].employees[row["id"]], ours[pcn].attributes[row["id"]] = kept, attributes
    before = synced.writes()
    for _ in range(2):
        syncs.sync(synced.app, progress=silent)
        (item,) = [item for item in waiting_list.parked(synced.app) if item.key == moved and not item.field]
        assert (item.code, "both plants" in (item.remedy or "")) == (code, True)
    assert [path for path in paths(synced, before) if "activate" in path or row["id"] in path] == []
    assert set(states(synced, moved)) == plants
    syncs.reevaluate(synced.app, [moved], progress=silent)
    syncs.sync(synced.app, progress=silent)
    now = states(synced, moved)
    assert now.pop("102") == "Active"
    assert set(now.values()) <= {"Inactive"}


def without_tenant(world):
    """A configuration that names no tenant id for the new plant."""
    world.configure(
        plants=[
            {**plant, "tenant_id": None} for plant in world.configuration()["connections"]["acme"]["plex"]["plants"]
        ]
    )


def test_wp_09_without_a_tenant_id_the_new_plant_has_them_before_the_old_one_ends(synced, monkeypatch):
    without_tenant(synced)
    moved = play(synced)
    refuse(synced, monkeypatch, "create")
    assert syncs.sync(synced.app, progress=silent).exit_code == 3
    assert states(synced, moved) == {"101": "Active"}
    waiting = {item.plant: item for item in waiting_list.parked(synced.app) if item.key == moved}
    assert "waits for employee" in waiting["101"].reason
    monkeypatch.undo()
    syncs.reevaluate(synced.app, [moved], progress=silent)
    syncs.sync(synced.app, progress=silent)
    assert states(synced, moved) == {"101": "Inactive", "102": "Active"}
    send_back(synced, moved)
    refuse(synced, monkeypatch, "reactivate")
    syncs.sync(synced.app, progress=silent)
    assert states(synced, moved) == {"101": "Inactive", "102": "Active"}, "nor does the way back leave anybody nowhere"


def test_px_07_a_plant_that_has_a_record_from_before_brings_it_back(synced):
    tenants = synced.configuration()["connections"]["acme"]["plex"]["plants"]
    without_tenant(synced)
    moved = play(synced)
    syncs.sync(synced.app, progress=silent)
    assert states(synced, moved) == {"101": "Inactive", "102": "Active"}
    synced.configure(plants=tenants)
    send_back(synced, moved)
    plan = syncs.plan(synced.app, progress=silent)
    assert (plan.counts["transfer"], plan.counts["reactivate"], plan.counts["deactivate"]) == (0, 1, 1)
    syncs.sync(synced.app, progress=silent)
    assert states(synced, moved) == {"101": "Active", "102": "Inactive"}


def test_up_06_what_somebody_wrote_after_we_read_survives_our_update(synced, monkeypatch):
    (changed,) = synced.sandbox.tenant.play("change_job")["touched"]
    (plant,) = states(synced, changed)
    find_each = synced.app.plex.find_each

    def phone(writes):
        synced.sandbox.plex.edit_employee(plant, changed, fields={"workPhone": "555-9"})
        return find_each(writes)

    monkeypatch.setattr(synced.app.plex, "find_each", phone)
    assert syncs.sync(synced.app, progress=silent).exit_code == 3
    (item,) = [item for item in waiting_list.parked(synced.app) if item.key == changed]
    assert "after it was read" in item.reason
    monkeypatch.undo()
    assert syncs.sync(synced.app, progress=silent).exit_code == 0
    (row,) = [row for row in synced.sandbox.plex.state("employees") if row["badgeNumber"] == changed]
    assert row["workPhone"] == "555-9"
    assert waiting_list.parked(synced.app) == []
    assert syncs.plan(synced.app, progress=silent).changes == ()


def test_the_trail_names_nobody(synced, monkeypatch):
    """Whoever waits for whom: people are pseudonyms in the chain (trust A4)."""
    synced.sandbox.tenant.play("transfer")
    synced.sandbox.tenant.play("manager_cycle")
    synced.sandbox.tenant.play("long_name")
    refuse(synced, monkeypatch, "transfer")
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
