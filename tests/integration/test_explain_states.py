"""`explain`, one state of a worker after the other: what is decided, why, and what would change it."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import msgspec
import pytest
from rich.console import Console

from ml_connector.canonical.keys import RecordType
from ml_connector.cli.commands import explain as command
from ml_connector.cli.door import Door
from ml_connector.cli.explanation import render_explained
from ml_connector.errors import UsageError
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.origin import ORIGINS, RULES
from ml_connector.mapping.store import MappingStore
from ml_connector.mapping.workday import to_canonical
from ml_connector.sandbox.http import Response
from ml_connector.sync.explained import LastWrite
from ml_connector.usecases.asof import asof
from ml_connector.usecases.explain import explain
from ml_connector.usecases.links import list_links
from ml_connector.usecases.outcomes import records
from ml_connector.usecases.waiting_list import released
from tests.canaries import find_canary
from tests.explained import app_of as rehearsed
from tests.explained import decided, explained
from tests.explained import told as everything_told
from tests.laws.firm import found
from tests.rehearsal import Rehearsal, record
from tests.workday_samples import PAY

PLAYED = (
    "two_plants", "two_jobs", "leave", "contractor_hired", "future_hire", "terminate", "rehire_new_id", "unmapped_job",
    "future_transfer", "international_assignment", "conversion", "two_primary_jobs", "long_name", "manager_cycle",
    "no_employee_id", "rehire_unlinked", "future_termination", "legal_entity_change", "transfer",
)  # fmt: skip
SHOWN = tuple(name for name in PLAYED if name != "no_employee_id")
TWICE = {"terminate", "conversion"}  # happens to whom something else happens too


def app_of(firm):
    return rehearsed(firm.rehearsal, firm.begin())


@pytest.fixture(scope="module")
def firm():
    """Everybody was in Plex yesterday; today this happened to a few, and a plan was drawn up."""
    with found() as made:
        made.who = {name: made.tenant.play(name)["touched"] for name in PLAYED}
        touched = [who[-1] for name, who in made.who.items() if name not in TWICE]
        assert len(touched) == len(set(touched)), "each of them happens to somebody else"
        made.who["left"] = made.tenant.play("terminate")["touched"]
        made.report = made.begin().plan()
        made.told = {}
        yield made


def told(firm, scenario, position=-1):
    who = firm.who[scenario][position]
    if who not in firm.told:
        firm.told[who] = explain(app_of(firm), who)
    return firm.told[who]


def verbs(explained):
    return sorted({(each.plant, each.verb) for each in explained.decide})


def shown(explained):
    console = Console(file=io.StringIO(), width=80, color_system=None)
    render_explained(explained, console=console)
    return console.file.getvalue()


def test_everybody_in_every_state_is_explained_as_the_plan_decides(firm):
    assert everything_told(explained(firm.rehearsal, firm.begin())) == decided(firm.begin(), firm.report)


def test_wp06_who_works_in_two_plants_is_two_records_and_each_is_told(firm):
    told_of = told(firm, "two_plants")
    assert [(job.primary, job.plant) for job in told_of.scope.jobs] == [(True, "101"), (False, "102")]
    assert [(each.plant, each.found) for each in told_of.match.records] == [("101", True), ("102", False)]
    assert verbs(told_of) == [("101", "none"), ("102", "create")]


def test_wp05_two_jobs_in_one_plant_are_one_record(firm):
    told_of = told(firm, "two_jobs")
    assert [job.plant for job in told_of.scope.jobs] == ["101", "101"]
    assert len(told_of.match.records) == 1
    assert told_of.verdict == "none"


def test_wp12_leave_is_read_and_deactivates_nobody(firm):
    told_of = told(firm, "leave")
    assert told_of.read.facts["on_leave"] is True
    assert told_of.verdict == "none"


def test_wp11_a_contingent_worker_is_in_scope_only_as_configured(firm):
    assert told(firm, "contractor_hired").verdict == "create"
    settings, narrow = firm.rehearsal.settings, firm.begin().tools
    sync = settings.sync.model_copy(update={"contingent_workers": False})
    tools = SimpleNamespace(**vars(narrow))
    tools.connection = settings.model_copy(update={"sync": sync})
    for name in ("store", "review", "links", "facts", "snapshots"):
        setattr(tools, name, getattr(narrow, name))
    app = SimpleNamespace(**{**vars(app_of(firm)), "tools": tools, "connection": tools.connection})
    left_out = explain(app, firm.who["contractor_hired"][-1])
    assert (left_out.scope.in_scope, left_out.scope.setting) == (False, "sync.contingent_workers = false")
    assert [(each.verb, each.reason) for each in left_out.decide] == [
        ("none", "contingent workers are out of scope as configured")
    ]
    assert "out of scope: sync.contingent_workers = false" in shown(left_out)


def test_ed02_a_future_hire_is_told_by_its_day(firm):
    told_of = told(firm, "future_hire")
    (due,) = told_of.decide
    assert (told_of.verdict, due.verb, due.reason) == ("pending", "pending", "future hire")
    assert due.on == told_of.read.facts["hired_on"]
    assert f"on {due.on}" in shown(told_of)


def test_cc09_a_move_that_lies_ahead_is_told_beside_what_is_true_today(firm):
    told_of = told(firm, "future_transfer")
    assert verbs(told_of) == [("101", "none"), ("101", "pending")]
    (due,) = [each for each in told_of.decide if each.verb == "pending"]
    assert "moves to plant 102" in due.reason


def test_ed12_a_rehire_under_a_new_id_is_the_same_record_and_either_id_finds_it(firm):
    old, new = (told(firm, "rehire_new_id", position) for position in (0, -1))
    assert old == new
    assert len(new.match.profiles) == 2
    assert new.match.by.startswith("universal id")
    assert new.worker == firm.who["rehire_new_id"][-1]
    assert [(each.found, each.plant) for each in new.match.records] == [(True, new.decide[0].plant)]


def test_ed12_a_rehire_nobody_can_place_is_parked_with_the_decision_to_take(firm):
    (waits,) = told(firm, "rehire_unlinked").decide
    assert (waits.verb, waits.code, waits.waiting_for) == ("parked", "possible_rehire", "a decision on who it is")
    assert "links relink" in (waits.remedy or "")


def test_px04_a_missing_mapping_is_named_with_the_command_that_mends_it(firm):
    told_of = told(firm, "unmapped_job")
    (waits,) = told_of.decide
    assert (waits.verb, waits.waiting_for) == ("parked", "job_profile JP-ROBO")
    assert "ml-connector mapping set job_profile JP-ROBO" in shown(told_of)


def test_wp14_a_field_that_waits_is_told_beside_its_record(firm):
    told_of = told(firm, "manager_cycle")
    (field,) = [each for each in told_of.decide if each.field]
    assert (field.field, field.verb, field.code) == ("supervisor_id", "parked", "manager_cycle")
    assert {each.verb for each in told_of.decide} == {"none", "parked"}


def test_wp15_what_lacks_its_parent_names_it(firm):
    told_of = told(firm, "long_name")
    waits = {each.type: each for each in told_of.decide}
    assert waits["employee"].code == "field_too_long"
    assert (waits["employee_attributes"].code, waits["employee_attributes"].verb) == ("waiting", "parked")
    assert (waits["employee_attributes"].waiting_for or "").startswith("employee ")


def test_wp03_a_record_that_came_and_cannot_be_understood_is_told_at_its_reading(firm):
    told_of = told(firm, "two_primary_jobs")
    assert "2 primary jobs" in (told_of.read.problem or "")
    (waits,) = told_of.decide
    assert (waits.verb, waits.type) == ("parked", "worker")


def test_wp09_px07_who_moves_is_made_ready_then_transferred_and_then_set_up_in_the_new_plant(firm):
    told_of = told(firm, "transfer")
    assert verbs(told_of) == [("101", "update"), ("102", "transfer"), ("102", "update")]
    ready, command, then = sorted((it for it in told_of.order if it.type == "employee"), key=lambda it: it.position)
    assert [(it.plant, it.action) for it in (ready, command, then)] == verbs(told_of), "in this order"
    assert f"update employee {told_of.worker} in plant 101" in command.after
    assert shown(told_of).splitlines()[0].endswith("update, transfer"), "the first line says all of it"


def test_cc11_who_left_is_deactivated_by_the_day_that_workday_tells(firm):
    told_of = told(firm, "left")
    (ending,) = told_of.decide
    assert (ending.verb, ending.reason) == ("deactivate", f"terminated on {told_of.read.facts['terminated_on']}")


def test_each_field_names_its_fact_its_mapping_row_and_its_rule(firm):
    told_of = told(firm, "leave")
    fields = {each.field: each for each in told_of.map}
    row = fields["department"].mapping
    assert row is not None
    assert (row.kind, row.source, row.version) == ("cost_center", told_of.read.facts["cost_center"], 1)
    assert fields["department"].workday == ("organizations.cost_center",)
    assert (fields["shift"].value, fields["shift"].compared) == ("Day", False)
    assert fields["supervisor_id"].spoken is not None
    assert fields["department"].rule not in shown(told_of)  # a rule's number tells people nothing
    assert {kind: set(fields) for kind, fields in RULES.items()} == {kind: set(of) for kind, of in ORIGINS.items()}


def test_a_universal_id_is_taken_wherever_a_worker_is_named(firm):
    told_of, app = told(firm, "leave"), app_of(firm)
    universal = told_of.match.by.removeprefix("universal id ")
    assert records(app, record_type="worker", key=universal) == records(app, record_type="worker", key=told_of.worker)
    assert list_links(app, worker=universal) == list_links(app, worker=told_of.worker)
    day = app.clock().date()
    mine, same = asof(app, told_of.worker, on=day), asof(app, universal, on=day)
    assert mine.records
    assert same.records == mine.records


def test_every_id_people_have_finds_the_same_person(firm):
    told_of = told(firm, "leave")
    record = told_of.match.records[0]
    universal = told_of.match.by.removeprefix("universal id ")
    for name in (told_of.worker, told_of.match.person, universal, record.key, str(record.employee_no)):
        assert explain(app_of(firm), name) == told_of, name
    with pytest.raises(UsageError, match="nothing is known under nobody") as refused:
        explain(app_of(firm), "nobody")
    assert "ml-connector records worker" in (refused.value.remedy or "")
    assert refused.value.exit_code == 2


def test_before_any_reading_it_says_what_reads():
    with found(fresh=True) as made, pytest.raises(UsageError, match="nothing was read yet") as refused:
        explain(app_of(made), "1")
    assert "ml-connector plan" in (refused.value.remedy or "")


def test_looking_asks_nobody_and_keeps_nothing(firm):
    life = firm.begin()
    before = (len(life.wire.requests), firm.rehearsal.kept_state(), dump(life))

    def asked():
        raise AssertionError("a system was asked for")

    tools = SimpleNamespace(**{**vars(life.tools), "workday": asked, "plex": asked})
    for name in ("store", "review", "links", "facts", "snapshots"):
        setattr(tools, name, getattr(life.tools, name))
    app = SimpleNamespace(**{**vars(app_of(firm)), "tools": tools})
    for scenario in ("two_plants", "unmapped_job", "rehire_unlinked"):
        explain(app, firm.who[scenario][-1])
    assert (len(life.wire.requests), firm.rehearsal.kept_state(), dump(life)) == before


def dump(life):
    """Every row of every table."""
    from ml_connector.storage.database import metadata

    with life.database.reading() as tx:
        return {table.name: sorted(map(repr, tx.execute(table.select()))) for table in metadata.sorted_tables}


def test_it_fits_eighty_columns_and_one_screen_and_needs_no_colour(firm):
    for scenario in SHOWN:
        lines = shown(told(firm, scenario)).splitlines()
        assert max(len(line) for line in lines if "→ ml-connector" not in line and "→ add" not in line) <= 80
        assert len(lines) <= 45
        for step in ("1 read", "2 scope", "3 match", "4 map", "5 decide", "6 order"):
            assert any(line.startswith(step) for line in lines), step


def test_json_has_the_documented_shape_and_the_exit_code_of_a_plan(firm, capsys, monkeypatch):
    monkeypatch.setattr(Door, "look", lambda _self: _Opened(app_of(firm)))
    shown_as = ("unmapped_job", "leave", "transfer")
    codes = {name: command.explain(Door(output="json"), what="worker", worker=firm.who[name][-1]) for name in shown_as}
    assert (codes["unmapped_job"], codes["leave"], codes["transfer"]) == (3, 0, 0)
    answers = [json.loads(text) for text in re.split(r"(?<=\n})\n", capsys.readouterr().out) if text.strip()]
    assert len(answers) == len(shown_as)
    keys = {"worker", "worker_type", "label", "verdict", "notes", "read", "scope", "match", "map", "decide", "order"}
    assert all(answer.keys() == keys for answer in answers)


class _Opened:
    def __init__(self, app):
        self._app = app

    def __enter__(self):
        return self._app

    def __exit__(self, *_error):
        return None


def test_a_mapping_that_changed_since_the_reading_is_said_and_used():
    with found() as made:
        made.begin().plan()
        app, number = app_of(made), worker_of(made)
        before = explain(app, number)
        assert before.notes == ()
        row = next(each.mapping for each in before.map if each.field == "position")
        store = MappingStore(app.database)
        kept = store.history("acme", kind=Kind(row.kind), plant=row.plant, source=row.source)[-1]
        other = msgspec.structs.replace(kept, target={"position": "Accountant"})
        with app.database.transaction() as tx:
            store.save(tx, "acme", [other])
        after = explain(app, number)
        assert any("mapping changed since the reading" in note for note in after.notes)
        (position,) = [each for each in after.map if each.field == "position"]
        assert (position.value, position.mapping.version) == ("Accountant", row.version + 1)
        assert {"position": "Accountant"} in [each.after for each in after.decide]


def worker_of(made):
    """Somebody who presses, in plant 101."""
    return made.tenant.play("two_jobs")["touched"][0]


def test_cc12_what_a_guard_holds_names_the_hold_its_reason_and_its_release(capsys, monkeypatch):
    with found(sync={"guard": {"deactivate_over": "0"}}) as made:
        number = made.tenant.play("terminate")["touched"][0]
        made.begin().plan()
        app = app_of(made)
        told_of = explain(app, number)
        (held,) = told_of.decide
        assert (told_of.verdict, held.verb, held.action, held.hold.guard) == (
            "held",
            "held",
            "deactivate",
            "deactivate_over",
        )
        assert f"ml-connector release {held.hold.id}" in shown(told_of)
        assert told_of.order == ()
        monkeypatch.setattr(Door, "look", lambda _self: _Opened(app))
        assert command.explain(Door(output="json"), what="worker", worker=number) == 4
        made.begin().syncer.release(held.hold.id)
        assert [(hold.id, hold.released_by) for hold in released(app)] == [(held.hold.id, "test")]
        (free,) = explain(app, number).decide
        assert (free.verb, free.approved) == ("deactivate", (f"{held.hold.id} by test",))
        made.begin().plan()
        assert released(app), "drawn up is not carried out"
        made.begin().sync()
        assert released(app) == []


def test_ed04_what_was_to_come_and_is_withdrawn_is_said_to_be_never():
    with found() as made:
        made.begin().plan()
        number = made.tenant.play("future_hire_rescinded")["touched"][-1]
        made.begin().plan()
        told_of = explain(app_of(made), number)
        assert told_of.read.facts["hire_rescinded"] is True
        assert [(each.verb, each.reason) for each in told_of.decide] == [
            ("none", "has ended, or was never to begin, and no plant knows them")
        ]


def test_cc11_who_is_shown_no_more_is_explained_by_what_was_shown_last(tmp_path):
    """And neither the pay nor anything else that is not kept stands in any answer (CO-10)."""
    amount = "71234.567891"
    made = Rehearsal(record(24), url=f"sqlite:///{tmp_path}/mlc.db")
    made.prepare()
    natives = [paid(each, amount) for each in made.recording.days[0].natives[RecordType.WORKER]]
    assert to_canonical(natives[0]).compensation.amount.disclose() == Decimal(amount)
    made.show(RecordType.WORKER, natives)
    with made.alive() as life:
        life.sync()
        app = rehearsed(made, life)
        gone = to_canonical(natives[3])
        told_of = explain(app, gone.employee_id)
        assert told_of.verdict == "none"
        answer = shown(told_of) + msgspec.json.encode(told_of).decode()
        assert find_canary(amount, answer, tmp_path) == []
        assert find_canary(gone.employee_id, answer)
    made.show(RecordType.WORKER, [*natives[:3], *natives[4:]])
    with made.alive() as life:
        life.plan()
        app = rehearsed(made, life)
        told_of = explain(app, gone.employee_id)
        assert [(each.verb, each.code) for each in told_of.decide] == [("parked", "not_shown")]
        assert told_of.read.facts["active"] is True
        assert "shows them no more" in shown(told_of)
        life.wire.spoil = without_employees
        life.plan()
        held = explain(app, to_canonical(natives[0]).employee_id)
        assert {(each.type, each.verb) for each in held.decide} == {
            ("employee", "held"),
            ("employee_attributes", "none"),
        }
        assert {each.hold.guard for each in held.decide if each.hold} == {"not_readable"}


def paid(native, amount):
    pay = PAY.replace("21.500000", amount).encode()
    return msgspec.structs.replace(
        native, payload=native.payload.replace(b"</wd:Worker_Data>", pay + b"</wd:Worker_Data>")
    )


def without_employees(request, answer):
    """Plex lets us see no employees any more."""
    if "/employees" in request.path and request.method == "GET":
        return Response(403, b'{"code": "FORBIDDEN", "message": "no"}', {"content-type": "application/json"})
    return answer(request)


def test_px06_after_a_look_at_another_day_that_day_is_spoken_of_and_said():
    with found() as made:
        number = made.tenant.play("future_hire")["touched"][0]
        life = made.begin()
        life.syncer.plan(as_of=made.start + timedelta(days=8), progress=lambda *_: None)
        then = explain(app_of(made), number)
        assert then.verdict == "create"
        assert any("as of 2026-12-01" in note for note in then.notes)
        life.plan()
        assert (explain(app_of(made), number).verdict, explain(app_of(made), number).notes) == ("pending", ())


def test_a_write_whose_outcome_is_not_known_yet_is_said_beside_what_is_decided(firm):
    told_of = told(firm, "contractor_hired")
    lost = LastWrite(action="create", state="sending", run=7)
    first = msgspec.structs.replace(told_of.decide[0], last=lost)
    assert "(create sending in run 7)" in shown(msgspec.structs.replace(told_of, decide=(first,)))
    assert "in run" not in shown(told_of)


def test_wp01_of_two_who_bear_a_number_whoever_works_is_explained_and_the_other_is_named():
    with found() as made:
        made.tenant.play("terminate")
        made.begin().plan()
        number = made.tenant.play("id_reused")["touched"][0]
        made.begin().plan()
        told_of = explain(app_of(made), number)
        assert told_of.read.facts["active"] is True
        (note,) = told_of.notes
        other = explain(app_of(made), note.rpartition(" ")[2])
        assert (other.worker, other.read.facts["active"]) == (number, False)
        assert (other.worker, other.notes) == (told_of.worker, ())
