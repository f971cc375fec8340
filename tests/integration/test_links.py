"""One person, one Plex record: whatever Workday calls them, and whoever wrote the record first."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from ml_connector.audit.event import AuditAction
from ml_connector.errors import ApprovalRequiredError, ConfigurationError, StorageError, UsageError
from ml_connector.mapping.plex import employee_uuid
from ml_connector.sync.history.store import HistoryStore
from ml_connector.usecases import links, outcomes, syncs, waiting_list
from ml_connector.usecases.subjects import find_bearers
from tests.world import open_synced, open_world, silent


@pytest.fixture
def synced(tmp_path):
    with open_synced(tmp_path) as world:
        yield world


def play(world, scenario):
    return world.sandbox.tenant.play(scenario)["touched"]


def employees(world, **fields):
    rows = world.sandbox.plex.state("employees")
    return [row for row in rows if all(row[name] == value for name, value in fields.items())]


def decisions(world):
    return [stored.event for stored in world.app.trail.list(action=AuditAction.LINK_CHANGED)]


def test_ed_12_a_rehire_under_a_new_id_returns_to_the_same_record(synced):
    (old,) = play(synced, "terminate")
    syncs.sync(synced.app, progress=silent)
    (record,) = employees(synced, badgeNumber=old)
    assert record["status"] == "Inactive"
    count = len(employees(synced))
    _, new = play(synced, "rehire_new_id")
    assert syncs.sync(synced.app, progress=silent).exit_code == 0
    (back,) = employees(synced, badgeNumber=new)
    assert (back["id"], back["status"], len(employees(synced))) == (record["id"], "Active", count)
    assert decisions(synced), "that two profiles are one person is in the trail"


def test_wp_01_a_changed_employee_id_updates_the_record(synced):
    (key,) = play(synced, "employee_id_changed")
    (record,) = employees(synced, badgeNumber=key)
    plan = syncs.plan(synced.app, progress=silent)
    assert {change.action for change in plan.changes} == {"update"}
    syncs.apply(synced.app, digest=plan.digest, progress=silent)
    (renamed,) = employees(synced, badgeNumber=f"E{key}")
    assert renamed["id"] == record["id"]
    both = {name.value for link in links.list_links(synced.app, worker=f"E{key}") for name in link.aliases}
    assert {key, f"E{key}"} <= both, "known by the new number, and by the old one still"


@pytest.mark.parametrize(("scenario", "days"), [("conversion", 0), ("future_conversion", 8), ("gap_conversion", 10)])
def test_ed_13_14_16_a_conversion_stays_one_record_on_every_day(tmp_path, scenario, days):
    with open_world(tmp_path, workers=40) as world:
        world.sync["contingent_workers"] = True
        world.reopen()
        syncs.sync(world.app, progress=silent)
        contractor, employee = play(world, scenario)
        before = {row["id"] for row in employees(world, badgeNumber=contractor)}
        for _ in range(days + 1):
            syncs.sync(world.app, progress=silent)
            ours = employees(world, badgeNumber=contractor) + employees(world, badgeNumber=employee)
            assert len({row["id"] for row in ours}) <= 1, "never two records of one person"
            world.next_day()
        (converted,) = employees(world, badgeNumber=employee)
        assert converted["status"] == "Active"
        assert before in ({converted["id"]}, set()), "the record of the contingent worker, where there was one"


@contextmanager
def contractors(folder):
    """An enterprise whose contingent workers are in Plex."""
    with open_world(folder, workers=8) as world:
        world.sync["contingent_workers"] = True
        world.reopen()
        tenant = world.sandbox.tenant
        tenant._desk("agency").hire("DET", on=tenant.today - timedelta(days=30), contingent=True)
        assert syncs.sync(world.app, progress=silent).exit_code == 0
        yield world


def test_ed_15_a_conversion_entered_late_changes_the_type_and_says_whose_labor_to_review(tmp_path):
    with contractors(tmp_path) as world:
        contractor, employee = play(world, "backdated_conversion")
        (record,) = employees(world, badgeNumber=contractor)
        since = world.sandbox.tenant.today - timedelta(days=14)
        plan = syncs.plan(world.app, progress=silent)
        (change,) = [each for each in plan.changes if each.key == employee and each.type == "employee"]
        assert (change.action, change.after["badge_number"]) == ("update", employee)
        assert f"an employee since {since}, entered late" in change.reason
        run = syncs.apply(world.app, digest=plan.digest, progress=silent)
        (written,) = [each for each in outcomes.run_detail(world.app, run.run)["writes"] if "labor" in each["reason"]]
        assert written["key"] == employee
        (converted,) = employees(world, badgeNumber=employee)
        assert (converted["id"], converted["status"]) == (record["id"], "Active")
        assert syncs.plan(world.app, progress=silent).changes == ()


def test_ed_15_a_conversion_of_today_needs_no_review(tmp_path):
    with contractors(tmp_path) as world:
        play(world, "conversion")
        plan = syncs.plan(world.app, progress=silent)
        assert {"badge_number"} & {name for change in plan.changes for name in change.before}
        assert not any("review" in change.reason for change in plan.changes)


@pytest.fixture
def brownfield(tmp_path):
    """A Plex that had its people before us: the same badges under ids that are not ours."""
    with open_world(tmp_path, workers=24) as world:
        syncs.sync(world.app, progress=silent)
        for tables in world.sandbox.plex.enterprise.plants.values():
            for key, row in list(tables.employees.items()):
                if not str(row["badgeNumber"]).startswith("900"):
                    del tables.employees[key]
                    other = key[:-4] + "beef"
                    tables.employees[other] = {**row, "id": other, "supervisorId": None}
                    tables.attributes[other] = {**tables.attributes.pop(key), "Resource_ID": other}
        world.lose_database()
        yield world


def test_people_who_were_there_before_wait_and_are_never_doubled(brownfield):
    count = len(employees(brownfield))
    report = syncs.sync(brownfield.app, progress=silent)
    assert report.exit_code == 3
    assert len(employees(brownfield)) == count
    matches = links.find_matches(brownfield.app)
    assert len(matches) == len({item.key for item in waiting_list.parked(brownfield.app) if item.type == "employee"})
    assert all(match.worker_name and match.plex_name for match in matches)


def calls_of(monkeypatch, owner, name):
    """From now on one entry for every call of a method."""
    calls, method = [], getattr(owner, name)

    def counted(*given, **named):
        calls.append(name)
        return method(*given, **named)

    monkeypatch.setattr(owner, name, counted)
    return calls


def test_accepted_matches_go_on_as_the_records_that_were_there(brownfield, monkeypatch):
    count = len(employees(brownfield))
    syncs.sync(brownfield.app, progress=silent)
    matches = links.find_matches(brownfield.app)
    asked = calls_of(monkeypatch, HistoryStore, "applied_since_reading")
    assert links.adopt_all(brownfield.app, matches) == []
    assert (len(matches) > 1, len(asked)) == (True, 1), "what Plex holds is looked up for all of them together"
    plan = syncs.plan(brownfield.app, progress=silent)
    assert {change.action for change in plan.changes if change.type == "employee"} <= {"update"}
    assert syncs.sync(brownfield.app, progress=silent).exit_code in {0, 4}
    assert len(employees(brownfield)) == count
    assert links.find_matches(brownfield.app) == []
    assert len(decisions(brownfield)) == len(matches)


def test_a_full_database_ends_the_accepting_of_matches_and_is_no_refusal(small, monkeypatch):
    def full(*_names, **_options):
        raise StorageError("the database is full")

    monkeypatch.setattr(links, "_adopt", full)
    match = links.Match(plant="101", worker="1", worker_name="", plex_id="2", plex_name="")
    with pytest.raises(StorageError, match="full"):
        links.adopt_all(small.app, [match])


def test_a_plex_record_is_nobody_twice(brownfield):
    syncs.sync(brownfield.app, progress=silent)
    first, second = links.find_matches(brownfield.app)[:2]
    links.adopt(brownfield.app, first.worker, plant=first.plant, record=first.plex_id)
    with pytest.raises(ConfigurationError, match="somebody else already"):
        links.adopt(brownfield.app, second.worker, plant=first.plant, record=first.plex_id)
    links.release(brownfield.app, first.worker, plant=first.plant)
    assert links.find_matches(brownfield.app)[0].worker == first.worker


def test_what_somebody_decided_holds(synced):
    play(synced, "terminate")
    syncs.sync(synced.app, progress=silent)
    old, new = play(synced, "rehire_new_id")
    assert syncs.plan(synced.app, progress=silent).counts["create"] == 0
    links.separate(synced.app, new)
    plan = syncs.plan(synced.app, progress=silent)
    assert "create" in {change.action for change in plan.changes if change.type == "employee"}
    links.join(synced.app, new, to=old)
    assert syncs.plan(synced.app, progress=silent).counts["create"] == 0
    with pytest.raises(UsageError, match="no worker 4711 was ever read"):
        links.join(synced.app, "4711", to=old)


def forget(world, *tables):
    """Lose some tables, as a restore that went half way would."""
    with world.app.database.transaction() as tx:
        for table in tables:
            tx.execute(text(f"DELETE FROM {table}"))


def test_wp_02_with_its_links_lost_nobody_comes_or_goes_until_a_person_says_so(synced):
    (leaver,), (newcomer,) = play(synced, "terminate"), play(synced, "hire")
    forget(synced, "person_alias", "plex_link")
    before = employees(synced)
    run = syncs.sync(synced.app, progress=silent)
    assert (run.exit_code, employees(synced)) == (4, before)
    (hold,) = waiting_list.holds(synced.app)
    assert hold.guard == "links_lost"
    assert "restore the latest backup" in hold.remedy
    assert "links match" in hold.remedy
    assert syncs.sync(synced.app, progress=silent).exit_code == 4, "looking does not make it forgotten"
    waiting_list.release(synced.app, hold.id)
    assert syncs.sync(synced.app, progress=silent).exit_code == 0
    assert [row["status"] for row in employees(synced, badgeNumber=leaver)] == ["Inactive"]
    assert len(employees(synced, badgeNumber=newcomer)) == 1
    assert waiting_list.holds(synced.app) == []


def test_wp_02_after_a_lost_database_nobody_comes_or_goes_until_a_person_says_so(synced):
    (newcomer,) = play(synced, "hire")
    synced.lose_database()
    assert syncs.sync(synced.app, progress=silent).exit_code == 4
    assert employees(synced, badgeNumber=newcomer) == []
    (hold,) = waiting_list.holds(synced.app)
    waiting_list.release(synced.app, hold.id)
    assert syncs.sync(synced.app, progress=silent).exit_code == 0, waiting_list.parked(synced.app)
    assert len(employees(synced, badgeNumber=newcomer)) == 1


def test_wp_02_what_only_corrects_somebody_goes_on(synced):
    (key,) = play(synced, "employee_id_changed")
    forget(synced, "person_alias", "plex_link")
    assert syncs.sync(synced.app, progress=silent).exit_code == 4
    assert len(employees(synced, badgeNumber=f"E{key}")) == 1


@pytest.fixture
def small(tmp_path):
    with open_world(tmp_path, workers=10) as world:
        syncs.sync(world.app, progress=silent)
        syncs.plan(world.app, progress=silent)  # the last reading shows what was written
        yield world


def at_work(world, plant="101"):
    """The numbers of those whose record in a plant we made, and who are active there."""
    rows = world.sandbox.plex.enterprise.plants[plant].employees.values()
    worn = {row["badgeNumber"] for row in rows if row["status"] == "Active" and row["id"][14] == "5"}
    return sorted(worn)


def test_wp_01_nobody_takes_the_record_of_another_worker(small):
    one, other = at_work(small)[:2]
    for record in (other, employees(small, badgeNumber=other)[0]["id"]):
        with pytest.raises(ConfigurationError, match=f"somebody else already: worker {other}") as refused:
            links.adopt(small.app, one, plant="101", record=record)
        ended = "end one of the two in Workday; after the next ml-connector plan: "
        assert refused.value.remedy == f"if they are one person: {ended}ml-connector links relink {one} --to {other}"
    assert decisions(small) == []


def test_wp_01_who_would_be_one_record_wait_both_and_nothing_is_written_of_either(small):
    one, other = at_work(small)[:2]
    (record,) = employees(small, badgeNumber=other)
    store = small.app.tools.links
    person, at = store.profile(one).person, small.app.clock()
    with small.app.database.transaction() as tx:  # as an earlier version let it happen
        store.adopt(tx, person=person, plant="101", plex_id=record["id"], by="ada", at=at)
    before = small.plex_state()
    assert syncs.sync(small.app, progress=silent).exit_code == 3
    parked = waiting_list.parked(small.app)
    assert {item.key: item.code for item in parked} == {one: "record_of_two", other: "record_of_two"}
    assert small.plex_state() == before
    links.release(small.app, one, plant="101")
    assert syncs.sync(small.app, progress=silent).exit_code == 0
    assert (waiting_list.parked(small.app), small.plex_state()) == ([], before)


def test_wp_01_a_join_says_first_what_it_would_do(small):
    one, other = at_work(small)[:2]
    with pytest.raises(UsageError, match=f"{one} and {other} are both active") as refused:
        links.join(small.app, one, to=other)
    assert f"links relink {one} --to {other}" in refused.value.remedy
    (left,) = play(small, "terminate")
    syncs.sync(small.app, progress=silent)
    stays = next(number for number in at_work(small) if number != left)
    with pytest.raises(ApprovalRequiredError, match="would be nobody's then") as asked:
        links.join(small.app, left, to=stays)
    assert employees(small, badgeNumber=left)[0]["id"] in asked.value.message
    assert "--accept" in asked.value.remedy
    assert decisions(small) == []
    assert len([name for name in links.join(small.app, left, to=stays, accept=True).aliases if name.kind == "wid"]) == 2


def test_wp_01_who_left_is_not_called_active_but_the_profile_they_have_now_is(small):
    left, now = play(small, "conversion")
    syncs.sync(small.app, progress=silent)
    other = next(number for number in at_work(small) if number != now)
    with pytest.raises(UsageError, match=f"^{other} and {now} .one person with {left}. are both active") as refused:
        links.join(small.app, other, to=left)
    assert f"links relink {other} --to {left}" in refused.value.remedy


def test_wp_09_what_came_along_by_a_transfer_is_told_from_what_was_chosen(small):
    number = at_work(small)[0]
    store, tenant = small.app.tools.links, small.app.connection.workday.tenant
    person, foreign = store.profile(number).person, "4f1c2a9e-0000-4000-8000-00000000beef"
    made = employee_uuid(tenant, plant="101", person=person)
    with small.app.database.transaction() as tx:
        store.adopt(tx, person=person, plant="102", plex_id=made, by="sync", at=small.app.clock())
        store.adopt(tx, person=person, plant="100", plex_id=foreign, by="ada", at=small.app.clock())
    (link,) = links.list_links(small.app)
    assert (link.plex, link.came_along) == ({"100": foreign}, {"102": made})


def come_back_unlinked(world):
    """Two who come back, and no id says who they were: the numbers of who left, and of who came."""
    play(world, "terminate")
    syncs.sync(world.app, progress=silent)
    old, new = play(world, "rehire_unlinked")
    syncs.sync(world.app, progress=silent)
    return old, new


def test_ed_12_a_chosen_plex_record_answers_no_open_question(small):
    _old, new = come_back_unlinked(small)
    with pytest.raises(UsageError, match=f"nobody can say yet who {new} is") as refused:
        links.adopt(small.app, new, plant="101", record="90001")
    assert f"links relink {new} --to WORKER" in refused.value.remedy
    assert f"links relink {new} --new" in refused.value.remedy
    with pytest.raises(UsageError, match=f"nobody chose a Plex record of plant 101 for {new}"):
        links.release(small.app, new, plant="101")
    assert decisions(small) == []
    plan = syncs.plan(small.app, progress=silent)
    assert plan.counts["create"] == 0
    assert {item.key: item.code for item in waiting_list.parked(small.app)} == {new: "possible_rehire"}


def test_wp_01_what_nobody_chose_is_not_taken_back(small):
    number = at_work(small)[0]
    with pytest.raises(UsageError, match=f"nobody chose a Plex record of plant 101 for {number}"):
        links.release(small.app, number, plant="101")
    assert decisions(small) == []


def test_wp_01_after_a_wrong_join_was_undone_everybody_has_a_record_and_a_badge_of_their_own(small):
    old, new = come_back_unlinked(small)
    (record,) = employees(small, badgeNumber=old)
    links.join(small.app, new, to=old)
    assert syncs.sync(small.app, progress=silent).exit_code == 0
    assert employees(small, badgeNumber=new)[0]["id"] == record["id"]
    links.withdraw(small.app, new)
    links.separate(small.app, new)
    assert syncs.sync(small.app, progress=silent).exit_code == 3
    (waits,) = waiting_list.parked(small.app)
    assert (waits.key, waits.code, "relink" in waits.remedy) == (new, "badge_in_use", False)
    assert f"that is employee {old}'s" in waits.reason
    syncs.sync(small.app, progress=silent)
    assert syncs.sync(small.app, progress=silent).exit_code == 0
    (theirs,), (own,) = employees(small, badgeNumber=old), employees(small, badgeNumber=new)
    assert (theirs["id"], theirs["status"], own["status"]) == (record["id"], "Inactive", "Active")
    assert own["id"] != record["id"]
    numbers = {row["Resource_ID"]: row for row in small.sandbox.plex.state("employee_attributes")}
    assert [numbers[row["id"]]["External_Employee_ID"] for row in (theirs, own)] == [old, new]
    assert syncs.plan(small.app, progress=silent).changes == ()


def test_wp_01_a_chosen_record_says_first_whose_it_is_and_what_stays_behind(small):
    number = at_work(small)[0]
    (own,), (temp,) = employees(small, badgeNumber=number), employees(small, badgeNumber="90001")
    with pytest.raises(ApprovalRequiredError, match=f"would be nobody's then.*{own['id']} .Active") as asked:
        links.adopt(small.app, number, plant="101", record="90001")
    for name in (f"{temp['firstName']} {temp['lastName']}", f"{own['firstName']} {own['lastName']}"):
        assert name in asked.value.message
    assert asked.value.remedy.startswith(f"ml-connector links relink {number} --plex 90001 --plant 101 --accept")
    assert decisions(small) == []
    assert links.adopt(small.app, number, plant="101", record="90001", accept=True).plex == {"101": temp["id"]}


def test_wp_01_a_stranger_is_not_renamed_unasked_though_nothing_stays_behind(small):
    _old, new = come_back_unlinked(small)
    links.separate(small.app, new)
    assert find_bearers(small.app, new)[0].primary_job.location_id == "DET"
    with pytest.raises(ApprovalRequiredError, match="Nothing was changed") as asked:
        links.adopt(small.app, new, plant="101", record="90001")
    assert "nobody's" not in asked.value.message


def test_wp_09_nobody_is_a_plex_employee_where_they_have_no_job(small):
    number = at_work(small, plant="102")[0]
    with pytest.raises(UsageError, match=f"{number} has no job in plant 101, but in 102") as refused:
        links.adopt(small.app, number, plant="101", record="90001", accept=True)
    assert f"links relink {number} --plex BADGE --plant 102" in refused.value.remedy
    assert decisions(small) == []
