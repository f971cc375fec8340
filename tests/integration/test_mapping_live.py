"""Rows held against the live Plex, and codes in use, as both pretended systems show them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ml_connector.errors import ConfigurationError
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import MappingRow
from ml_connector.sandbox.plex.scenarios import SCENARIOS
from ml_connector.usecases import mapping_changes, mapping_proposals, mappings, syncs
from ml_connector.usecases.usage import read_setup
from tests.world import World, open_world, silent

PLANT = "101"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path, workers=24) as opened:
        yield opened


def center_and_account(world: World) -> tuple[MappingRow, str, str]:
    """A mapped cost center of the plant, an account of its segment, and another segment in use there."""
    accounts = {
        record.key: str(record.fields["cost_center"])
        for record in read_setup(world.app, plant=PLANT, progress=silent)
        if record.type == "account" and record.fields["active"] is True
    }
    center = next(
        row
        for row in mappings.list_rows(world.app, kind="cost_center")
        if row.plant == PLANT and row.target["segment"] in accounts.values()
    )
    own = center.target["segment"]
    number = next(number for number, segment in accounts.items() if segment == own)
    return center, number, next(segment for segment in accounts.values() if segment not in {own, ""})


def set_center(world: World, center: MappingRow, segment: str, *, check: bool = True) -> mappings.Changed:
    target = {**center.target, "segment": segment}
    return mappings.set_row(
        world.app, kind="cost_center", source=center.source, plant=PLANT, target=target, check=check
    )


def segment_of(world: World, center: MappingRow) -> str:
    return (
        world.app.mappings.crosswalk("acme").resolve(center.kind, source=center.source, plant=PLANT).target["segment"]
    )


def test_px_08_a_new_segment_may_not_break_the_account_rows_of_its_cost_center(world: World) -> None:
    center, number, other = center_and_account(world)
    account = {"kind": "account", "source": f"{center.source}/direct/REG", "plant": PLANT}
    mappings.set_row(world.app, **account, target={"account": number})
    with pytest.raises(ConfigurationError, match=f"books on segment '{center.target['segment']}'"):
        set_center(world, center, other)
    assert segment_of(world, center) == center.target["segment"]
    assert set_center(world, center, other, check=False).changed
    mappings.approve_rows(dataclasses.replace(world.app, actor="another"), check=False)
    assert segment_of(world, center) == other


def test_px_08_accounts_of_other_cost_centers_do_not_stop_a_row(world: World) -> None:
    center, number, other = center_and_account(world)
    broken = {"kind": "account", "source": "CC-OTHER/direct/REG", "plant": PLANT}
    mappings.set_row(world.app, **broken, target={"account": number}, check=False)
    assert set_center(world, center, other).changed


def propose(world: World, *, building: str) -> None:
    row = MappingRow(
        kind=Kind.LOCATION, plant=PLANT, source="NEW-HALL", target={"building": building}, state="proposed"
    )
    mapping_changes.keep_rows(world.app, [row], action=mappings.AuditAction.MAPPING_IMPORTED)


def proposed(world: World) -> list[str]:
    return [row.source for row in mappings.list_rows(world.app, kind="location") if row.state == "proposed"]


def test_rd_08_a_proposed_row_that_fits_no_more_is_not_accepted(world: World) -> None:
    propose(world, building="TORN-DOWN")
    with pytest.raises(ConfigurationError, match=r"no building 'TORN-DOWN'"):
        mappings.accept_rows(world.app)
    assert proposed(world) == ["NEW-HALL"]
    (row,) = mappings.accept_rows(world.app, check=False).changed
    assert (row.source, row.state) == ("NEW-HALL", "accepted")


def test_rd_08_a_proposed_row_that_fits_is_accepted(world: World) -> None:
    building = next(r.key for r in read_setup(world.app, plant=PLANT, progress=silent) if r.type == "building")
    propose(world, building=building)
    assert [row.state for row in mappings.accept_rows(world.app).changed] == ["accepted"]
    assert proposed(world) == []


def test_rd_06_a_code_that_only_an_open_seat_uses_is_listed_with_no_worker_behind_it(world: World) -> None:
    tenant = world.sandbox.tenant
    tenant.play("unmapped_job")
    for _ in range(2):
        world.next_day()

    def robot() -> tuple[str, int] | None:
        lines = mapping_proposals.coverage(world.app, progress=silent).lines
        return next(((line.standing, line.workers) for line in lines if line.source == "JP-ROBO"), None)

    desk = tenant._desk("leaves")
    robots = [worker for worker in desk.plain_workers() if worker.primary_job.job_profile == "JP-ROBO"]
    assert robots
    assert robot() == ("missing", len(robots))
    for worker in robots:
        desk.terminate(worker, last_day=desk.on - timedelta(days=1))
    assert robot() == ("missing", 0)


@pytest.mark.parametrize("owner", ["plex", "workday"])
def test_rd_09_a_cost_center_that_only_plex_has_is_proposed_where_plex_owns_them(world: World, owner: str) -> None:
    world.sync["cost_centers"] = owner
    world.reopen()
    (number,) = SCENARIOS["plex_cost_center"](world.sandbox.plex.enterprise)
    found = mapping_proposals.propose_rows(world.app, kind="cost_center", progress=silent).proposals
    rows = [each.row for each in found if each.row is not None and each.row.target["cost_center"] == number]
    assert [(row.plant, row.source, row.state) for row in rows] == (
        [(PLANT, f"CC{number}", "proposed")] if owner == "plex" else []
    )
    if owner == "plex":
        mappings.accept_rows(world.app, kind="cost_center")
        plan = syncs.plan(world.app, progress=silent)
        added = [each.key for each in plan.changes if each.system == "workday" and not each.before]
        assert added == [f"CC{number}"]


def test_rd_09_a_cost_center_only_plex_has_is_mapped_by_hand_where_plex_owns_them(world: World) -> None:
    (number,) = SCENARIOS["plex_cost_center"](world.sandbox.plex.enterprise)
    target = {"cost_center": number, "department": f"{number}-ROB", "segment": number}
    given = {"kind": "cost_center", "plant": PLANT}
    with pytest.raises(ConfigurationError, match=f"no cost center 'CC{number}'"):
        mappings.set_row(world.app, source=f"CC{number}", target=target, **given)
    world.sync["cost_centers"] = "plex"
    world.reopen()
    changed = mappings.set_row(world.app, source=f"CC{number}", target=target, **given)
    assert [fault.code for fault in changed.warnings] == ["unknown_code"]
    taken = next(row for row in mappings.list_rows(world.app, kind="cost_center") if row.plant == PLANT)
    with pytest.raises(ConfigurationError, match="no cost center 'CC-MISTYPED'"):
        mappings.set_row(world.app, source="CC-MISTYPED", target=taken.target, **given)
    plan = syncs.plan(world.app, progress=silent)
    assert [each.key for each in plan.changes if each.system == "workday" and not each.before] == [f"CC{number}"]


def test_rd_08_a_mistyped_code_is_refused_before_anything_was_ever_read(world: World) -> None:
    """Nothing was read yet, so Workday is asked."""
    target = {"position": "Welder"}
    with pytest.raises(ConfigurationError, match=r"no job profile 'JP-WELDD'.*'JP-WELD'"):
        mappings.set_row(world.app, kind="job_profile", source="JP-WELDD", plant=PLANT, target=target)
    later = {**target, "position": "Press Operator"}
    assert mappings.set_row(world.app, kind="job_profile", source="JP-WELD", plant=PLANT, target=later).waiting
