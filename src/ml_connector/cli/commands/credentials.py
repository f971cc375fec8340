"""`credentials`: the vault. Values go in and never come out."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from ml_connector.cli.command import command, make_group
from ml_connector.cli.door import Door
from ml_connector.cli.words import plural, printable

System = Annotated[Literal["workday", "plex"], typer.Argument(help="Whose credential.", show_default=False)]
Field = Annotated[str, typer.Argument(help="As in username, client_secret, api_key; or 101/username for one plant.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = make_group(
        "Store, list, rotate and remove credentials. Values are sealed and never shown.\n\n"
        "\b\n    ml-connector credentials set workday password"
    )
    command(group, "set", discreet=True)(set_credential)
    command(group, "list")(list_credentials)
    command(group)(rotate_key)
    command(group)(remove)
    app.add_typer(group, name="credentials", rich_help_panel="Set up")


def set_credential(
    door: Door,
    *,
    system: System,
    field: Field,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="SOURCE", help='env:NAME, file:PATH, cmd:"…" or - (standard input).'),
    ] = None,
) -> None:
    """
    Seal one credential. From a prompt or from where it already is; never from an argument.

        ml-connector credentials set workday username
        ml-connector credentials set workday password --from env:WD_PASSWORD
        ml-connector credentials set plex client_secret --from 'cmd:pass show plex/secret'
    """
    from ml_connector.errors import ConfigurationError
    from ml_connector.secret import Secret
    from ml_connector.usecases import credentials

    with door.open() as app:
        credentials.check_field(app.connection, system=system, field=field)
        if source is not None:
            value = credentials.read_secret(source)
        elif sys.stdin.isatty():
            value = Secret(typer.prompt(f"{system} {field}", hide_input=True, err=True))
        else:
            raise ConfigurationError(
                "there is no terminal to ask for the value on", remedy=f"--from takes {credentials.SOURCES}"
            )
        info = credentials.set_credential(app, system=system, field=field, value=value)
    if door.json:
        door.write_json(info)
    else:
        typer.echo(f"{system} {printable(field)} is sealed (fingerprint {info.fingerprint}, version {info.version}).")


def list_credentials(door: Door) -> None:
    """
    List what is stored: fingerprints and dates, never values.

        ml-connector credentials list
    """
    from ml_connector.usecases import credentials

    with door.look() as app:
        stored, needed = credentials.list_credentials(app), credentials.fields_needed(app.connection)
    if door.json:
        door.write_json(stored)
        return
    from ml_connector.cli.render import make_console, table

    there = {(info.system, info.field) for info in stored}
    rows = [
        (info.system, info.field, info.fingerprint, info.version, info.set_at.isoformat(" ", "minutes"))
        for info in stored
    ]
    console = make_console()
    console.print(table(("system", "field", "fingerprint", "version", "set at"), rows, right=("version",)))
    for system, field in needed:
        if (system, field) not in there:
            console.print(f"missing: ml-connector credentials set {system} {field}")


def rotate_key(
    door: Door,
    *,
    lost: Annotated[bool, typer.Option("--lost", help="The old key is lost: begin again under another one.")] = False,
    forget: Annotated[
        bool, typer.Option("--forget-credentials", help="With --lost: yes, what the lost key sealed is given up.")
    ] = False,
) -> None:
    """
    Replace the master key. Everything is sealed under the new one; a rotation that was interrupted is finished.

    With --lost the sealed credentials are given up, for nobody can open them; everything else stays, and the audit
    trail says so. Set the credentials again afterwards.

        ml-connector credentials rotate-key
        ml-connector credentials rotate-key --lost --forget-credentials
    """
    from ml_connector.usecases import credentials

    if lost != forget:
        raise typer.BadParameter(
            "--lost gives up every stored credential: look once more for a copy of the key; if there is none, say so "
            "with --lost --forget-credentials"
        )
    if lost:
        _replace_lost_key(door)
        return
    with door.open() as app:
        rotated = credentials.rotate_key(app)
        setting = app.settings.vault.master_key
    if door.json:
        door.write_json(rotated)
        return
    typer.echo(f"Master key {rotated.master_key} is in force; {plural(rotated.data_keys, 'data key')} sealed under it.")
    typer.echo(f"Keep a fresh copy of {printable(setting)}.")
    typer.echo("Keep the copy of the old key too, for as long as you keep backups from before now: only it opens them.")


def _replace_lost_key(door: Door) -> None:
    from ml_connector.usecases import credentials

    with door.look() as app:
        started, needed = credentials.replace_lost_key(app), credentials.fields_needed(app.connection)
    if door.json:
        door.write_json(started)
        return
    given_up = plural(started.credentials, "credential")
    typer.echo(f"Master key {started.master_key} is in force; {given_up} sealed with the lost one given up.")
    typer.echo("Keep a copy of it elsewhere. The audit trail goes on; seals before this can no longer be checked.")
    typer.echo("\nNext:")
    for system, field in needed:
        typer.echo(f"  ml-connector credentials set {system} {printable(field)}")


def remove(door: Door, *, system: System, field: Field) -> None:
    """
    Forget one credential.

        ml-connector credentials remove plex api_key
    """
    from ml_connector.usecases import credentials

    with door.open() as app:
        version = credentials.remove_credential(app, system=system, field=field)
    if door.json:
        door.write_json({"system": system, "field": field, "version": version, "removed": True})
    else:
        typer.echo(f"{system} {printable(field)} is forgotten.")
