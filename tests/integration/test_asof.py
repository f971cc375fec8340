"""
What Plex held on a day, told from our own records alone: the drill of the auditor, and the past that stays as it was.
"""

from __future__ import annotations

import random
import sys
from datetime import date, timedelta
from types import SimpleNamespace

import msgspec
import pytest
from typer.testing import CliRunner

from ml_connector.audit.event import AuditAction
from ml_connector.canonical.keys import RecordType
from ml_connector.cli.commands.asof import _render
from ml_connector.cli.main import app as program
from ml_connector.errors import UsageError
from ml_connector.mapping.plex_fields import FIELDS
from ml_connector.mapping.store import MappingStore
from ml_connector.sync.recall import recall
from ml_connector.usecases import outcomes
from ml_connector.usecases.asof import asof
from ml_connector.usecases.references import code_asof
from ml_connector.usecases.subjects import find_subject
from tests.laws.firm import found
from tests.rehearsal import START, Rehearsal, record

DAYS = 3


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A few days of an enterprise, and what was told of every day when it ended."""
    made = Rehearsal(record(24, days=DAYS), url=f"sqlite:///{tmp_path_factory.mktemp('asof')}/mlc.db")
    made.prepare()
    told = {}
    for day in range(DAYS):
        made.day = day
        with made.alive() as life:
            life.sync()
            told[day] = everything(made, life, day)
    return made, told


def app_of(rehearsal, life):
    return SimpleNamespace(
        name="acme",
        connection=rehearsal.settings,
        database=life.database,
        trail=life.tools.trail,
        clock=rehearsal.clock.now,
        mappings=MappingStore(life.database),
    )


def employees(rehearsal):
    return [(pcn, row) for pcn, tables in rehearsal.plex.enterprise.plants.items() for row in tables.employees.values()]


def day_of(number):
    return START.date() + timedelta(days=number)


def everything(rehearsal, life, day):
    ids = sorted({row["id"] for _plant, row in employees(rehearsal)})
    return {key: asof(app_of(rehearsal, life), key, on=day_of(day)).records for key in ids if is_ours(life, key)}


def is_ours(life, key):
    return any(intent.change.key == key for intent in life.tools.store.intents())


def test_a4_t3_fifty_values_lead_to_source_mapping_approver_and_run(lived, capsys):
    rehearsal, _ = lived
    with rehearsal.alive() as life:
        wires = {field.wire: field.name for field in FIELDS[RecordType.EMPLOYEE] if field.name not in {"id", "shift"}}
        values = [
            (plant, row["id"], name, row[wire])
            for plant, row in employees(rehearsal)
            for wire, name in wires.items()
            if row.get(wire) is not None and is_ours(life, row["id"])
        ]
        drawn, explained = random.Random(4).sample(values, 50), 0  # noqa: S311 - which are looked at
        for plant, key, field, value in drawn:
            past = asof(app_of(rehearsal, life), key, on=day_of(DAYS - 1))
            found = next(each for each in past.records if (each.plant, each.key) == (plant, key))
            held = next(each for each in found.fields if (each.type, each.field) == ("employee", field))
            why = found.evidence[held.evidence - 1]
            assert str(held.value).lower() == str(value).lower(), field
            assert (why.how, why.by, why.planned_by) == ("written", "test", "test")
            assert all((why.run, why.plan, why.crosswalk, why.effective_on, why.entered_at, why.request))
            assert why.answer is not None
            assert all((why.answer.hash, why.answer.status))
            if field in {"department", "position", "building"}:
                assert held.mapping is not None
                assert (held.mapping.version, held.mapping.by) != (0, None)
            explained += 1
    with capsys.disabled():
        sys.stdout.write(f"\nA4-T3: {explained}/{len(drawn)} values in Plex explained\n")
    assert explained == 50


def test_px07_who_was_transferred_is_told_of_whole_in_the_new_plant_and_gone_from_the_old_one(lived, capsys):
    """Most of what the new plant holds of them was never written there: it came along with the record."""
    rehearsal, _ = lived
    wires = {field.wire: field.name for field in FIELDS[RecordType.EMPLOYEE] if field.name not in {"id", "shift"}}
    with rehearsal.alive() as life:
        moved = [intent.change for intent in life.tools.store.intents() if intent.change.action == "transfer"]
        for change in moved:
            row = next(row for plant, row in employees(rehearsal) if (plant, row["id"]) == (change.plant, change.key))
            past = asof(app_of(rehearsal, life), change.key, on=day_of(DAYS - 1))
            found = {each.plant: each for each in past.records}
            told = {each.field: each.value for each in found[change.plant].fields if each.type == "employee"}
            assert {name for wire, name in wires.items() if row.get(wire) is not None} <= set(told)
            assert all(row[wire] == told[name] for wire, name in wires.items() if row.get(wire) is not None)
            assert not found[change.origin].fields
            capsys.readouterr()
            _render(past)
            assert "transfer at 2026-11-2" in " ".join(capsys.readouterr().out.split())
            assert past.goes_on, "the last day is not over where nothing came after it"
    assert moved


def test_wp14_a_supervisor_is_told_by_the_badge_of_that_day(lived):
    rehearsal, _ = lived
    worn = {row["id"]: row["badgeNumber"] for _plant, row in employees(rehearsal)}
    with rehearsal.alive() as life:
        key = next(row["id"] for _, row in employees(rehearsal) if row.get("supervisorId") and is_ours(life, row["id"]))
        past = asof(app_of(rehearsal, life), key, on=day_of(0))
    fields = {each.field: each for record in past.records for each in record.fields if each.type == "employee"}
    assert fields["supervisor_id"].spoken == worn[fields["supervisor_id"].value]
    assert fields["department"].spoken is None
    assert not past.goes_on


def test_cc12_the_release_that_let_a_write_by_is_told_with_its_moment_and_no_later_one():
    """The same set let go once more, after the write, had no part in it."""
    with found(sync={"guard": {"deactivate_over": "0"}}) as firm:
        number = firm.tenant.play("terminate")["touched"][0]
        life = firm.begin()
        life.sync()
        (hold,) = life.tools.review.holds("acme", state="open")
        life.syncer.release(hold.id)
        (first,) = releases(life)
        life = firm.begin()
        life.sync()
        late = msgspec.structs.replace(first, actor="somebody else", at=life.tools.clock())
        assert late.at > first.at
        with life.database.transaction() as tx:
            life.tools.trail.append(tx, [late])
        past = asof(app_of(firm.rehearsal, life), number, on=firm.tenant.today)
        (ended,) = [why for held in past.records for why in held.evidence if why.approvals]
        assert (ended.action, ended.how) == ("deactivate", "written")
        assert [(it.hold, it.by, it.at) for it in ended.approvals] == [(hold.id, first.actor, first.at)]


def releases(life):
    return [entry.event for entry in life.tools.trail.list(9, action=AuditAction.HOLD_RELEASED)]


def test_m_9_what_was_told_of_a_day_that_is_past_never_changes(lived):
    rehearsal, told = lived
    with rehearsal.alive() as life:
        for day in range(DAYS):
            again = everything(rehearsal, life, day)
            for key, records in told[day].items():
                assert again[key] == records, f"day {day}"
    assert told[0] != told[DAYS - 1]


def test_a_day_before_our_first_reading_is_said_to_be_unknown(lived):
    rehearsal, _ = lived
    with rehearsal.alive() as life:
        key = next(row["id"] for _, row in employees(rehearsal) if is_ours(life, row["id"]))
        with pytest.raises(UsageError, match="nothing is known of any day before") as refused:
            asof(app_of(rehearsal, life), key, on=date(2020, 1, 1))
        first = date.fromisoformat((refused.value.remedy or "").split()[2])
        assert asof(app_of(rehearsal, life), key, on=first), "the remedy leads somewhere"


def test_nobody_known_and_a_day_ahead_are_wrong_usage(lived):
    rehearsal, _ = lived
    with rehearsal.alive() as life:
        with pytest.raises(UsageError, match="nothing is known under"):
            asof(app_of(rehearsal, life), "nobody", on=day_of(0))
        with pytest.raises(UsageError, match="lies ahead"):
            asof(app_of(rehearsal, life), "21001", on=day_of(90))


def test_m9_a_day_nobody_means_leads_to_the_last_one_there_is(lived):
    rehearsal, _ = lived
    with rehearsal.alive() as life:
        app = app_of(rehearsal, life)
        key = next(row["id"] for _, row in employees(rehearsal) if is_ours(life, row["id"]))
        with pytest.raises(UsageError, match="9999-12-31 lies too far ahead") as refused:
            asof(app, key, on=date(9999, 12, 31))
        last = date.fromisoformat((refused.value.remedy or "").split()[2])
        assert asof(app, key, on=last).records, "the remedy leads somewhere"
        with pytest.raises(UsageError, match="lies ahead"):
            asof(app, key, on=last + timedelta(days=1))


@pytest.mark.parametrize("empty", ["", "  "])
def test_m9_an_empty_id_is_called_empty_and_what_to_type_is_said(lived, empty):
    rehearsal, _ = lived
    with rehearsal.alive() as life:
        app = app_of(rehearsal, life)
        for ask in (
            lambda: asof(app, empty, on=day_of(0)),
            lambda: code_asof(app, "cost_center", empty, on=day_of(0)),
            lambda: find_subject(app, recall(life.tools), empty),
        ):
            with pytest.raises(UsageError, match=r"^the id is empty$") as refused:
                ask()
            assert " ID   names one; ml-connector records " in (refused.value.remedy or "")


def test_runs_and_records_are_filtered_and_no_filter_is_ignored(lived):
    rehearsal, _ = lived
    with rehearsal.alive() as life:
        app = app_of(rehearsal, life)
        assert len(outcomes.runs(app, kind="sync", state="done")) == DAYS
        assert outcomes.runs(app, kind="plan") == outcomes.runs(app, state="failed") == []
        assert outcomes.runs(app, since=START + timedelta(days=400)) == []
        everybody = outcomes.records(app, record_type="worker")
        here = outcomes.records(app, record_type="worker", status="applied", plant="101")
        assert here == [each for each in everybody if (each.status, each.plant) == ("applied", "101")]
        assert 0 < len(here) < len(everybody)
        for wrong in ({"status": "aplied"}, {"plant": "999"}):
            with pytest.raises(UsageError, match="there is no"):
                outcomes.records(app, record_type="worker", **wrong)
        for wrong in ({"kind": "synch"}, {"state": "ok"}):
            with pytest.raises(UsageError, match="there is no"):
                outcomes.runs(app, **wrong)


def test_a_filter_of_the_list_is_refused_where_one_run_is_asked_for():
    ended = CliRunner().invoke(program, ["runs", "--kind", "sync", "show", "12"])
    assert ended.exit_code == 2
    assert "show takes no --kind" in ended.output
