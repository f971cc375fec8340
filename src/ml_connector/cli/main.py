"""The program: every group of commands under one name."""

from __future__ import annotations

import typer

from ml_connector.cli.command import make_group
from ml_connector.cli.commands import (
    audit,
    credentials,
    demo,
    inspection,
    links,
    mapping,
    review,
    sandbox,
    setup,
    syncs,
)

app = make_group(
    "Keep Plex in step with Workday: plan, explain, write, prove.\n\n"
    "\b\nTry it on simulated systems:   ml-connector demo\n"
    "Set it up for yours:           ml-connector init"
)
for module in (setup, credentials, inspection, mapping, links, syncs, review, audit, sandbox, demo):
    module.register(app)


def main() -> None:
    """Run the command line."""
    typer.main.get_command(app)(prog_name="ml-connector")
