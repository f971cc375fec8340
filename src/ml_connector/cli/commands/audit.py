"""`audit`: who did what, and proof that nothing was altered."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ml_connector.cli.command import MOST, command, make_group
from ml_connector.cli.door import Door
from ml_connector.cli.failures import UNEXPECTED, tell
from ml_connector.cli.words import plural, printable


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = make_group("List, verify and take away the audit trail.\n\n\b\n    ml-connector audit verify")
    command(group, "list")(list_events)
    command(group)(verify)
    command(group)(export)
    app.add_typer(group, name="audit", rich_help_panel="Prove")


def list_events(
    door: Door,
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST, metavar="N", help="How many, newest first.")] = 50,
    action: Annotated[str | None, typer.Option("--action", metavar="A", help="As in write.applied.")] = None,
    key: Annotated[str | None, typer.Option("--key", metavar="KEY", help="A worker, a plan, a run, …")] = None,
) -> None:
    """
    List the newest events.

        ml-connector audit list --action pay.viewed
        ml-connector audit list --key 21001 --output json
    """
    from ml_connector.usecases import trail

    with door.look() as app:
        found = trail.list_events(app, limit=limit, action=action, key=key)
    if door.json:
        door.write_json(found)
        return
    if not found:
        door.say("There is no such event." if action or key else "Nothing has happened yet.")
        return
    from rich.padding import Padding

    from ml_connector.cli.render import cell, hanging, make_console

    console = make_console()
    for each in found:
        event = each.event
        at = event.at.isoformat(" ", "seconds")[:19]
        line = cell(f"{each.seq:>7}  {at}  {event.action}", style="bold")
        line.append(f"  {printable(event.object or '')}", style="not bold")
        console.print(hanging(line, console=console, indent=9))
        detail = _what(event.reason, event.outcome, event.detail)
        by = cell(f"by {event.actor}{': ' + detail if detail else ''}", style="dim")
        console.print(Padding(by, (0, 0, 0, 9)))


def verify(door: Door) -> int:
    """
    Recompute the whole trail; name the first event that is not as it was written. Exit code 1 if there is one.

        ml-connector audit verify
    """
    from ml_connector.usecases import trail

    with door.look() as app:
        verdict = trail.verify(app)
    if door.json:
        door.write_json(
            {"ok": verdict.ok, "events": verdict.events, "first_bad": verdict.first_bad, "anchored": verdict.anchored}
            | {"sealed_from": verdict.sealed_from}
            | ({"problem": verdict.problem} if verdict.problem else {})
        )
    elif verdict.ok:
        anchored = "and agree with the anchors" if verdict.anchored else "(no anchors: set audit.anchor_file)"
        typer.echo(f"{plural(verdict.events, 'event')} are as they were written {anchored}.")
        if verdict.sealed_from is None:
            typer.echo("The seals could not be checked without the key: a trail rewritten from its start would pass.")
        elif verdict.sealed_from > 1:
            typer.echo(f"Seals are checked from event {verdict.sealed_from} on: the key before it was lost.")
    if not verdict.ok:
        where = f" (first bad event: {verdict.first_bad})" if verdict.first_bad is not None else ""
        tell(
            f"The trail was altered: {verdict.problem}{where}",
            remedy="keep the database as it is and compare with a backup",
        )
    return 0 if verdict.ok else UNEXPECTED


def export(
    door: Door,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file for the events, JSON Lines.")],
    key_file: Annotated[
        Path | None, typer.Option("--key-file", metavar="FILE", help="Also what an auditor needs to check the seals.")
    ] = None,
) -> None:
    """
    Write the trail for an auditor, who checks it without this program.

        ml-connector audit export trail.jsonl --key-file seal.key
        python src/ml_connector/audit/verifier.py trail.jsonl --key-file seal.key
    """
    from ml_connector.usecases import trail

    with door.open() as app:
        events = trail.export(app, file, key_file=key_file)
    if door.json:
        door.write_json({"file": str(file), "events": events, "key_file": str(key_file) if key_file else None})
    else:
        typer.echo(f"{plural(events, 'event')} written to {printable(file)}.")


def _what(reason: str | None, outcome: str | None, detail: dict[str, str | int]) -> str:
    counts = ", ".join(f"{name} {value}" for name, value in detail.items())
    return "; ".join(part for part in (outcome, reason, counts) if part)
