"""`plan`, `apply`, `sync` and what was done: `runs`, `records`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ml_connector.cli.command import MOST, command, make_group
from ml_connector.cli.commands.inspection import parse_date, parse_moment
from ml_connector.cli.door import Door
from ml_connector.cli.failures import DONE, IN_PART, WAITING
from ml_connector.cli.progress import shown

if TYPE_CHECKING:
    from ml_connector.review.store import HoldInfo
    from ml_connector.sync.report import RunReport

PANEL = "Keep in step"
_SHOWN = 40

AsOf = Annotated[str | None, typer.Option("--as-of", metavar="D", help="Decide as of this date.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, panel=PANEL)(plan)
    command(app, "apply", panel=PANEL)(apply_plan)
    command(app, panel=PANEL)(sync)
    group = make_group(default=runs)
    command(group, "show")(show_run)
    app.add_typer(group, name="runs", rich_help_panel=PANEL)
    command(app, panel=PANEL)(records)


Full = Annotated[bool, typer.Option("--full", help="Read and compare all of Workday, not only what changed.")]


def plan(
    door: Door,
    *,
    only: Annotated[str | None, typer.Option("--only", metavar="TYPE", help="Only this record type.")] = None,
    as_of: AsOf = None,
    full: Full = False,
    everything: Annotated[bool, typer.Option("--all", help="Show every change, however many.")] = False,
) -> int:
    """
    Show what would change in Plex, and write nothing. Of Workday what changed is read, of Plex everything; the plan is
    kept under its digest.

        ml-connector plan
        ml-connector plan --only worker --output json
    """
    from ml_connector.usecases import syncs

    day = parse_date(as_of) if as_of else None
    with door.open() as app, shown() as progress:
        report = syncs.plan(app, only=only, as_of=day, whole=full, progress=progress)
    if door.json:
        door.write_json(report)
    else:
        from ml_connector.cli.reports import render_plan

        render_plan(report, limit=None if everything else _SHOWN, other_day=day is not None)
    if any(hold.releasable for hold in report.holds):
        return WAITING
    return IN_PART if report.holds or report.counts.get("parked") or report.counts.get("hold") else DONE


def apply_plan(
    door: Door,
    *,
    digest: Annotated[str, typer.Argument(help="The plan's digest, or its first eight characters or more.")],
) -> int:
    """
    Carry out exactly the plan with this digest. It is refused when the world moved since.

        ml-connector apply 3f2a9c1b
    """
    from ml_connector.usecases import syncs, waiting_list

    with door.open() as app, shown() as progress:
        report, holds = syncs.apply(app, digest=digest, progress=progress), waiting_list.holds(app)
    return _tell(door, report, holds)


def sync(door: Door, *, full: Full = False) -> int:
    """
    Plan and apply within the guards.

        ml-connector sync
        ml-connector sync --full
    """
    from ml_connector.usecases import syncs, waiting_list

    with door.open() as app, shown() as progress:
        report, holds = syncs.sync(app, whole=full, progress=progress), waiting_list.holds(app)
    return _tell(door, report, holds)


def runs(
    door: Door,
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST, metavar="N", help="How many.")] = 20,
    kind: Annotated[str | None, typer.Option("--kind", metavar="KIND", help="plan, apply, sync, …")] = None,
    state: Annotated[str | None, typer.Option("--state", metavar="STATE", help="done, failed, …")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="T", help="Begun since this date or moment.")] = None,
) -> None:
    """
    List the newest runs, or show one.

        ml-connector runs
        ml-connector runs --kind sync --state failed --since 2026-11-23
        ml-connector runs show 12
    """
    from ml_connector.usecases import outcomes

    with door.look() as app:
        found = outcomes.runs(app, limit=limit, kind=kind, state=state, since=parse_moment(since) if since else None)
    if door.json:
        door.write_json(found)
        return
    from ml_connector.cli.reports import render_runs

    render_runs(found, narrowed=bool(kind or state or since))


def show_run(door: Door, *, run: Annotated[int, typer.Argument(metavar="ID", help="The run's number.")]) -> None:
    """
    Show one run with every write by its state.

        ml-connector runs show 12 --output json
    """
    from ml_connector.usecases import outcomes

    with door.look() as app:
        detail = outcomes.run_detail(app, run)
    if door.json:
        door.write_json(detail)
        return
    from ml_connector.cli.reports import render_run

    render_run(detail)


def records(
    door: Door,
    *,
    record_type: Annotated[str, typer.Argument(metavar="TYPE", help="worker, cost_center, position, …")],
    key: Annotated[str | None, typer.Argument(metavar="KEY", help="One record only.", show_default=False)] = None,
    status: Annotated[str | None, typer.Option("--status", metavar="STATUS", help="applied, parked, held, …")] = None,
    plant: Annotated[str | None, typer.Option("--plant", metavar="PCN", help="Only in this plant.")] = None,
) -> None:
    """
    Tell what last happened to each record, and why. `headcount` shows planned beside actual.

        ml-connector records worker 21001
        ml-connector records worker --status parked --plant 101
        ml-connector records headcount
    """
    from ml_connector.usecases import outcomes

    with door.look() as app:
        found = outcomes.records(app, record_type=record_type, key=key, status=status, plant=plant)
    if door.json:
        door.write_json(found)
        return
    from ml_connector.cli.reports import render_records

    render_records(found)


def _tell(door: Door, report: RunReport, holds: Sequence[HoldInfo]) -> int:
    from ml_connector.cli.reports import render_outcome, run_answer

    if door.json:
        door.write_json(run_answer(report))
    else:
        render_outcome(report, holds)
    return report.exit_code
