"""The main job against both pretended systems: plan, apply, and every day after."""

from datetime import UTC, datetime, timedelta

import pytest

from ml_connector.errors import ConfigurationError, StalePlanError, UsageError
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import MappingRow, sign_rows
from ml_connector.review.store import ReviewStore
from ml_connector.sandbox.company import make_wid
from ml_connector.snapshot.extracts.store import Scope
from ml_connector.sync.intent import iterate_levels
from ml_connector.sync.receipts import Receipts
from ml_connector.usecases import outcomes, syncs, waiting_list
from tests.world import open_synced, open_world, silent, sync_cleanly


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request, tmp_path):
    url = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else None
    with open_world(tmp_path, url=url) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def synced(request, tmp_path):
    url = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else None
    with open_synced(tmp_path, url=url) as opened:
        yield opened


def play(world, scenario):
    return world.sandbox.tenant.play(scenario)


def active_employees(world):
    return [row for row in world.sandbox.plex.state("employees") if row["status"] == "Active"]


def test_the_first_plan_writes_nothing_and_its_application_everything(world):
    before = world.writes()
    plan = syncs.plan(world.app, progress=silent)
    assert world.writes() == before
    assert plan.counts["create"] > 100
    report = syncs.apply(world.app, digest=plan.digest, progress=silent)
    assert report.counts["applied"] == len(plan.changes)
    assert world.writes() - before == len(plan.changes)


def test_m_4_a_second_plan_is_empty_and_a_second_sync_writes_nothing(synced):
    assert syncs.plan(synced.app, progress=silent).changes == ()
    before = synced.writes()
    report = syncs.sync(synced.app, progress=silent)
    assert (report.counts["applied"], synced.writes() - before) == (0, 0)


def test_the_same_plan_has_the_same_digest(world):
    one, two = (syncs.plan(world.app, progress=silent) for _ in range(2))
    assert one.digest == two.digest
    assert syncs.apply(world.app, digest=one.digest[:12], progress=silent).counts["applied"] == len(two.changes)


@pytest.mark.parametrize("digest", ["", "short"])
def test_too_little_of_a_digest_names_no_plan(world, digest):
    syncs.plan(world.app, progress=silent)
    with pytest.raises(UsageError, match="at least 8 characters"):
        syncs.apply(world.app, digest=digest, progress=silent)


def test_a_plan_is_carried_out_once(world):
    plan = syncs.plan(world.app, progress=silent)
    first = syncs.apply(world.app, digest=plan.digest, progress=silent)
    before = world.writes()
    for _ in range(2):
        again = syncs.apply(world.app, digest=plan.digest, progress=silent)
        assert again.counts["applied"] == 0
        assert again.counts["noop"] == first.counts["noop"] + first.counts["applied"]
        assert again.carried_out_in == first.run
    assert first.carried_out_in is None
    assert world.writes() == before


def test_up_05_what_only_plex_knows_survives(world):
    def theirs():
        return [row for row in world.sandbox.plex.state("employees") if str(row["badgeNumber"]).startswith("900")]

    before = theirs()
    syncs.sync(world.app, progress=silent)
    assert before
    assert theirs() == before


def test_px_01_a_lost_database_creates_nobody_again(synced):
    synced.lose_database()
    plan = syncs.plan(synced.app, progress=silent)
    assert plan.counts["create"] == 0


def test_px_03_no_login_is_ever_made(synced):
    assert all(
        row.get("userId") in {None, ""}
        for row in synced.sandbox.plex.state("employees")
        if not str(row["badgeNumber"]).startswith("900")
    )


def test_wp_15_managers_are_written_before_their_reports(synced):
    known: set[str] = set()
    for row in synced.sandbox.plex.state("employees"):
        known.add(row["id"])
    assert all(
        row["supervisorId"] in known for row in synced.sandbox.plex.state("employees") if row.get("supervisorId")
    )
    refused = [item for item in synced.write_requests() if item["status"] >= 400]
    assert refused == []


def test_a_day_passes(synced):
    synced.next_day()
    plan = syncs.plan(synced.app, progress=silent)
    employees = [(change.action, change.key) for change in plan.changes if change.type == "employee"]
    assert sorted(action for action, _ in employees) == [
        "create",
        "create",
        "deactivate",
        "transfer",
        "update",
        "update",
    ]
    (moved,) = [key for action, key in employees if action == "transfer"]
    assert {key for action, key in employees if action == "update"} == {moved}, "made ready, and then set up anew"
    assert {change.after["name"] for change in plan.changes if change.type == "cost_center"} == {"Final Assembly"}
    (robot,) = [item for item in waiting_list.parked(synced.app) if item.type == "employee"]
    assert robot.waiting_for == "job_profile JP-ROBO"
    report = syncs.apply(synced.app, digest=plan.digest, progress=silent)
    assert report.counts["applied"] == len(plan.changes)
    assert report.exit_code == 3


def test_a_parked_worker_goes_by_itself_once_the_mapping_is_there(synced):
    play(synced, "unmapped_job")
    assert syncs.sync(synced.app, progress=silent).exit_code == 3
    (robot,) = [item for item in waiting_list.parked(synced.app) if item.type == "employee"]
    row = MappingRow(kind=Kind.JOB_PROFILE, plant="*", source="JP-ROBO", target={"position": "Robot Technician"})
    with synced.app.database.transaction() as tx:
        synced.app.mappings.save(tx, "acme", sign_rows([row], changed_by="t", changed_at=datetime.now(UTC)))
    report = syncs.reevaluate(synced.app, [robot.key], progress=silent)
    assert report.counts["parked"] == 0
    assert syncs.plan(synced.app, progress=silent).counts["create"] <= 1  # the position's headcount may follow
    badges = {row["badgeNumber"] for row in active_employees(synced)}
    assert robot.key in badges


def test_the_world_moved_between_plan_and_apply(synced):
    synced.next_day()
    plan = syncs.plan(synced.app, progress=silent)
    leaver = next(change for change in plan.changes if change.type == "cost_center")
    _rename_cost_center(synced, leaver.key, "Somebody's own name")
    before = synced.writes()
    with pytest.raises(StalePlanError):
        syncs.apply(synced.app, digest=plan.digest, progress=silent)
    assert synced.writes() == before


def _desk(world):
    return world.sandbox.tenant._desk("test")


def _terminate(world, number):
    desk = _desk(world)
    desk.terminate(desk.now().worker(number), last_day=desk.on - timedelta(days=1))


def _change_job(world, number, *, profile):
    desk = _desk(world)
    desk.change_primary_job(desk.now().worker(number), kind="Change Job", job_profile=profile)


def _transfer(world, number):
    desk = _desk(world)
    worker = desk.now().worker(number)
    desk.transfer(worker, location="TOL" if worker.primary_job.location == "DET" else "DET")


def _somebody(world, *, profile):
    """A worker at DET who has another job than this."""
    workers = _desk(world).plain_workers(location="DET")
    return next(worker.key for worker in workers if worker.primary_job.job_profile != profile)


def _is_refused(world, plan):
    """The refusal's words, after making sure that nothing was sent and nothing that waits was touched."""
    before, waiting = world.writes(), (waiting_list.parked(world.app), waiting_list.holds(world.app))
    with pytest.raises(StalePlanError) as caught:
        syncs.apply(world.app, digest=plan.digest, progress=silent)
    assert world.writes() == before
    assert (waiting_list.parked(world.app), waiting_list.holds(world.app)) == waiting
    return caught.value.message


@pytest.mark.parametrize("moves", [_terminate, _transfer])
def test_a_planned_hire_that_workday_takes_back_is_not_sent(synced, moves):
    (number,) = play(synced, "hire")["touched"]
    synced.next_day()
    plan = syncs.plan(synced.app, progress=silent)
    hired = next(change for change in plan.changes if (change.type, change.key) == ("employee", number))
    moves(synced, number)
    message = _is_refused(synced, plan)
    assert f"{hired.label} changed in Workday" in message
    assert number not in {row["badgeNumber"] for row in active_employees(synced)}
    fresh = syncs.plan(synced.app, progress=silent)
    assert syncs.apply(synced.app, digest=fresh.digest, progress=silent).counts["applied"] == len(fresh.changes)


def test_a_planned_change_that_workday_changes_again_is_not_sent(synced):
    number = _somebody(synced, profile="JP-MNTN")
    _change_job(synced, number, profile="JP-MNTN")
    plan = syncs.plan(synced.app, progress=silent)
    assert [change.action for change in plan.changes if (change.type, change.key) == ("employee", number)] == ["update"]
    _change_job(synced, number, profile="JP-WELD")
    assert "changed in Workday" in _is_refused(synced, plan)


def test_rd_01_a_planned_name_that_workday_changes_again_is_not_sent(synced):
    (center,) = play(synced, "rename_cost_center")["touched"]
    plan = syncs.plan(synced.app, progress=silent)
    assert {change.type for change in plan.changes} == {"cost_center"}
    _desk(synced).rename(center, name="Renamed once more")
    assert "Final Assembly changed in Workday" in _is_refused(synced, plan)


def test_what_is_new_in_workday_is_for_the_next_plan(synced):
    (planned,) = play(synced, "hire")["touched"]
    plan = syncs.plan(synced.app, progress=silent)
    (unplanned,) = play(synced, "hire")["touched"]
    play(synced, "terminate")
    assert syncs.apply(synced.app, digest=plan.digest, progress=silent).counts["applied"] == len(plan.changes)
    badges = {row["badgeNumber"] for row in active_employees(synced)}
    assert planned in badges
    assert unplanned not in badges
    assert syncs.plan(synced.app, progress=silent).counts["deactivate"] == 1


def test_up_05_a_hand_edit_of_what_plex_owns_would_be_overwritten_and_is_not(synced):
    number = _somebody(synced, profile="JP-MNTN")
    _change_job(synced, number, profile="JP-MNTN")
    plan = syncs.plan(synced.app, progress=silent)
    row = next(row for row in active_employees(synced) if row["badgeNumber"] == number)
    synced.sandbox.plex.edit_employee(str(row["pcn"]), number, fields={"shift": "Night"})
    assert "changed in Plex" in _is_refused(synced, plan)


@pytest.mark.parametrize("policy", ["overwrite", "hold"])
def test_up_05_drift_is_told_and_then_written_over_or_held_as_the_configuration_says(synced, policy):
    number = _somebody(synced, profile="JP-MNTN")
    row = next(row for row in active_employees(synced) if row["badgeNumber"] == number)
    synced.sandbox.plex.edit_employee(str(row["pcn"]), number, fields={"email": "floor@example.com"})
    synced.sync = {"guard": {"drift": policy}}
    synced.reopen()

    def email() -> str:
        return next(each["email"] for each in active_employees(synced) if each["badgeNumber"] == number)

    (change,) = syncs.plan(synced.app, progress=silent).changes
    assert "drift: email changed in Plex" in change.reason
    assert syncs.sync(synced.app, progress=silent).exit_code == (4 if policy == "hold" else 0)
    if policy == "hold":
        assert email() == "floor@example.com"
        (hold,) = [item for item in waiting_list.holds(synced.app) if item.guard == "drift"]
        waiting_list.release(synced.app, hold.id)
        assert syncs.sync(synced.app, progress=silent).exit_code == 0
    assert email() == row["email"]


def test_up_05_who_is_ended_in_plex_by_hand_is_drift_and_no_return(synced):
    number = _somebody(synced, profile="JP-MNTN")
    row = next(row for row in active_employees(synced) if row["badgeNumber"] == number)
    synced.sandbox.plex.edit_employee(str(row["pcn"]), number, fields={"status": "Inactive"})
    synced.sync = {"guard": {"drift": "hold"}}
    synced.reopen()
    (change,) = syncs.plan(synced.app, progress=silent).changes
    assert change.action == "hold"
    assert "drift: status changed in Plex since the last sync" in change.reason
    assert syncs.sync(synced.app, progress=silent).exit_code == 4
    assert number not in {each["badgeNumber"] for each in active_employees(synced)}


def test_what_somebody_wrote_meanwhile_is_not_written_again(synced):
    play(synced, "rename_cost_center")
    play(synced, "hire")
    plan = syncs.plan(synced.app, progress=silent)
    renamed = [change for change in plan.changes if change.type == "cost_center"]
    _rename_cost_center(synced, renamed[0].key, renamed[0].after["name"])
    before = synced.writes()
    report = syncs.apply(synced.app, digest=plan.digest, progress=silent)
    assert report.counts["applied"] == len(plan.changes)
    assert synced.writes() - before == len(plan.changes) - len(renamed)


@pytest.mark.parametrize("steps", [2, 5, 6])
def test_an_interrupted_apply_is_finished_by_applying_the_same_plan_again(world, monkeypatch, steps):
    """What was sent before is no change of the world: not even rows that were born empty with another record."""
    plan = syncs.plan(world.app, progress=silent)
    keep, kept = Receipts.keep, []

    def keep_and_stop(receipts, outcomes, **told):
        keep(receipts, outcomes, **told)
        kept.extend(outcomes)
        if sum(1 for _ in iterate_levels([item.intent for item in kept], size=10_000)) >= steps:
            raise KeyboardInterrupt

    monkeypatch.setattr(Receipts, "keep", keep_and_stop)
    with pytest.raises(KeyboardInterrupt):
        syncs.apply(world.app, digest=plan.digest, progress=silent)
    monkeypatch.undo()
    assert 0 < len(kept) < len(plan.changes)
    stopped = outcomes.runs(world.app)[0]
    assert (stopped.state, stopped.plan) == ("interrupted", plan.digest)
    assert stopped.counts["applied"] == sum(1 for outcome in kept if outcome.state == "applied")
    assert syncs.apply(world.app, digest=plan.digest, progress=silent).exit_code == 0
    assert world.writes() == len(plan.changes)
    assert syncs.plan(world.app, progress=silent).changes == ()


def test_up_02_without_names_nobody_is_created_and_the_domain_is_named(synced):
    synced.sandbox.tenant.revoke_domain("Person Data: Name")
    (number,) = play(synced, "hire")["touched"]
    before = len(synced.sandbox.plex.state("employees"))
    writes = synced.writes()
    report = syncs.sync(synced.app, progress=silent)
    assert len(synced.sandbox.plex.state("employees")) == before
    assert not [item for item in synced.write_requests()[writes:] if item["status"] >= 400]
    assert report.exit_code == 3
    (item,) = [item for item in waiting_list.parked(synced.app) if item.type == "employee"]
    assert (item.key, item.waiting_for) == (number, "domain Person Data: Name")
    assert '"Person Data: Name"' in item.remedy
    synced.sandbox.tenant.grant_domain("Person Data: Name")
    assert syncs.sync(synced.app, progress=silent).exit_code == 0, "it goes by itself"
    assert number in {row["badgeNumber"] for row in active_employees(synced)}


def test_wp_15_attributes_wait_for_employees_that_cannot_be_read_and_go_with_them(synced):
    (number,) = play(synced, "hire")["touched"]
    synced.sandbox.plex.set_permission("employees", granted=False)
    before = synced.writes()
    report = syncs.sync(synced.app, progress=silent)
    sent = synced.write_requests()[before:]
    assert not [item for item in sent if "/22657/" in item["path"] or "/employees" in item["path"]]
    (item,) = [item for item in waiting_list.parked(synced.app) if item.type == "employee_attributes"]
    assert item.key == number
    assert item.waiting_for == f"employee {item.label} in plant 101"
    assert report.counts["unknown"] == 0
    synced.sandbox.plex.set_permission("employees", granted=True)
    assert syncs.sync(synced.app, progress=silent).exit_code == 0
    assert syncs.plan(synced.app, progress=silent).changes == ()


def test_wp_14_who_reports_to_a_plant_that_cannot_be_read_keeps_the_supervisor_both_sides_agreed_on(synced):
    rows = active_employees(synced)
    plants = {row["id"]: row["pcn"] for row in rows}
    across = [row for row in rows if plants.get(row.get("supervisorId"), row["pcn"]) != row["pcn"]]
    unread = plants[across[0]["supervisorId"]]
    for row in synced.sandbox.plex.state("employees"):
        if row["pcn"] == unread:
            synced.sandbox.plex.edit_employee(unread, row["badgeNumber"], fields=None)
    plan = syncs.plan(synced.app, progress=silent)
    assert [(hold.guard, hold.plant) for hold in plan.holds] == [("empty_result", unread)]
    assert plan.changes == ()
    assert waiting_list.parked(synced.app) == []


def test_a_replaced_plan_is_refused(synced):
    synced.next_day()
    old = syncs.plan(synced.app, progress=silent)
    synced.next_day()
    assert syncs.plan(synced.app, progress=silent).digest != old.digest
    with pytest.raises(StalePlanError):
        syncs.apply(synced.app, digest=old.digest, progress=silent)
    with pytest.raises(UsageError, match="there is no plan"):
        syncs.apply(synced.app, digest="0123456789", progress=silent)


def test_cc_12_a_mass_termination_waits_and_an_approval_lets_exactly_it_through(synced):
    play(synced, "mass_termination")
    synced.next_day()
    report = syncs.sync(synced.app, progress=silent)
    assert report.exit_code == 4
    (hold,) = [item for item in waiting_list.holds(synced.app) if item.guard == "deactivate_over"]
    before = len(active_employees(synced))
    moves = [member for member in hold.members if member.startswith("transfer|")]
    assert (len(moves), report.counts["held"]) == (1, len(hold.members) + 3), "what is written of who moves waits too"
    waiting_list.release(synced.app, hold.id)
    after = syncs.sync(synced.app, progress=silent)
    assert after.counts["held"] == 0
    assert before - len(active_employees(synced)) == len(hold.members) - len(moves)


def test_cc_11_a_narrowed_view_ends_nobody(synced):
    before = len(active_employees(synced))
    play(synced, "population_drop")
    report = syncs.sync(synced.app, progress=silent)
    assert report.exit_code == 4
    (asked,) = waiting_list.holds(synced.app)
    assert asked.guard == "population_drop"
    assert len(active_employees(synced)) == before
    assert waiting_list.parked(synced.app) == [], "one hold, and nobody's reports beside it"
    assert syncs.sync(synced.app, progress=silent).exit_code == 4, "it stays a question until somebody answers"
    syncs.sync(synced.app, progress=silent)
    assert waiting_list.holds(synced.app) == [asked], (
        "and the same question: its share is of the last believed population"
    )
    assert syncs.plan(synced.app, progress=silent).holds[0].reason == asked.reason
    waiting_list.release(synced.app, waiting_list.holds(synced.app)[0].id)
    assert not syncs.sync(synced.app, progress=silent).waiting
    assert len(active_employees(synced)) == before


def test_up_02_a_revoked_domain_is_held_and_writes_nothing(synced):
    synced.sandbox.tenant.revoke_domain("Worker Data: Current Staffing Information")
    before = synced.writes()
    syncs.sync(synced.app, progress=silent)
    assert {item.guard for item in waiting_list.holds(synced.app)} == {"missing_section"}
    assert synced.writes() == before
    hold = waiting_list.holds(synced.app)[0]
    assert "Worker Data: Current Staffing Information" in hold.remedy
    with pytest.raises(ConfigurationError):
        waiting_list.release(synced.app, hold.id)


@pytest.mark.parametrize(
    ("scenario", "code"),
    [("no_employee_id", "no_id"), ("two_primary_jobs", "primary_job"), ("long_name", "field_too_long")],
)
def test_one_bad_record_is_parked_and_the_others_go_on(synced, scenario, code):
    play(synced, scenario)
    play(synced, "hire")
    report = syncs.sync(synced.app, progress=silent)
    assert report.exit_code == 3
    assert report.counts["applied"] >= 2, "the hire went through"
    (item,) = [
        item for item in waiting_list.parked(synced.app) if item.type in {"worker", "employee"} and not item.field
    ]
    assert item.code == code
    assert item.reason
    assert item.remedy
    stored = ReviewStore(synced.app.database).parked("acme")
    assert [each.code for each in stored if each.name == (item.type, item.plant, item.key, "")] == [code]
    for name in ("worker", "employee"):
        told = [
            each for each in outcomes.records(synced.app, record_type=name, key=item.key) if each.status == "parked"
        ]
        assert [(each.reason, each.remedy) for each in told] == [(item.reason, item.remedy)]


def test_a_worker_that_cannot_be_understood_is_parked_under_its_number_and_has_not_vanished(synced):
    (number,) = play(synced, "two_primary_jobs")["touched"]
    wid = make_wid("worker", number)
    syncs.sync(synced.app, progress=silent)
    (item,) = [item for item in waiting_list.parked(synced.app) if item.type == "worker"]
    assert item.key == number
    assert number in item.reason
    scope = Scope("acme", "workday", "worker")
    snapshots = synced.app.syncer._tools.snapshots
    newest = synced.app.syncer._tools.extracts.last_believed(scope)
    assert wid in snapshots.vanished(scope, extract_id=newest.id), "its row stays as it was, by its WID"
    assert waiting_list.holds(synced.app) == []


def test_wp_14_a_circle_of_managers_is_parked_and_its_members_are_synced(synced):
    play(synced, "manager_cycle")
    syncs.sync(synced.app, progress=silent)
    circle = [item for item in waiting_list.parked(synced.app) if item.field == "supervisor_id"]
    assert len(circle) >= 2
    assert all("circle" in item.reason for item in circle)


def test_the_trail_holds_after_all_of_it(world):
    sync_cleanly(world)
    for scenario in ("hire", "terminate", "transfer"):
        play(world, scenario)
        world.next_day()
        syncs.sync(world.app, progress=silent)
    verdict = world.app.trail.verify()
    assert verdict.ok
    applied = sum(
        1
        for event in world.app.trail.list(100_000)
        if event.event.action in {"write.applied", "write.accepted"}
        and event.event.outcome != "confirmed by reading back"
    )
    assert applied == len([item for item in world.write_requests() if item["status"] < 300])


def _rename_cost_center(world, number, name):
    for tables in world.sandbox.plex.enterprise.plants.values():
        for key, row in list(tables.cost_centers.items()):
            if row["Cost_Center_No"] == number:
                tables.cost_centers[key] = {**row, "Cost_Center_Name": name}


def test_what_plex_refuses_is_parked_not_repeated_and_goes_once_it_is_different(tmp_path):
    with open_world(tmp_path, workers=12, type_full_time="No such type", type_part_time="No such type") as world:
        report = syncs.sync(world.app, progress=silent)
        refused = [
            item for item in waiting_list.parked(world.app) if item.type == "employee" and "No such type" in item.reason
        ]
        assert report.exit_code == 3
        assert refused
        for _level in range(4):  # reports are tried again without the supervisor who was refused, level by level
            syncs.sync(world.app, progress=silent)
        before = world.writes()
        syncs.sync(world.app, progress=silent)
        assert world.writes() == before, "the same content is not sent again by itself"
        syncs.resend(world.app, [refused[0].key], progress=silent)
        assert world.writes() == before + 1, "but by a person's word"
        world.configure(type_full_time="Full-time", type_part_time="Part-time")
        with pytest.raises(UsageError):
            syncs.resend(world.app, ["nobody"], progress=silent)
        syncs.sync(world.app, progress=silent)
        assert syncs.sync(world.app, progress=silent).exit_code == 0, "supervisors follow once they are there"
        with pytest.raises(UsageError):
            syncs.resend(world.app, [refused[0].key], progress=silent)


def test_px_02_accepted_is_not_applied_and_is_asked_for_once(tmp_path):
    with open_world(tmp_path, workers=24, confirm_within_s=0.5) as world:
        syncs.sync(world.app, progress=silent)
        world.sandbox.plex.switches.change("apply_lag_s", 3600)
        play(world, "terminate")
        world.next_day()
        report = syncs.sync(world.app, progress=silent)
        calls = [item for item in world.write_requests() if item["path"].endswith(("/deactivate", "/transfer"))]
        assert calls
        assert (report.counts["unknown"], report.exit_code) == (len(calls), 3)
        syncs.sync(world.app, progress=silent)
        again = [item for item in world.write_requests() if item["path"].endswith(("/deactivate", "/transfer"))]
        assert len(again) == len(calls)


def test_a_type_we_may_not_write_stops_nothing_else(world):
    world.sandbox.plex.set_permission("employee_attributes_update", granted=False)
    report = syncs.sync(world.app, progress=silent)
    refused = [item for item in waiting_list.parked(world.app) if item.type == "employee_attributes"]
    assert report.counts["applied"] > len(refused) > 0
    assert all(item.remedy for item in refused)
    world.sandbox.plex.set_permission("employee_attributes_update", granted=True)
    assert syncs.sync(world.app, progress=silent).exit_code == 0, "it goes by itself once the role is granted"


def test_cc_13_an_apply_that_reads_an_empty_list_moves_no_measure(synced):
    """Read again before sending, an emptied list is neither believed nor remembered as the last count."""
    play(synced, "hire")
    plan = syncs.plan(synced.app, progress=silent)
    synced.sandbox.plex.set_permission("employees", granted=False)
    with pytest.raises(StalePlanError):
        syncs.apply(synced.app, digest=plan.digest, progress=silent)
    before = synced.writes()
    syncs.sync(synced.app, progress=silent)
    assert "empty_result" in {hold.guard for hold in waiting_list.holds(synced.app)}
    assert not [item for item in synced.write_requests()[before:] if "/employees" in item["path"]]


def test_cc_12_no_side_door_past_a_hold(synced):
    play(synced, "mass_termination")
    synced.next_day()
    assert syncs.sync(synced.app, progress=silent).exit_code == 4
    (hold,) = [item for item in waiting_list.holds(synced.app) if item.guard == "deactivate_over"]
    key = next(change.key for change in syncs.plan(synced.app, progress=silent).changes if change.action == "hold")
    before = len(active_employees(synced))
    assert syncs.reevaluate(synced.app, [key], progress=silent).counts["applied"] == 0
    assert len(active_employees(synced)) == before
    assert hold.id in {item.id for item in waiting_list.holds(synced.app)}, "and it is still there to be released"


def test_cc_12_a_release_is_over_once_it_is_used(synced):
    play(synced, "mass_termination")
    synced.next_day()
    syncs.sync(synced.app, progress=silent)
    (hold,) = [item for item in waiting_list.holds(synced.app) if item.guard == "deactivate_over"]
    waiting_list.release(synced.app, hold.id)
    syncs.sync(synced.app, progress=silent)
    syncs.sync(synced.app, progress=silent)
    review = synced.app.syncer._tools.review
    assert [item.state for item in review.holds("acme") if item.id == hold.id] == ["past"]


def test_what_would_be_another_day_changes_nothing_today(synced):
    tomorrow = datetime(2026, 12, 24, tzinfo=UTC).date()
    play(synced, "unmapped_job")
    plan = syncs.plan(synced.app, as_of=tomorrow, progress=silent)
    assert plan.as_of == "2026-12-24"
    assert waiting_list.parked(synced.app) == []
    if plan.changes:
        with pytest.raises(StalePlanError):
            syncs.apply(synced.app, digest=plan.digest, progress=silent)
