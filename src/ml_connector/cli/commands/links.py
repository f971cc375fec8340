"""`links`: who is who."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ml_connector.cli.command import command, make_group
from ml_connector.cli.door import Door
from ml_connector.cli.failures import tell
from ml_connector.cli.words import plural, printable
from ml_connector.errors import ApprovalRequiredError

if TYPE_CHECKING:
    from ml_connector.timeline.links.store import Link, LinkedProfile
    from ml_connector.usecases.links import Match

Worker = Annotated[str, typer.Argument(metavar="WORKER", help="A worker's number, or a profile's WID.")]
Plant = Annotated[str | None, typer.Option("--plant", metavar="PCN", help="In this plant.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = make_group(
        "Say which Workday profiles are one person, and which Plex record a person is.\n\n"
        "\b\nml-connector links list\nml-connector links match"
    )
    command(group, "list")(list_links)
    command(group)(match)
    command(group)(relink)
    command(group)(unlink)
    app.add_typer(group, name="links", rich_help_panel="Put right")


def list_links(
    door: Door,
    *,
    worker: Annotated[
        str | None, typer.Argument(metavar="WORKER", help="Only this worker, by number or WID.", show_default=False)
    ] = None,
) -> None:
    """
    List whom somebody decided about, who has several profiles or a chosen record.

        ml-connector links list
        ml-connector links list 21001
    """
    from ml_connector.usecases import links

    with door.open() as app:
        found = links.list_links(app, worker=worker)
    _tell(door, found)


def match(
    door: Door,
    *,
    accept: Annotated[bool, typer.Option("--accept", help="Let each worker be the Plex employee beside them.")] = False,
) -> int | None:
    """
    List workers whose number a Plex employee wears already. Look at both names before you accept.

    Whose own Plex record would be nobody's then is named, and left for links relink.

        ml-connector links match
        ml-connector links match --accept
    """
    from ml_connector.usecases import links

    with door.open() as app:
        found = links.find_matches(app)
        refused = links.adopt_all(app, found) if accept else []
    code = ApprovalRequiredError.exit_code if refused else None
    if door.json:
        told = {(each.plant, each.worker): each for each in [*found, *refused]}
        door.write_json(list(told.values()))
        return code
    from ml_connector.cli.render import make_console, table

    if not found:
        typer.echo("Nobody waits for that: no parked worker's number is worn by a Plex employee who is nobody's yet.")
        return None
    rows = [(each.plant, each.worker, each.worker_name, each.plex_name, each.plex_id, _note(each)) for each in found]
    make_console().print(table(("plant", "worker", "in Workday", "in Plex", "Plex id", ""), rows))
    for each in refused:
        tell(each.refused or "", remedy=each.remedy)
    if accept:
        typer.echo(f"{plural(len(found) - len(refused), 'worker')} linked. Next: ml-connector plan")
    else:
        typer.echo("Next: ml-connector links match --accept   (or one by one: ml-connector links relink)")
    return code


def relink(
    door: Door,
    *,
    worker: Worker,
    to: Annotated[str | None, typer.Option("--to", metavar="WORKER", help="They are the same person.")] = None,
    new: Annotated[bool, typer.Option("--new", help="They are a person of their own.")] = False,
    plex: Annotated[str | None, typer.Option("--plex", metavar="BADGE", help="They are this Plex employee.")] = None,
    plant: Plant = None,
    accept: Annotated[
        bool,
        typer.Option("--accept", help="Though a Plex record of the worker's own stays behind, or the names differ."),
    ] = False,
) -> None:
    """
    Decide who a worker is. Nothing overrules it, and the next plan goes by it.

        ml-connector links relink 22001 --to 21001
        ml-connector links relink 22001 --new
        ml-connector links relink 21001 --plex 4711 --plant 101
    """
    from ml_connector.usecases import links

    if (to is not None) + new + (plex is not None) != 1 or (plex is None) != (plant is None):
        raise typer.BadParameter("one of --to, --new, and --plex with --plant")
    with door.open() as app:
        if to is not None:
            found = links.join(app, worker, to=to, accept=accept)
        elif plex is not None and plant is not None:
            found = links.adopt(app, worker, plant=plant, record=plex, accept=accept)
        else:
            found = links.separate(app, worker)
    _tell(door, [found])


def unlink(door: Door, *, worker: Worker, plant: Plant = None) -> None:
    """
    Take a decision back: the next plan says anew who a worker is, or asks. With --plant, that they are a Plex employee.

        ml-connector links unlink 22001
        ml-connector links unlink 21001 --plant 101
    """
    from ml_connector.usecases import links

    with door.open() as app:
        found = links.withdraw(app, worker) if plant is None else links.release(app, worker, plant=plant)
    if plant is None and not door.json:
        typer.echo(f"Nobody's decision any more. Next: ml-connector plan   says who {worker} is, or asks again")
        typer.echo(
            "What was written by it stays in Plex until then; the syncs after give every record its own worker's badge."
        )
        return
    if plant is None or door.json or found.profiles:
        _tell(door, [found])
    if plant is not None and not door.json:
        typer.echo(f"The Plex employee of plant {plant} is nobody's again, and what was written to it stays in it.")
        if found.put_back:
            told = {name: "(nothing)" if was is None else printable(was) for name, was in found.put_back.items()}
            held = ", ".join(f"{name} {was}" for name, was in told.items())
            typer.echo(f"Put back in Plex by hand what it held before: {held}")


def _tell(door: Door, found: list[Link]) -> None:
    if door.json:
        door.write_json(found)
        return
    from ml_connector.cli.render import make_console, table

    if not found:
        typer.echo("Everybody is one profile and one Plex record of ours per plant.")
        return
    rows = [row for each in found for row in _rows(each)]
    heads = ("worker", "name", "profile (WID)", "decided by", "chosen Plex record", "came along by transfer")
    make_console().print(table(heads, rows))


def _note(match: Match) -> str:
    return "written by us before: the name proves nothing" if match.written else ""


def _rows(link: Link) -> list[tuple[str, ...]]:
    """One row a profile; the person's Plex records stand beside the first."""
    chosen = [f"{plant}: {key} ({link.signed.get(plant, '')})" for plant, key in sorted(link.plex.items())]
    along = [f"{plant}: {key}" for plant, key in sorted(link.came_along.items())]
    records = ", ".join(chosen), ", ".join(along)
    return [
        (each.number, each.name, each.wid, _said(each), *(records if each is link.profiles[0] else ("", "")))
        for each in link.profiles
    ]


def _said(profile: LinkedProfile) -> str:
    """Who decided whose a profile is, and when; or that it was recognised."""
    return f"{profile.by}, {profile.at[:10]}" if profile.decided else f"recognised automatically, {profile.at[:10]}"
