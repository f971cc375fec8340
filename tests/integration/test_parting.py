"""
Two people who were taken for one: whose the Plex record is when they are parted, and that both go on by themselves.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from ml_connector.audit.event import AuditAction
from ml_connector.errors import ApprovalRequiredError, UsageError
from ml_connector.mapping.plex import employee_uuid
from ml_connector.sandbox.tenant.setup import morning
from ml_connector.usecases import links, syncs, waiting_list
from ml_connector.usecases.own_records import find_made_ids
from ml_connector.usecases.part import Parting, hand_over
from ml_connector.usecases.subjects import find_bearers
from tests.integration.test_links import contractors, employees, play
from tests.world import open_world, silent


@pytest.fixture
def small(tmp_path):
    with open_world(tmp_path, workers=8) as world:
        yield world


def sync(world, times=1):
    for _ in range(times):
        code = syncs.sync(world.app, progress=silent).exit_code
    return code


def both_active_again(world):
    """A contractor nobody has in Plex became an employee; then the contractor's own profile comes back."""
    desk = world.sandbox.tenant._desk("agency")
    desk.hire("DET", on=world.sandbox.tenant.today - timedelta(days=30), contingent=True)
    sync(world)
    contractor, employee = play(world, "conversion")
    assert sync(world) == 0
    desk = world.sandbox.tenant._desk("agency")
    desk.rehire(desk.now().worker(contractor))
    assert sync(world) == 3
    (waits,) = waiting_list.parked(world.app)
    assert waits.code == "two_active_profiles"
    return contractor, employee, waits.remedy.rpartition("links relink ")[2].split()[0]


@pytest.mark.parametrize("named", ["as parked says", "contractor", "employee"])
def test_wp_01_who_is_parted_from_somebody_not_in_plex_keeps_the_record(small, named):
    contractor, employee, told = both_active_again(small)
    (record,) = employees(small, badgeNumber=employee)
    links.separate(small.app, {"contractor": contractor, "employee": employee}.get(named, told))
    assert sync(small, 2) == 0, waiting_list.parked(small.app)
    (own,) = employees(small, badgeNumber=employee)
    assert (own["id"], own["status"]) == (record["id"], "Active")
    assert employees(small, badgeNumber=contractor) == []
    assert syncs.plan(small.app, progress=silent).changes == ()
    if named == "employee":
        links.withdraw(small.app, employee)
    else:
        desk = small.sandbox.tenant._desk("agency")
        desk.rescind(contractor, "Hire Employee")
        sync(small)
        links.join(small.app, employee, to=contractor)
    sync(small)
    assert employees(small, badgeNumber=employee) == [own], "one again, they go on as the same record"
    assert {item.code for item in waiting_list.parked(small.app)} <= {"two_active_profiles"}


def test_wp_01_one_half_of_what_was_exchanged_is_not_taken_back_alone(small):
    """Both numbers are refused, by the name of the other one; it would be the other's record, and both would wait."""
    contractor, employee, told = both_active_again(small)
    links.separate(small.app, told)
    before = links.list_links(small.app)
    for one, other in ((contractor, employee), (employee, contractor)):
        with pytest.raises(UsageError, match=f"{one} and .*{other} were parted, and exchanged") as refused:
            links.release(small.app, one, plant="101")
        assert f"relink {one} --to" in refused.value.remedy
    assert links.list_links(small.app) == before


def test_wp_09_who_stays_keeps_what_was_chosen_for_them_in_another_plant(small):
    app, foreign = small.app, "4f1c2a9e-0000-4000-8000-00000000beef"
    own, theirs = find_made_ids(app, "stays"), find_made_ids(app, "leaves")
    store, at = app.tools.links, app.clock()
    with app.database.transaction() as tx:
        store.adopt(tx, person="stays", plant="102", plex_id=foreign, by="ada", at=at)
    with app.database.transaction() as tx:
        hand_over(app, tx, store, Parting("stays", ("leaves",), {"101": own["101"]}), at=at)
    held = store.adopted()
    assert held["102", "stays"] == foreign
    assert ("102", "leaves") not in held
    assert (held["101", "stays"], held["101", "leaves"]) == (theirs["101"], own["101"])
    assert (held["100", "stays"], held["100", "leaves"]) == (theirs["100"], own["100"])


@pytest.mark.parametrize("named", [0, 1])
def test_ed_14_a_conversion_ahead_taken_for_one_person_is_parted_by_either_name(tmp_path, named):
    with contractors(tmp_path) as world:
        pair = play(world, "future_conversion")
        sync(world)
        (record,) = employees(world, badgeNumber=pair[0])
        links.separate(world.app, pair[named])
        assert sync(world) == 0
        assert employees(world, badgeNumber=pair[0]) == [record]
        assert len({links.list_links(world.app, worker=each)[0].person for each in pair}) == 2
        world.sandbox.tenant.advance(9)
        world.reopen()
        sync(world, 2)
        (ended,), (new,) = (employees(world, badgeNumber=each) for each in pair)
        assert (ended["id"], ended["status"], new["status"]) == (record["id"], "Inactive", "Active")


def pass_day(world):
    """Let a day pass on which nothing else happens."""
    tenant = world.sandbox.tenant
    tenant._today += timedelta(days=1)
    tenant._moment = max(tenant._moment, morning(tenant._today))
    world.reopen()


def two_pairs(world):
    """Two who left and came back under another number, and no id says who they were."""
    pairs = []
    for _ in range(2):
        play(world, "terminate")
        sync(world)
        pairs.append(play(world, "rehire_unlinked"))
        sync(world)
    return pairs


def test_wp_01_what_the_last_sync_wrote_is_a_record_that_would_be_nobodys(small):
    sync(small)
    ((old, new), _) = two_pairs(small)
    links.separate(small.app, new)
    sync(small)
    (made,) = employees(small, badgeNumber=new)
    with pytest.raises(ApprovalRequiredError, match=f"would be nobody's then.*{made['id']} .Active"):
        links.join(small.app, new, to=old)


def test_wp_01_a_join_takes_along_whoever_was_joined_before(small):
    """
    One who left three times is one person, whoever was joined to whom first; and once more to itself is no circle.
    """
    sync(small)
    (first, second), (third, fourth) = two_pairs(small)
    links.join(small.app, fourth, to=third)
    small.sandbox.tenant._desk("test").terminate(
        small.sandbox.tenant._desk("test").now().worker(second), last_day=small.sandbox.tenant.today
    )
    links.join(small.app, second, to=first)
    with pytest.raises(UsageError, match="both active"):
        links.join(small.app, third, to=second)
    pass_day(small)
    sync(small)
    links.join(small.app, third, to=second, accept=True)
    links.join(small.app, first, to=fourth)
    (link,) = links.list_links(small.app, worker=first)
    assert {first, second, third, fourth} <= {name.value for name in link.aliases}
    assert sync(small) == 3
    (waits,) = waiting_list.parked(small.app)
    assert (waits.key, waits.code, "nobody's any more" in waits.reason) == (fourth, "badge_in_use", True)
    small.sandbox.plex.edit_employee("101", fourth, fields={"badgeNumber": "X4"})
    assert sync(small) == 0
    made = employee_uuid(small.app.connection.workday.tenant, plant="101", person=link.person)
    assert employees(small, badgeNumber=fourth)[0]["id"] == made


def test_wp_01_what_a_decision_leaves_behind_is_said_and_the_next_step_told_frees_the_worker(small):
    """Plex lets no badge be worn twice, though one of them has ended: what stays behind needs another one."""
    sync(small)
    worker = next(each for each in small.sandbox.tenant._desk("test").plain_workers(location="DET"))
    number = worker.worker_id
    (own,) = employees(small, badgeNumber=number)
    small.sandbox.plex.edit_employee("101", number, fields={"badgeNumber": "X1"})
    small.sandbox.plex.edit_employee("101", "90001", fields={"badgeNumber": number})
    assert sync(small) == 3
    (match,) = links.find_matches(small.app)
    (refused,) = links.adopt_all(small.app, [match])
    assert own["id"] in refused.refused
    assert "given another badge" in refused.remedy
    links.adopt(small.app, number, plant="101", record=number, accept=True)
    small.sandbox.plex.edit_employee("101", number, fields={"badgeNumber": "90001"})
    small.sandbox.plex.edit_employee("101", "X1", fields={"badgeNumber": number, "status": "Inactive"})
    assert sync(small) == 3
    (waits,) = waiting_list.parked(small.app)
    assert (waits.code, "relink" in waits.remedy) == ("badge_in_use", False)
    assert "give it another badge" in waits.remedy
    small.sandbox.plex.edit_employee("101", number, fields={"badgeNumber": "X1"})
    assert sync(small) == 0
    assert employees(small, badgeNumber=number)[0]["id"] == match.plex_id


def undo_join(world):
    """
    Somebody new was joined to who had left, in Plex too, and is parted again: how the leaver's record was, and both
    numbers.
    """
    sync(world)
    (left,) = play(world, "terminate")
    sync(world)
    (before,) = employees(world, badgeNumber=left)
    desk = world.sandbox.tenant._desk("test")
    other = desk.hire(desk.now().worker(left).primary_job.location, last_name="Robinson").worker_id
    assert sync(world) == 0
    links.join(world.app, other, to=left, accept=True)
    (own,) = employees(world, badgeNumber=other)
    world.sandbox.plex.edit_employee(pcn_of(world, own), other, fields={"badgeNumber": "X1"})
    (numbers,) = attributes(world, before)
    assert sync(world) == 0
    (taken,) = employees(world, badgeNumber=other)
    assert (taken["id"], taken["lastName"]) == (before["id"], "Robinson")
    links.separate(world.app, other)
    return before, numbers, own, other


def test_wp_01_after_an_undone_join_who_has_ended_gets_all_back_that_was_their_own(tmp_path):
    """Name, e-mail, department and number, in one write with the badge: nothing of another worker stays in step."""
    with open_world(tmp_path, workers=24) as world:
        before, numbers, own, other = undo_join(world)
        sync(world, 2)
        assert sync(world) == 0
        assert employees(world, id=before["id"]) == [before]
        assert attributes(world, before) == [numbers]
        assert [row["id"] for row in employees(world, badgeNumber=other)] == [own["id"]]
        assert syncs.plan(world.app, progress=silent).changes == ()


def test_wp_01_after_an_undone_join_who_has_left_is_ended_whatever_holds_their_supervisor_back(tmp_path):
    """An ending says nothing of a supervisor, and does not wait in the hold of their return."""
    with open_world(tmp_path, workers=24) as world:
        before, _numbers, _own, _other = undo_join(world)
        (boss,) = employees(world, id=before["supervisorId"])
        world.sandbox.plex.edit_employee(str(boss["pcn"]), boss["badgeNumber"], fields={"status": "Inactive"})
        world.sync = {"guard": {"reactivate_over": "0"}}
        world.reopen()
        assert sync(world) == 4
        assert [employees(world, id=each["id"])[0]["status"] for each in (before, boss)] == ["Inactive", "Inactive"]


def test_wp_01_rc_11_what_cannot_be_told_of_who_has_ended_is_parked_by_name_with_what_to_correct(tmp_path):
    with open_world(tmp_path, workers=24) as world:
        before, _numbers, _own, _other = undo_join(world)
        with world.app.database.transaction() as tx:
            tx.execute(text("DELETE FROM mapping_row WHERE kind = 'job_profile'"))
        syncs.plan(world.app, progress=silent)
        (waits,) = [item for item in waiting_list.parked(world.app) if item.code == "holds_anothers"]
        assert (waits.key, waits.plant) == (before["badgeNumber"], pcn_of(world, before))
        assert f"of badge {before['badgeNumber']} in Plex by hand" in waits.remedy
        told = []
        for _ in range(2):
            told += [
                it
                for it in syncs.plan(world.app, progress=silent).changes
                if (it.type, it.key) == ("employee", before["badgeNumber"])
            ]
            sync(world)
        assert [(it.action, "still another worker's: correct them in Plex by hand" in it.reason) for it in told] == [
            ("deactivate", True),
            ("update", True),
        ], "RC-11: with their badge back nothing is parked, and what was written says what is left to do"


def attributes(world, record):
    return [row for row in world.sandbox.plex.state("employee_attributes") if row["Resource_ID"] == record["id"]]


def pcn_of(world, record):
    return next(pcn for pcn, tables in world.sandbox.plex.enterprise.plants.items() if record["id"] in tables.employees)


def test_wp_01_the_trail_says_under_every_number_with_whom_by_whom_and_that_it_was_accepted(small):
    """
    Each decision is found by the number of either worker, and names the other one, or the record, beside the decision.
    """
    sync(small)
    (left,) = play(small, "terminate")
    sync(small)
    desk = small.sandbox.tenant._desk("test")
    other = desk.hire("DET", last_name="Robinson").worker_id
    syncs.plan(small.app, progress=silent)
    wid = links.list_links(small.app, worker=other)[0].person
    with pytest.raises(ApprovalRequiredError, match=f"{wid} is .* Robinson, and {left} is ") as asked:
        links.join(small.app, wid, to=left)
    assert "--accept" in asked.value.remedy
    joined = links.join(small.app, wid, to=left, accept=True)
    assert {each.number: each.name.split()[-1] for each in joined.profiles}[other] == "Robinson"
    assert [(each.number, each.by) for each in joined.profiles if each.decided] == [(other, small.app.actor)]
    links.separate(small.app, wid)
    (alone,) = [each for each in links.list_links(small.app) if each.person == wid]
    assert [(each.number, each.decided) for each in alone.profiles] == [(other, True)]
    links.adopt(small.app, wid, plant="101", record="90001", accept=True)
    told = [stored.event for stored in small.app.trail.list(key=other)]
    decided = [(each.reason, each.detail) for each in told if each.action == AuditAction.LINK_CHANGED]
    assert [set(detail) for _reason, detail in decided] == [
        {"plex_id", "accepted"},
        set(),
        {"other_worker", "accepted"},
    ]
    assert decided[-1][1] == {"other_worker": left, "accepted": "yes"}
    (theirs,) = [stored.event for stored in small.app.trail.list(key=left, action=AuditAction.LINK_CHANGED)]
    assert (theirs.object, theirs.detail) == (f"worker//{left}", {"other_worker": other, "accepted": "yes"})
    small.app.trail.export(small.folder / "trail.jsonl")
    assert other not in (small.folder / "trail.jsonl").read_text(), "in the chain itself both have a stand-in"


def test_wp_01_a_chosen_record_taken_back_says_what_to_put_back_and_matches_no_more_by_our_own_writing(small):
    """We wrote the name and the badge ourselves: that they are alike proves nothing, nor is it accepted with others."""
    sync(small)
    number = small.sandbox.tenant._desk("test").hire("DET").worker_id
    syncs.plan(small.app, progress=silent)
    wid = find_bearers(small.app, number)[0].key
    links.adopt(small.app, wid, plant="101", record="90001", accept=True)
    (temp,) = employees(small, badgeNumber="90001")
    assert sync(small) == 0
    assert employees(small, badgeNumber=number)[0]["id"] == temp["id"]
    put_back = links.release(small.app, wid, plant="101").put_back
    assert (put_back["badge_number"], put_back["last_name"]) == ("90001", temp["lastName"])
    assert sync(small) == 3
    (match,) = links.find_matches(small.app)
    assert (match.written, match.worker_name) == (True, match.plex_name)
    (refused,) = links.adopt_all(small.app, [match])
    assert "prove nothing" in refused.refused
    assert f"--plex {number} --plant 101 --accept" in refused.remedy
