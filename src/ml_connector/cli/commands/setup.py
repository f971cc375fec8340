"""`init`, `config`, `doctor`: from nothing to a working connection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ml_connector.cli.command import command, make_group
from ml_connector.cli.door import Door, actor
from ml_connector.cli.failures import tell
from ml_connector.cli.progress import shown
from ml_connector.cli.words import plural, printable
from ml_connector.errors import UsageError

if TYPE_CHECKING:
    from ml_connector.usecases.setup import Initialised

PANEL = "Set up"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, panel=PANEL)(init)
    config = make_group("Check the configuration file, or describe it.\n\n\b\n    ml-connector config check")
    command(config)(check)
    command(config)(schema)
    app.add_typer(config, name="config", rich_help_panel=PANEL)
    command(app, panel=PANEL)(doctor)


def init(
    door: Door,
    *,
    sandbox: Annotated[
        Path | None,
        typer.Option("--sandbox", metavar="READY_FILE", help="Configure for a running sandbox instead."),
    ] = None,
    surface: Annotated[
        Literal["soap", "rest", "report"],
        typer.Option("--surface", help="With --sandbox: how its Workday is read; a report gives workers only."),
    ] = "soap",
) -> None:
    """
    Write a configuration to fill in, and the vault's key.

    With --sandbox everything is filled in: credentials are sealed and the mapping rows that fit are accepted, for it
    is a rehearsal.

        ml-connector init
        ml-connector init --sandbox ready.json
        ml-connector init --sandbox ready.json --surface rest
    """
    from ml_connector.usecases import setup

    if sandbox is None:
        if surface != "soap":
            raise UsageError(
                "--surface goes with --sandbox", remedy="set `surface` in the configuration that init writes"
            )
        made = setup.init(config=door.config)
    else:
        with shown() as progress:
            made = setup.init_rehearsal(sandbox, config=door.config, actor=actor(), progress=progress, surface=surface)
    if door.json:
        door.write_json(made)
        return
    _tell(made, rehearsal=sandbox is not None)


def _tell(made: Initialised, *, rehearsal: bool) -> None:
    typer.echo(f"Configuration  {printable(made.config)}")
    typer.echo(f"Key            {printable(made.key)}")
    typer.echo("               (keep a copy elsewhere: without it the credentials are lost)")
    if rehearsal:
        typer.echo(f"Credentials    {made.credentials} sealed, for every way to sign in that the sandbox knows")
        typer.echo(f"Mapping        {plural(made.mapped, 'proposed row')} accepted unseen: this is a rehearsal.")
        typer.echo("               In real life a person accepts them (mapping import --accept-proposed).")
        for waiting in made.left:
            typer.echo(f"               without a match: {printable(waiting)}")
    typer.echo("\nNext:")
    for step in made.next:
        typer.echo(f"  {step}")


def check(door: Door) -> None:
    """
    Read the configuration and name every fault in it at once.

        ml-connector config check --config other.toml
    """
    from ml_connector.usecases import configuration

    settings = configuration.check(config=door.config)
    connections = {name: each.plex.pcns for name, each in settings.connections.items()}
    if door.json:
        door.write_json({"ok": True, "connections": connections})
        return
    typer.echo("The configuration is valid.")
    for name, pcns in connections.items():
        typer.echo(f"  connection {name}: {plural(len(pcns), 'plant')} ({', '.join(pcns)})")
    if not connections:
        tell("It has no connection yet.", remedy="ml-connector init   writes an example")


def schema(door: Door) -> None:
    """
    Print the JSON Schema of the configuration, for editors and for reading.

        ml-connector config schema > ml-connector.schema.json
    """
    from ml_connector.usecases import configuration

    door.write_json(configuration.describe())


def doctor(door: Door) -> int:
    """
    Say what is missing, and the command that fixes it.

        ml-connector doctor
    """
    from ml_connector.usecases.doctor import diagnose

    found = diagnose(config=door.config, connection=door.connection, actor=actor())
    if door.json:
        door.write_json(found)
        return found.exit_code
    from ml_connector.cli.render import cell, make_console, remedy, table

    rows = []
    for each in found.findings:
        mark = cell("✓", style="green") if each.ok else cell("–" if each.optional else "✗", style="yellow")
        detail = cell(each.detail)
        if each.remedy and not each.ok:
            detail = detail.append("\n").append_text(remedy(each.remedy))
        rows.append((mark, each.what, detail))
    console = make_console()
    console.print(table(("", "looked at", "found"), rows))
    console.print("Ready: ml-connector plan" if found.ok else "Not ready yet: start with the first ✗ from the top.")
    return found.exit_code
