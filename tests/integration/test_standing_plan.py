"""Where nothing changed on either side, the last plan stands; where anything did, a new one is drawn up."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ml_connector.audit.event import AuditAction
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import MappingRow, sign_rows
from ml_connector.usecases import outcomes, syncs
from tests.world import open_synced, silent


@pytest.fixture
def settled(tmp_path):
    """A world whose last sync found nothing to do."""
    with open_synced(tmp_path) as world:
        syncs.sync(world.app, progress=silent)
        yield world


def newest(world):
    return world.app.syncer._tools.store.newest_plan()


def sync(world):
    before = newest(world).id
    report = syncs.sync(world.app, progress=silent)
    return report, newest(world).id != before


def test_m_4_nothing_changed_so_nothing_is_decided_again(settled):
    before = settled.writes()
    first, anew = sync(settled)
    second, again = sync(settled)
    assert (anew, again) == (False, False)
    assert settled.writes() == before
    assert first.counts == second.counts
    assert first.counts["noop"] == newest(settled).counts["noop"] > 0
    assert second.watermark > first.watermark, "both sides were read, so the watermark moves"


def test_the_decision_not_to_write_is_told_all_the_same(settled):
    report, _ = sync(settled)
    (event,) = [
        stored.event
        for stored in settled.app.trail.list(action=AuditAction.DECISION_NOOP)
        if stored.event.run == str(report.run)
    ]
    assert event.plan == newest(settled).digest
    assert event.detail["count"] == report.counts["noop"]


def test_px_02_a_run_tells_why_a_write_was_to_be_and_beside_it_that_it_was_confirmed(settled):
    (gone,) = settled.sandbox.tenant.play("terminate")["touched"]
    report, _ = sync(settled)
    (told,) = [
        each for each in outcomes.run_detail(settled.app, report.run)["writes"] if each["action"] == "deactivate"
    ]
    assert (told["key"], told["state"], told["outcome"]) == (gone, "applied", "confirmed by reading back")
    assert told["reason"].startswith("terminated on")
    (record,) = outcomes.records(settled.app, record_type="worker", key=gone, status="applied")
    assert record.reason == told["reason"]


def change_workday(world):
    world.sandbox.tenant.play("hire")


def change_plex(world):
    row = next(row for row in world.sandbox.plex.state("employees") if not str(row["badgeNumber"]).startswith("900"))
    world.sandbox.plex.edit_employee(str(row["pcn"]), row["badgeNumber"], fields={"lastName": "Other"})


def change_mapping(world):
    row = MappingRow(kind=Kind.JOB_PROFILE, plant="*", source="JP-NEVER", target={"position": "Welder"})
    with world.app.database.transaction() as tx:
        world.app.mappings.save(tx, "acme", sign_rows([row], changed_by="t", changed_at=datetime.now(UTC)))


def change_settings(world):
    world.configure(status_active="Active", writers=1)


def let_the_day_pass(world):
    world.next_day()


@pytest.mark.parametrize("change", [change_workday, change_plex, change_mapping, change_settings, let_the_day_pass])
def test_whatever_a_plan_follows_from_a_change_of_it_is_seen(settled, change):
    change(settled)
    _, anew = sync(settled)
    assert anew


def test_a_plan_that_was_only_looked_at_does_not_stand(settled):
    syncs.plan(settled.app, progress=silent)
    _, anew = sync(settled)
    assert anew
