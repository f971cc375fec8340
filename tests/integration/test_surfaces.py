"""A sync over Workday's other surfaces: the same plan, and what they cannot give is said and not done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ml_connector.bootstrap import App
from ml_connector.canonical.keys import RecordType
from ml_connector.cli.render import make_console
from ml_connector.cli.reports import render_plan
from ml_connector.connectors.port import Query
from ml_connector.errors import ConfigurationError, PermissionError_
from ml_connector.sandbox.faults import parse_fault
from ml_connector.sandbox.server import Sandbox
from ml_connector.secret import Secret
from ml_connector.sync.report import PlanReport
from ml_connector.usecases import syncs
from tests.world import World, silent


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=60, calls_per_minute=600_000) as running:
        yield running


class Reached(World):
    """The same enterprise, its Workday reached over another surface."""

    def __init__(self, sandbox: Sandbox, folder: Path, surface: str) -> None:
        self.surface = surface
        folder.mkdir()
        super().__init__(sandbox, folder)

    def configuration(self) -> dict[str, Any]:
        configuration = super().configuration()
        workday = configuration["connections"]["acme"]["workday"]
        workday |= {"surface": self.surface, "auth": "oauth"}
        if self.surface == "report":
            ready = self.sandbox.ready["workday"]["report"]
            workday["report"] = {"owner": ready["owner"], "name": ready["name"]}
        return configuration

    def open(self, **options: Any) -> App:
        app = super().open(**options)
        with app.database.transaction() as tx:
            for field, value in self.sandbox.ready["workday"]["oauth"].items():
                app.vault.set(tx, connection="acme", system="workday", field=field, value=Secret(value))
        return app


def changes(plan: PlanReport) -> dict[tuple[str, ...], dict[str, Any]]:
    """What would be written, without the fields that would be emptied: only SOAP can say that something is empty."""
    return {
        (each.plant, each.type, each.key, each.action): {
            name: value for name, value in (each.after or {}).items() if value is not None
        }
        for each in plan.changes
    }


def test_the_plan_over_rest_is_the_plan_over_soap(sandbox: Sandbox, tmp_path: Path) -> None:
    plans = []
    for surface in ("soap", "rest"):
        world = Reached(sandbox, tmp_path / surface, surface)
        world.map_everything()
        plans.append(changes(syncs.plan(world.app, progress=silent)))
        world.app.close()
    soap, rest = plans
    assert len(soap) > 100
    assert rest == soap


def test_after_days_have_passed_the_plan_is_the_same_over_every_surface(tmp_path: Path) -> None:
    with Sandbox(workers=60, calls_per_minute=600_000) as sandbox:
        sandbox.tenant.advance(10)
        soap, rest, report = (Reached(sandbox, tmp_path / surface, surface) for surface in ("soap", "rest", "report"))
        days = {world.surface: world.app.workday.now().date() for world in (soap, rest, report)}
        assert set(days.values()) == {sandbox.tenant.today}
        soap.map_everything()
        for world in (rest, report):
            with world.app.database.transaction() as tx:
                world.app.mappings.save(tx, "acme", soap.app.mappings.load("acme"))
        full, over_rest, over_report = (changes(syncs.plan(w.app, progress=silent)) for w in (soap, rest, report))
        for world in (soap, rest, report):
            world.app.close()
    assert over_rest == full
    for key, after in over_report.items():
        if key[1] == "employee":
            assert {name: full[key].get(name) for name in after} == after


def test_up_02_workers_of_the_staffing_service_alone_are_held_and_nothing_of_them_is_written(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    world = Reached(sandbox, tmp_path / "rest", "rest")
    world.map_everything()
    sandbox.workday.grant_source("allWorkers", granted=False)
    try:
        plan = syncs.plan(world.app, progress=silent)
    finally:
        sandbox.workday.reset()
    assert not [each for each in plan.changes if each.type == "employee"]
    held = " ".join(hold.reason for hold in plan.holds)
    for field in ("name", "active"):
        assert f"leaves out {field} for 60 of 60 workers (100%); nothing is written from it" in held
    world.app.close()


def test_up_01_a_plan_over_a_report_plans_the_workers_and_names_the_rest(sandbox: Sandbox, tmp_path: Path) -> None:
    soap, report = (Reached(sandbox, tmp_path / surface, surface) for surface in ("soap", "report"))
    soap.map_everything()
    with report.app.database.transaction() as tx:
        report.app.mappings.save(tx, "acme", soap.app.mappings.load("acme"))
    full = changes(syncs.plan(soap.app, progress=silent))
    plan = syncs.plan(report.app, progress=silent)
    employees = {key: after for key, after in changes(plan).items() if key[1] == "employee"}
    assert employees
    for key, after in employees.items():
        assert {name: full[key].get(name) for name in after} == after
    assert not {"cost_center", "job_profile", "location", "position"} & {hold.type for hold in plan.holds}
    assert "cost centers, job profiles, locations and positions" in plan.not_given["worker"][-1]
    for world in (soap, report):
        world.app.close()


@pytest.mark.parametrize("surface", ["soap", "rest", "report"])
def test_a_plan_names_what_its_surface_cannot_give(sandbox: Sandbox, tmp_path: Path, surface: str) -> None:
    world = Reached(sandbox, tmp_path / surface, surface)
    plan = syncs.plan(world.app, progress=silent)
    arrived = len(sandbox.arrivals.list())
    discovered = {info.type: info.missing for info in world.app.workday.discover() if info.missing}
    unset = {info.type: info.unset for info in world.app.workday.discover() if info.unset}
    world.app.close()
    assert len(sandbox.arrivals.list()) == arrived, "it is known without asking"
    assert (plan.not_given, plan.not_configured) == (discovered, unset)
    assert (
        set(plan.not_given)
        == {"soap": set(), "rest": {"worker", "position"} | set(discovered), "report": {"worker"}}[surface]
    )
    console = make_console(width=80, record=True)
    with console.capture() as captured:
        render_plan(plan, limit=0, console=console)
    (line,) = [line for line in captured.get().splitlines() if "does not give" in line] or [""]
    for kind, names in plan.not_given.items():
        assert f"{kind.replace('_', ' ')}: {', '.join(names)}" in line
    assert bool(line) == bool(plan.not_given)
    assert ("compensation.amount" in plan.not_configured.get("worker", ())) == (surface == "report")
    assert ("Not configured, and so not read: worker: " in captured.get()) == (surface != "soap")


def test_a_report_moves_the_watermark_by_the_workers_it_gives(sandbox: Sandbox, tmp_path: Path) -> None:
    """What the surface never gives is named; it is no reading that was refused, and nothing that waits for anybody."""
    world = Reached(sandbox, tmp_path / "report", "report")
    first, second = (syncs.sync(world.app, progress=silent) for _ in range(2))
    world.app.close()
    assert first.counts["held"] == second.counts["held"] == 0
    assert first.watermark is not None
    assert second.watermark is not None
    assert second.watermark >= first.watermark  # REST tells whole seconds


def count_inactive(state: dict[str, Any]) -> int:
    return sum(row["status"] == "Inactive" for row in state["employees"])


ROLES = [
    ("rest", "/ccx/api/staffing"),
    ("rest", "/ccx/api/wql/v1/acme1/data"),
    ("report", "/ccx/service/customreport2"),
]


@pytest.mark.parametrize(("surface", "path"), ROLES, ids=["staffing", "wql", "report"])
@pytest.mark.parametrize("mode", ["403", "no_rows"])
def test_a2_2_a_role_that_was_taken_away_ends_nobody_and_writes_nothing(
    tmp_path: Path, surface: str, path: str, mode: str
) -> None:
    """A reading that is refused, or shows nobody, is told or held; once the role is back the day goes on."""
    with Sandbox(workers=8, calls_per_minute=600_000) as sandbox:
        soap, world = (Reached(sandbox, tmp_path / name, name) for name in ("soap", surface))
        soap.map_everything()
        with world.app.database.transaction() as tx:
            world.app.mappings.save(tx, "acme", soap.app.mappings.load("acme"))
        first = syncs.sync(world.app, progress=silent)
        before, writes = world.plex_state(), world.writes()
        assert len(before["employees"]) > 8
        sandbox.tenant.play("terminate")
        fault = {"system": "workday", "mode": mode, "count": None, "path": path, "data_only": True}
        sandbox.faults.add(parse_fault(fault))
        try:
            second = syncs.sync(world.app, progress=silent)
        except PermissionError_:
            assert mode == "403"
        else:
            assert second.exit_code == (4 if second.waiting else 3)
            assert second.waiting or second.counts["held"]
        assert (world.plex_state(), world.writes()) == (before, writes)
        assert world.app.syncer._tools.runs.runs(limit=1)[0].watermark in {None, first.watermark}
        sandbox.faults.clear()
        third = syncs.sync(world.app, progress=silent)
        assert first.exit_code == third.exit_code == 0, "what a surface does not give waits for nobody"
        assert count_inactive(world.plex_state()) == count_inactive(before) + 1
        for each in (soap, world):
            each.app.close()


@pytest.mark.parametrize("surface", ["soap", "report"])
def test_cc_13_a_first_run_that_is_shown_nobody_is_held_with_the_domain_to_grant(
    sandbox: Sandbox, tmp_path: Path, surface: str
) -> None:
    world = Reached(sandbox, tmp_path / surface, surface)
    nobody = {"system": "workday", "mode": "no_rows", "count": None, "data_only": True}
    sandbox.faults.add(parse_fault(nobody))
    try:
        plan = syncs.plan(world.app, progress=silent)
    finally:
        sandbox.faults.clear()
    (hold,) = (hold for hold in plan.holds if hold.type == "worker")
    assert (hold.guard, hold.releasable) == ("empty_result", False)
    assert "we may see nothing" in hold.reason
    assert '"Worker Data: Current Staffing Information"' in hold.remedy
    assert [hold for hold in syncs.plan(world.app, progress=silent).holds if hold.guard == "empty_result"] == []
    world.app.close()


def test_a_rotated_refresh_token_is_sealed_and_recorded_before_it_is_used(sandbox: Sandbox, tmp_path: Path) -> None:
    world = Reached(sandbox, tmp_path / "rest", "rest")
    keep = world.app._keep("workday")
    keep("refresh_token", Secret("the second refresh token"))
    (event,) = (e for e in world.app.trail.list(limit=5) if e.event.action == "credential.rotated")
    assert event.event.object == "credential//acme/workday/refresh_token"
    assert "second" not in repr(event)
    assert (
        world.app.vault.get(connection="acme", system="workday", field="refresh_token").reveal().startswith("the sec")
    )
    world.app.close()


def test_a_refresh_token_is_sealed_however_short_the_system_made_it(sandbox: Sandbox, tmp_path: Path) -> None:
    world = Reached(sandbox, tmp_path / "rest", "rest")
    world.app._keep("workday")("refresh_token", Secret("x"))
    assert world.app.vault.get(connection="acme", system="workday", field="refresh_token") == Secret("x")
    with world.app.database.transaction() as tx, pytest.raises(ConfigurationError, match="shorter than 8"):
        world.app.vault.set(tx, connection="acme", system="workday", field="refresh_token", value=Secret("x"))
    world.app.close()


def test_what_rest_cannot_give_is_told_by_discover(sandbox: Sandbox, tmp_path: Path) -> None:
    world = Reached(sandbox, tmp_path / "rest", "rest")
    list(world.app.workday.read(Query(record_type=RecordType.POSITION)))
    told = {info.type: (info.missing, info.unset) for info in world.app.workday.discover()}
    assert "jobs.organizations" in told["worker"][0]
    assert "open" in told["position"][1]
    world.app.close()
