"""
RD-05 in a whole run: a row that begins tomorrow moves people tomorrow, and a plan for an earlier day is of that day.
"""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from ml_connector.errors import StalePlanError
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.store import MappingStore
from tests.rehearsal import START, Rehearsal, record

PLANT = "101"
TODAY = START.date()


@pytest.fixture
def rehearsal(tmp_path):
    """Plex is in step with Workday; nothing is left to do."""
    made = Rehearsal(record(24), url=f"sqlite:///{tmp_path}/mlc.db")
    made.prepare()
    with made.alive() as life:
        life.sync()
    return made


def save_row(life, *, since: date | None, **target: str) -> None:
    """Give the welders of the plant another position from a day on."""
    store = MappingStore(life.database)
    row = next(
        row for row in store.load("acme") if (row.kind, row.source, row.plant) == (Kind.JOB_PROFILE, "JP-WELD", PLANT)
    )
    with life.database.transaction() as tx:
        store.save(tx, "acme", [msgspec.structs.replace(row, effective_on=since, target=target)])


def positions_planned(life, as_of: date | None = None) -> set[object]:
    plan = life.syncer.plan(as_of=as_of, progress=lambda *_: None)
    return {change.after["position"] for change in plan.changes if change.type == "employee"}


def let_a_night_pass(rehearsal) -> None:
    """Workday shows the same on the next day."""
    first = rehearsal.recording.days[0]
    rehearsal.recording = rehearsal.recording._replace(days=(first, first._replace(now=first.now + timedelta(days=1))))
    rehearsal.day = 1


def test_rd_05_a_row_that_begins_tomorrow_changes_the_plan_tomorrow_and_not_today(rehearsal):
    with rehearsal.alive() as life:
        before = life.plan().digest
        save_row(life, since=TODAY + timedelta(days=1), position="Press Operator")
        assert life.plan().digest == before
        assert positions_planned(life) == set()
    let_a_night_pass(rehearsal)
    with rehearsal.alive() as life:
        assert positions_planned(life) == {"Press Operator"}
        told = {change.reason for change in life.plan().changes if change.type == "employee"}
        assert told == {"the mapping changed (job_profile JP-WELD version 2)"}


def test_rd_05_a_plan_for_another_day_is_made_with_the_rows_of_that_day(rehearsal):
    with rehearsal.alive() as life:
        save_row(life, since=TODAY, position="Press Operator")
        assert positions_planned(life) == {"Press Operator"}
        assert positions_planned(life, as_of=TODAY - timedelta(days=1)) == set()


def test_rd_05_a_plan_approved_yesterday_is_not_sent_under_the_row_of_today(rehearsal):
    with rehearsal.alive() as life:
        save_row(life, since=None, position="Press Operator")
        plan = life.plan()
        assert plan.changes
        save_row(life, since=TODAY + timedelta(days=1), position="Welder")
        written = len(life.wire.writes)
    let_a_night_pass(rehearsal)
    with rehearsal.alive() as life:
        with pytest.raises(StalePlanError, match="another mapping is in force"):
            life.syncer.apply(plan.digest, progress=lambda *_: None)
        assert life.wire.writes == []
        assert written == 0
