"""`demo`: the whole story on simulated systems."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ml_connector.cli.command import command
from ml_connector.cli.door import Door


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, panel="Try out")(demo)


def demo(
    door: Door,
    *,
    folder: Annotated[
        Path,
        typer.Option("--folder", metavar="PATH", help="Where it works; wiped if a demo made it and nobody edited it."),
    ] = Path("demo"),
    workers: Annotated[int, typer.Option("--workers", min=60, metavar="N", help="How many people.")] = 300,
    stay: Annotated[bool, typer.Option("--stay", help="Leave both systems running at the end, until Ctrl-C.")] = False,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="Also draw what was printed as an SVG.")
    ] = None,
) -> int:
    """
    Tell the whole story on simulated systems. Set up, ping, plan, apply, put right, live through a week, prove.

        ml-connector demo
        ml-connector demo --stay      then try commands of your own in another terminal
    """
    from ml_connector.cli.story import Story, claim_folder

    claim_folder(folder)
    return Story(folder, picture=picture).tell(workers=workers, stay=stay)
