"""
Plex's cost centers to Workday, by the same plan, approval and write protocol as the other direction.

RD-01, RD-02, RD-12, UP-05, UP-07, CT-07, trust A1-T1.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from ml_connector.audit.event import AuditAction
from ml_connector.errors import ApprovalRequiredError, PlannedOutageError, StalePlanError, UnavailableError
from ml_connector.review.store import Parked
from ml_connector.sandbox.http import Request, Response
from ml_connector.sandbox.plex.tables import Tables
from ml_connector.sandbox.tenant.world import World
from tests.fault_put import FAULTS, Played
from tests.two_way import TwoWay

NEW = ("4600", "Robotics")
SATURDAY = datetime(2026, 11, 28, 8, tzinfo=UTC)
"""In the middle of Workday's weekly window."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    return lambda: f"sqlite:///{tmp_path_factory.mktemp('stage') / 'state.db'}"


class InStep(NamedTuple):
    """What is ours, Plex's and Workday's once both systems agree, and when that is."""

    database: bytes
    plex: dict[str, Tables]
    workday: World
    seconds: float
    moment: datetime


@pytest.fixture(scope="module")
def in_step(folder: Callable[[], str]) -> InStep:
    """The first sync, which is the same for all."""
    made = TwoWay(url=folder())
    sync(made)
    database, tenant = file_of(made).read_bytes(), made.tenant
    return InStep(database, made.keep_plex(), tenant._world, made.clock.seconds, tenant._moment)


@pytest.fixture
def two_way(folder: Callable[[], str], in_step: InStep) -> TwoWay:
    """In step already: what differs from here on is what a test does."""
    made = TwoWay(url=folder())
    file_of(made).write_bytes(in_step.database)
    made.put_plex(in_step.plex)
    made.clock.seconds = in_step.seconds
    made.tenant._world, made.tenant._moment = deepcopy(in_step.workday), in_step.moment
    made.tenant._untouched = False
    return made


def file_of(made: TwoWay) -> Path:
    return Path(made.url.removeprefix("sqlite:///"))


def sync(made: TwoWay) -> dict[str, int]:
    with made.alive() as life:
        counts: dict[str, int] = life.sync().counts
    return counts


def parked(made: TwoWay) -> list[Parked]:
    with made.alive() as life:
        found: list[Parked] = life.tools.review.parked("acme")
    return found


def assert_in_step(made: TwoWay) -> None:
    """The second plan is empty, in both directions."""
    with made.alive() as life:
        report = life.plan()
    assert report.changes == ()


def test_rd_12_a_cost_center_opened_in_plex_is_added_to_workday_under_its_mapped_id(two_way: TwoWay) -> None:
    two_way.open_center(*NEW)
    two_way.map("CC4600", "4600")
    (change,) = two_way.upstream()
    assert (change.system, change.plant, change.key, change.action) == ("workday", "", "CC4600", "create")
    assert change.after == {"cost_center_no": "4600", "name": "Robotics", "active": True}
    assert change.effective_on == "2026-11-23"
    assert sync(two_way)["applied"] == 1
    there = two_way.in_workday()["CC4600"]
    assert (there.name, there.code, there.active, str(there.available_on)) == ("Robotics", "4600", True, "2026-11-23")
    assert b'Add_Only="true"' in two_way.puts[0].body
    assert_in_step(two_way)


@pytest.mark.parametrize("proposed", [False, True])
def test_rd_09_without_an_accepted_row_it_waits_for_a_person(two_way: TwoWay, proposed: bool) -> None:
    two_way.open_center(*NEW)
    if proposed:
        two_way.map("CC4600", "4600", state="proposed")
    assert two_way.upstream() == []
    (waiting,) = parked(two_way)
    assert (waiting.type, waiting.plant, waiting.key, waiting.code) == ("cost_center", "101", "4600", "unmapped")
    assert ("CC4600 is only proposed" in waiting.reason) == proposed
    way = "mapping import --accept-proposed" if proposed else "mapping set cost_center"
    assert way in (waiting.remedy or "")
    two_way.map("CC4600", "4600")
    assert sync(two_way)["applied"] == 1
    assert parked(two_way) == []
    assert_in_step(two_way)


def test_rd_01_a_name_changed_in_plex_changes_in_workday_and_nothing_else_does(two_way: TwoWay) -> None:
    before = two_way.in_workday()["CC4400"]
    two_way.edit_center("4400", Cost_Center_Name="Powder Coating")
    (change,) = two_way.upstream()
    assert (change.action, change.reason) == ("update", "changed in Plex")
    assert (change.before, change.after) == ({"name": "Paint Line"}, {"name": "Powder Coating"})
    sync(two_way)
    assert two_way.in_workday()["CC4400"] == msgspec.structs.replace(before, name="Powder Coating")
    assert_in_step(two_way)


def test_up_05_a_name_of_plexs_that_was_changed_in_workday_is_drift_and_goes_back(two_way: TwoWay) -> None:
    two_way.rename_in_workday("CC4400", "Somebody's own name")
    (change,) = two_way.upstream()
    assert change.reason == "drift: name changed in Workday since the last sync"
    sync(two_way)
    assert two_way.in_workday()["CC4400"].name == "Paint Line"
    assert two_way.in_plex()["4400"] == "Paint Line"
    assert_in_step(two_way)


def test_up_06_what_somebody_entered_in_workday_after_we_read_survives_our_put(two_way: TwoWay) -> None:
    two_way.edit_center("4400", Cost_Center_Name="Powder Coating")
    moved = two_way.tenant.today + timedelta(days=9)

    happened: list[str] = []

    def spoil(request: Request, answer: Callable[[Request], Response]) -> Response:
        if b"Put_Cost_Center_Request" in request.body:
            happened.append("written")
        elif b"Cost_Center_Reference_ID" in request.body and not happened:
            # Both sides are read; now somebody enters another day, just before the record is looked up to be changed.
            happened.append("entered")
            two_way.tenant.put_cost_center("CC4400", {"available_on": moved}, on=two_way.tenant.today)
        return answer(request)

    two_way.workday_wire.spoil = spoil
    assert sync(two_way)["applied"] == 1
    there = two_way.in_workday()["CC4400"]
    assert (happened, there.name, there.available_on) == (["entered", "written"], "Powder Coating", moved)


def test_up_05_drift_waits_for_a_person_where_the_guard_says_so(two_way: TwoWay) -> None:
    guard = two_way.settings.sync.guard.model_copy(update={"drift": "hold"})
    held = two_way.settings.sync.model_copy(update={"guard": guard})
    two_way.settings = two_way.settings.model_copy(update={"sync": held})
    two_way.rename_in_workday("CC4400", "Somebody's own name")
    with two_way.alive() as life:
        before = life.tools.store.newest_plan().watermark
        report = life.sync()
        (hold,) = life.tools.review.holds("acme", state="open")
    assert "1 cost_center records were changed in Workday where Plex owns the field" in hold.reason
    assert report.waiting
    assert report.watermark > before, "a held change is no doubt about the reading"
    assert two_way.puts == []
    with two_way.alive() as life:
        life.syncer.release(hold.id)
        assert life.sync().counts["applied"] == 1
    assert_in_step(two_way)


def test_up_07_a_cost_center_inactive_in_plex_is_inactivated_in_workday_and_comes_back(two_way: TwoWay) -> None:
    two_way.activity["4400"] = False
    (change,) = two_way.upstream()
    assert (change.action, change.reason) == ("deactivate", "inactive in Plex, plant 101")
    sync(two_way)
    assert two_way.in_workday()["CC4400"].active is False
    assert_in_step(two_way)
    two_way.activity["4400"] = True
    (change,) = two_way.upstream()
    assert (change.action, change.after) == ("reactivate", {"active": True})
    sync(two_way)
    assert two_way.in_workday()["CC4400"].active is True
    assert_in_step(two_way)


def test_cc_11_a_cost_center_that_plex_shows_no_more_is_not_inactivated(two_way: TwoWay) -> None:
    tables = two_way.plex.enterprise.plants["101"]
    del tables.cost_centers[tables.cost_center("4400")["Cost_Center_Key"]]
    sync(two_way)
    assert two_way.puts == []
    assert two_way.in_workday()["CC4400"].active is True
    assert "4400" not in two_way.in_plex(), "it is Plex's to create"


def test_rd_12_two_plants_that_call_one_cost_center_differently_wait_and_never_take_turns(two_way: TwoWay) -> None:
    two_way.edit_center("4100", Cost_Center_Name="Presses")
    assert two_way.upstream() == []
    (waiting,) = parked(two_way)
    assert waiting.code == "names_differ"
    assert "'Presses' in plant 101, 'Stamping' in plant 102" in waiting.reason
    two_way.edit_center("4100", plant="102", Cost_Center_Name="Presses")
    sync(two_way)
    assert two_way.in_workday()["CC4100"].name == "Presses"
    assert_in_step(two_way)


def test_rd_12_nothing_is_said_of_what_a_plant_that_cannot_be_read_has_a_word_in(two_way: TwoWay) -> None:
    two_way.edit_center("4100", Cost_Center_Name="Presses")
    two_way.edit_center("4400", Cost_Center_Name="Powder Coating")
    tables = two_way.plex.enterprise.plants["102"]
    tables.cost_centers.clear()  # as a role that was taken away looks
    assert [change.key for change in two_way.upstream()] == ["CC4400"]


def test_rd_01_an_id_changed_in_workday_is_not_taken_for_a_cost_center_that_is_gone(two_way: TwoWay) -> None:
    two_way.open_center(*NEW)
    two_way.map("CC4600", "4600")
    sync(two_way)
    organizations = two_way.tenant.view().world.organizations
    history = organizations.pop("CC4600")
    facts = history.first(by=two_way.tenant.now())
    moved = msgspec.structs.replace(facts, reference_id="CC4600X")
    organizations.found(
        "CC4600X", kind="Create Organization", on=facts.available_on, at=two_way.tenant.now(), facts=moved
    )
    assert two_way.upstream() == []
    (waiting,) = parked(two_way)
    assert waiting.code == "not_shown"
    assert "not created a second time" in waiting.reason


def test_with_workday_as_the_owner_nothing_is_ever_written_to_workday(folder: Callable[[], str]) -> None:
    made = TwoWay(owner="workday", url=folder())
    made.open_center(*NEW)
    made.edit_center("4400", Cost_Center_Name="Powder Coating")
    sync(made)
    assert made.puts == []
    assert made.in_workday()["CC4400"].name == "Paint"
    assert_in_step(made)


def test_wp_15_an_employee_waits_for_a_cost_center_that_is_plexs_to_create(folder: Callable[[], str]) -> None:
    made = TwoWay(url=folder())
    numbers = made.in_plex()
    tables = made.plex.enterprise.plants["101"]
    for number in numbers:
        del tables.cost_centers[tables.cost_center(number)["Cost_Center_Key"]]
    made.open_center("9999", "Something")
    sync(made)
    waits = [item for item in parked(made) if item.type == "employee_attributes"]
    assert waits
    assert all("waits for cost_center" in item.reason for item in waits)
    for number, name in numbers.items():
        made.open_center(number, name)
    sync(made)
    assert [item for item in parked(made) if item.type == "employee_attributes"] == []


@pytest.mark.parametrize(
    ("given", "reason", "remedy"),
    [({"writes": False}, "writing to Workday is off", "writes = true in [connections.acme.workday]")],
)
def test_ct_07_writing_is_off_unless_it_is_switched_on(
    folder: Callable[[], str], given: dict[str, bool], reason: str, remedy: str
) -> None:
    made = TwoWay(url=folder(), **given)
    made.open_center(*NEW)
    made.map("CC4600", "4600")
    with made.alive() as life:
        report = life.plan()
    shown = [change for change in report.changes if change.system == "workday"]
    assert {change.action for change in shown} == {"hold"}
    assert "CC4600" in {change.key for change in shown}
    (hold,) = report.holds
    assert not hold.releasable
    assert reason in hold.reason
    assert remedy in hold.remedy
    assert "“Manage: Cost Center”" in hold.remedy
    with made.alive() as life:
        counts, watermark = life.sync().counts, life.tools.store.newest_plan().watermark
    assert counts["held"] == len(shown)
    assert watermark, "what may not be written was read all the same"
    assert made.puts == []


def test_ct_07_switched_off_after_approval_nothing_leaves(two_way: TwoWay) -> None:
    two_way.edit_center("4400", Cost_Center_Name="Powder Coating")
    with two_way.alive() as life:
        digest = life.plan().digest
    workday = two_way.settings.workday.model_copy(update={"writes": False})
    two_way.settings = two_way.settings.model_copy(update={"workday": workday})
    with two_way.alive() as life:
        life.syncer.apply(digest, progress=lambda *_: None)
    assert two_way.puts == []
    (waiting,) = parked(two_way)
    assert (waiting.code, "writing to Workday is off" in waiting.reason) == ("forbidden", True)


def test_a_plan_goes_out_as_it_was_approved_or_not_at_all(two_way: TwoWay) -> None:
    two_way.edit_center("4400", Cost_Center_Name="Powder Coating")
    with two_way.alive() as life:
        digest = life.plan().digest
    two_way.edit_center("4400", Cost_Center_Name="Something else")
    with two_way.alive() as life, pytest.raises(StalePlanError, match="would not be drawn up again"):
        life.syncer.apply(digest, progress=lambda *_: None)
    assert two_way.puts == []
    two_way.edit_center("4400", Cost_Center_Name="Powder Coating")
    with two_way.alive() as life:
        digest = life.plan().digest
        assert life.syncer.apply(digest, progress=lambda *_: None).counts["applied"] == 1
    two_way.edit_center("4400", Cost_Center_Name="Once more")
    two_way.rename_in_workday("CC4400", "Once more")
    with two_way.alive() as life:
        assert life.sync().counts["applied"] == 0


def test_what_workday_holds_already_is_not_sent_again(two_way: TwoWay) -> None:
    two_way.edit_center("4400", Cost_Center_Name="Powder Coating")
    with two_way.alive() as life:
        digest = life.plan().digest
    two_way.rename_in_workday("CC4400", "Powder Coating")
    with two_way.alive() as life:
        assert life.syncer.apply(digest, progress=lambda *_: None).counts["applied"] == 1
    assert two_way.puts == []


def test_a_refusal_is_parked_with_workdays_words_and_sent_again_only_on_request(two_way: TwoWay) -> None:
    two_way.open_center(*NEW)
    two_way.map("C10", "4600")  # a company's id
    assert sync(two_way)["applied"] == 0
    (waiting,) = parked(two_way)
    assert (waiting.type, waiting.plant, waiting.key, waiting.code) == ("cost_center", "", "C10", "validation")
    assert "Choose a different REFERENCE_ID" in waiting.reason

    def sent() -> int:
        return sum(b">C10<" in request.body for request in two_way.puts)

    assert sent() == 1
    two_way.tenant.advance()
    two_way.clock.sleep(86_400)
    sync(two_way)
    assert sent() == 1, "not for its date alone"
    with two_way.alive() as life:
        life.syncer.resend(["C10"], progress=lambda *_: None)
    assert sent() == 2


def test_cc_14_a_resend_while_workday_is_away_for_its_maintenance_has_not_failed(two_way: TwoWay) -> None:
    refuse_a_center(two_way)
    two_way.clock.sleep((SATURDAY - two_way.clock.now()).total_seconds())

    def away(_request: Request, _answer: Callable[[Request], Response]) -> Response:
        raise UnavailableError("Workday is away")

    two_way.workday_wire.spoil = away
    with two_way.alive() as life:
        with pytest.raises(PlannedOutageError, match="2026-11-28 11:00 UTC"):
            life.syncer.resend(["C10"], progress=lambda *_: None)
        assert [run.state for run in life.tools.runs.runs(limit=1)] == ["degraded"]


def test_cc_04_a_resend_believes_workdays_clock_no_more_than_any_other_run(two_way: TwoWay) -> None:
    refuse_a_center(two_way)
    sent = len(two_way.puts)
    strict = two_way.settings.sync.model_copy(update={"clock_ahead": "30 min"})
    two_way.settings = two_way.settings.model_copy(update={"sync": strict})
    two_way.tenant.advance(30, quiet=True)
    with two_way.alive() as life:
        with pytest.raises(ApprovalRequiredError, match="clock_ahead"):
            life.syncer.resend(["C10"], progress=lambda *_: None)
        (hold,) = life.tools.review.holds("acme", state="open")
        assert len(two_way.puts) == sent
        life.syncer.release(hold.id)
        life.syncer.resend(["C10"], progress=lambda *_: None)
    assert len(two_way.puts) == sent + 1, "a person may say that it is right"


def refuse_a_center(made: TwoWay) -> None:
    """Workday refuses one: its id is a company's."""
    made.open_center(*NEW)
    made.map("C10", "4600")
    assert sync(made)["applied"] == 0


def test_ct_07_a_missing_right_is_parked_with_the_domain_and_goes_by_itself_once_granted(two_way: TwoWay) -> None:
    two_way.tenant.revoke_domain("put:Manage: Cost Center")
    two_way.edit_center("4400", Cost_Center_Name="Powder Coating")
    sync(two_way)
    (waiting,) = parked(two_way)
    assert waiting.code == "forbidden"
    assert "Put access on its domain (“Manage: Cost Center”)" in (waiting.remedy or "")
    two_way.tenant.grant_domain("put:Manage: Cost Center")
    assert sync(two_way)["applied"] == 1
    assert parked(two_way) == []


def test_every_write_is_on_record_before_and_after(two_way: TwoWay) -> None:
    two_way.open_center(*NEW)
    two_way.map("CC4600", "4600")
    sync(two_way)
    with two_way.alive() as life:
        events = [kept.event for kept in life.tools.trail.list(50, key="CC4600")]
    told = {event.action: event for event in events}
    assert {AuditAction.WRITE_INTENDED, AuditAction.WRITE_APPLIED} <= set(told)
    applied = told[AuditAction.WRITE_APPLIED]
    assert applied.object == "cost_center//CC4600"
    assert applied.detail["system"] == "workday"
    assert applied.detail["reference"], "Workday's own number of the request"


# Ambiguity


@pytest.mark.parametrize("kind", ["create", "update"])
@pytest.mark.parametrize("name", FAULTS)
def test_a1_t1_an_ambiguous_answer_to_a_put_ends_as_if_nothing_had_happened(
    two_way: TwoWay, name: str, kind: str
) -> None:
    if kind == "create":
        two_way.open_center(*NEW)
        two_way.map("CC4600", "4600")
    else:
        two_way.edit_center("4400", Cost_Center_Name="Powder Coating")
    played = Played()

    def spoil(request: Request, answer: Callable[[Request], Response]) -> Response:
        if played.request is not None or b"Put_Cost_Center_Request" not in request.body:
            return answer(request)
        played.request = request
        return FAULTS[name](request, answer, played)

    two_way.workday_wire.spoil = spoil
    sync(two_way)
    assert played.request is not None
    (intent,) = _newest(two_way)
    reason = intent.reason or ""
    assert intent.state == "applied"
    assert ("by reading back" in reason) == played.acted, "proved, never guessed"
    assert intent.attempt == (1 if played.acted else 2)
    key, code, name_ = ("CC4600", "4600", "Robotics") if kind == "create" else ("CC4400", "4400", "Powder Coating")
    there = two_way.in_workday()[key]
    assert (there.name, there.code, there.active) == (name_, code, True)
    entries = two_way.tenant.view().world.organizations[key].entries
    assert len([entry for entry in entries if entry.changes.get("name") == name_]) == 1
    assert parked(two_way) == []
    assert_in_step(two_way)


def test_a1_t1_a_line_that_stays_dead_leaves_it_unknown_and_the_next_run_finds_out(two_way: TwoWay) -> None:
    two_way.open_center(*NEW)
    two_way.map("CC4600", "4600")
    dead = False

    def spoil(request: Request, answer: Callable[[Request], Response]) -> Response:
        nonlocal dead
        if b"Put_Cost_Center_Request" in request.body:
            answer(request)
            dead = True
        return Response(503, b"", {}) if dead else answer(request)

    two_way.workday_wire.spoil = spoil
    assert sync(two_way)["unknown"] == 1
    (waiting,) = parked(two_way)
    assert waiting.code == "unknown"
    assert "Workday neither confirmed nor showed it" in (waiting.remedy or "")
    dead = False
    two_way.workday_wire.spoil = lambda request, answer: answer(request)
    sent = len(two_way.puts)
    sync(two_way)
    assert len(two_way.puts) == sent
    assert parked(two_way) == []
    assert_in_step(two_way)


def _newest(made: TwoWay) -> list:
    with made.alive() as life:
        newest = life.tools.store.newest_plan()
        assert newest is not None
        found = life.tools.store.intents(plan_id=newest.id)
    return [intent for intent in found if intent.change.system == "workday"]
