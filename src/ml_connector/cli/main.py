"""The program: every group of commands under one name."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ml_connector.cli.command import make_group
from ml_connector.cli.commands import (
    asof,
    audit,
    credentials,
    demo,
    explain,
    inspection,
    links,
    mapping,
    review,
    sandbox,
    setup,
    syncs,
)
from ml_connector.cli.door import Door
from ml_connector.cli.failures import is_full, survive_any_terminal, tell_full


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - the command line's own signature for a callback
    if wanted:
        from importlib import metadata

        typer.echo(f"ml-connector {metadata.version('ml-connector')}")
        raise typer.Exit


def _options(
    _door: Door,
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Take the options of the program itself."""


app = make_group(
    "Keep Plex in step with Workday: plan, explain, write, prove.\n\n"
    "\b\nTry it on simulated systems:   ml-connector demo\n"
    "Set it up for yours:           ml-connector init",
    own=_options,
)
for module in (setup, credentials, inspection, explain, asof, mapping, links, syncs, review, audit, sandbox, demo):
    module.register(app)


def main() -> None:
    """Run the command line."""
    survive_any_terminal()
    try:
        typer.main.get_command(app)(prog_name="ml-connector")
    except OSError as error:
        if not is_full(error):
            raise
        sys.exit(tell_full(error))
