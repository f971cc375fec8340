"""
The story the demo tells: each step prints the command a person would type, and does what that command does.

It works in a folder of its own and leaves there a configuration that can be pointed at real systems.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
from rich.rule import Rule

from ml_connector.cli import rehearsal
from ml_connector.cli.commands.inspection import render_ping
from ml_connector.cli.door import Door, actor
from ml_connector.cli.explanation import render_decision, render_explained
from ml_connector.cli.progress import shown
from ml_connector.cli.render import bars, cell, make_console
from ml_connector.cli.reports import WRITES, render_outcome, render_parked, render_plan
from ml_connector.cli.week import Evening, draw_week, live
from ml_connector.cli.words import duration, plural, printable
from ml_connector.errors import ConfigurationError
from ml_connector.sync.explained import ExplainedWorker
from ml_connector.sync.report import PlanReport
from ml_connector.usecases import inspection, mappings, outcomes, setup, syncs, trail, waiting_list
from ml_connector.usecases.explain import explain

MARK = ".ml-connector-demo"
CONFIG = "ml-connector.toml"
SAMPLES = 3
SEED = 7
_WIDTH = 100
_MARKED = (
    "Made by `ml-connector demo`, which wipes this folder when it runs again, unless its configuration was edited.\n"
)
_ROBOT = {"kind": "job_profile", "source": "JP-ROBO", "target": {"position": "Robot Technician"}}


def claim_folder(folder: Path) -> None:
    """
    Make an empty folder to work in; one that an earlier demo made is wiped, unless a person edited its configuration.

    Raises:
        ConfigurationError: the folder is there and is not ours, or not only ours any more.
    """
    if folder.exists():
        if not (folder / MARK).is_file() or folder.is_symlink():
            raise ConfigurationError(
                f"{folder} is there already and no demo made it: nothing was touched",
                remedy="ml-connector demo --folder ANOTHER",
            )
        if _is_edited(folder):
            raise ConfigurationError(
                f"{folder / CONFIG} is not as the demo left it: nothing was touched",
                remedy=f"ml-connector demo --folder ANOTHER   or move {folder} to where you want to keep it",
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).write_text(_MARKED)


def note_configuration(folder: Path) -> None:
    """Remember the configuration as the demo made it, so that what a person makes of it is never wiped."""
    (folder / MARK).write_text(f"{_MARKED}{_hash(folder / CONFIG)}\n")


def _is_edited(folder: Path) -> bool:
    """Whether there is a configuration that the demo did not write, or did not note."""
    config = folder / CONFIG
    return config.exists() and _hash(config) not in (folder / MARK).read_text().splitlines()


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


class Hands:
    """The evenings of the week, by the commands a schedule and a person would use."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def sync(self) -> Evening:
        """Sync, and look at what it wrote and at what waits."""
        with self._door.open() as app, shown(quiet=True) as progress:
            report = syncs.sync(app, progress=progress)
            writes = list(outcomes.run_detail(app, report.run)["writes"])
            return Evening(report, writes, waiting_list.parked(app), waiting_list.holds(app))

    def release(self, hold: str) -> None:
        """Let the set of a hold go."""
        with self._door.open() as app:
            waiting_list.release(app, hold)

    def explain(self, worker: str) -> ExplainedWorker:
        """Explain what was decided about somebody, from the last reading."""
        with self._door.look() as app:
            return explain(app, worker)


class Story:
    """One telling, in one folder."""

    def __init__(self, folder: Path, *, picture: Path | None = None) -> None:
        self._folder = folder
        self._door = Door(config=folder / CONFIG)
        self._picture = picture
        self._console = make_console(record=picture is not None, width=_WIDTH if picture else None)
        self._number = 0

    def tell(self, *, workers: int, stay: bool = False) -> int:
        """Tell it all; returns the exit code: 0 if it ended as it should."""
        started = time.monotonic()
        self._step("Two simulated systems on this machine", f"sandbox --workers {workers} --ready-file ready.json")
        with rehearsal.running(self._folder, workers=workers, seed=SEED) as ready:
            self._say(f"Workday at {ready['workday']['url']}, Plex at {ready['plex']['base_url']}")
            self._say(f"(Commands are shown as typed in the folder {self._folder}, where the configuration lies.)")
            self._set_up()
            settled = self._first_sync()
            self._begin_picture()
            self._next_day(ready)
            good = self._put_right() and settled
            good = self._week(ready) and self._prove() and good
            self._draw_picture()
            self._say(f"\nThat took {duration(time.monotonic() - started)}.")
            self._where_next()
            if stay:
                self._say("\nBoth systems keep running. Ctrl-C ends them.")
                signal.pause()
        return 0 if good else 1

    # The chapters

    def _set_up(self) -> None:
        self._step("A configuration, sealed credentials, a mapping", "init --sandbox ready.json")
        with shown(quiet=True) as progress:
            made = setup.init_rehearsal(
                self._folder / "ready.json", config=self._door.config, actor=actor(), progress=progress
            )
        note_configuration(self._folder)
        self._say(f"{plural(made.credentials, 'credential')} sealed; {plural(made.mapped, 'mapping row')} accepted.")
        self._say("(Accepted unseen, because this is a rehearsal. In real life a person accepts them.)")
        for waiting in made.left:
            self._say(f"without a match: {waiting}")
        self._step("Are we let in, and do we see what we should?", "ping")
        with self._door.open() as app:
            render_ping(inspection.ping(app).systems, console=self._console)
        self._say("(The sandbox lives on a calendar of its own: moments are taken from Workday's clock, never ours.)")

    def _first_sync(self) -> bool:
        """Bring Plex in step; whether a second plan then has nothing to do."""
        plan = self._plan("What would change in Plex? Nothing is written yet")
        self._apply(plan, "Carry out exactly that plan")
        again = self._plan("And again: a second plan has nothing to do")
        if _writes(again):
            self._say("Unexpected: there is still something to write.")
        self._headcount()
        return not _writes(again)

    def _next_day(self, ready: dict[str, Any]) -> None:
        self._step("A day passes in Workday", "sandbox advance")
        told = rehearsal.advance(ready)
        for line in rehearsal.tell_days(told):
            self._say(line)
        plan = self._plan("What does that mean for Plex?", samples=None)
        self._why(plan)
        self._apply(plan, "Carry it out")

    def _why(self, plan: PlanReport) -> None:
        """Explain whom most happens to."""
        people = Counter(each.key for each in plan.changes if each.type == "employee")
        for number, _changes in people.most_common(1):
            self._step("Why? One of them, step by step, from what was read", f"explain worker {number}")
            with self._door.look() as app:
                render_explained(explain(app, number), console=self._console)

    def _put_right(self) -> bool:
        """One worker could not be written; say why, mend the mapping, and let that one go."""
        self._step("Somebody waits: with the reason, and with what to do", "parked")
        with self._door.open() as app:
            waiting = waiting_list.parked(app)
            render_parked(waiting, waiting_list.holds(app), console=self._console)
            keys = sorted({item.key for item in waiting if item.type == "employee"})
            if not keys:
                return False
            pcn = next(item.plant for item in waiting if item.plant and item.waiting_for == "job_profile JP-ROBO")
            self._step("Do it", f'mapping set job_profile JP-ROBO --plant {pcn} position="Robot Technician"')
            mappings.set_row(app, plant=pcn, **_ROBOT)  # type: ignore[arg-type]
            self._step("And let that worker go", f"reevaluate {' '.join(keys)}")
            with shown(quiet=True) as progress:
                report = syncs.reevaluate(app, keys, progress=progress)
            render_outcome(report, waiting_list.holds(app), console=self._console)
            render_parked(waiting_list.parked(app), waiting_list.holds(app), console=self._console)
            return not waiting_list.parked(app)

    def _week(self, ready: dict[str, Any]) -> bool:
        """Live through a week in which Workday changes its mind; whether Plex followed each time, and rests then."""
        self._step("A week and more in which Workday changes its mind, each day with", "sync")
        days = list(live(ready, Hands(self._door)))
        self._console.print(draw_week(days))
        for day in days:
            if day.explained is not None:
                who = day.explained.worker
                self._step(f"Why did {who} wait on {day.date}? The end of the answer", f"explain worker {who}")
                render_decision(day.explained, console=self._console)
        again = self._plan("And after all that, is Plex in step?")
        return all(day.as_expected for day in days) and not _writes(again)

    def _prove(self) -> bool:
        self._step("Was anything altered since it was written down?", "audit verify")
        with self._door.open() as app:
            verdict = trail.verify(app)
        anchored = " and agree with the anchors" if verdict.anchored else ""
        self._say(
            f"{plural(verdict.events, 'event')} are as they were written{anchored}."
            if verdict.ok
            else f"Altered: {verdict.problem}"
        )
        return verdict.ok

    def _where_next(self) -> None:
        config = self._door.config
        self._step("Where to go next", None)
        for title, line in (
            ("Look around", f"ml-connector runs --config {config}"),
            ("Live", "ml-connector demo --stay      (both systems keep running: try commands of your own)"),
            ("Real systems", f"edit host, tenant, base_url, token_url and plants in {config}, then"),
            ("", f"ml-connector doctor --config {config}      (it says what is missing and how to fix it)"),
            ("Read", "docs/guides/connecting-real-systems.md"),
        ):
            self._console.print(cell(f"{title:14}", style="bold").append(line, style="not bold"), soft_wrap=True)

    # The pieces

    def _plan(self, title: str, *, samples: int | None = SAMPLES) -> PlanReport:
        self._step(title, "plan")
        with self._door.open() as app, shown(quiet=True) as progress:
            report = syncs.plan(app, progress=progress)
        picked = report if samples is None else msgspec.structs.replace(report, changes=_pick(report, samples))
        render_plan(picked, limit=None, console=self._console)
        return report

    def _apply(self, plan: PlanReport, title: str) -> None:
        self._step(title, f"apply {plan.digest[:12]}")
        with self._door.open() as app, shown(quiet=True) as progress:
            report, holds = syncs.apply(app, digest=plan.digest, progress=progress), waiting_list.holds(app)
        render_outcome(report, holds, console=self._console)

    def _headcount(self) -> None:
        self._step("Who is active where, as Plex sees it", "read plex employee")
        with self._door.open() as app:
            self._console.print(bars(inspection.count_active(app), console=self._console))

    def _begin_picture(self) -> None:
        """The picture shows what happens after the first sync: forget what was printed so far."""
        if self._picture is not None:
            self._console.export_text(clear=True)

    def _draw_picture(self) -> None:
        if self._picture is not None:
            drawn = self._console.export_svg(title="ml-connector: a day passes, and a week and more")
            # Fonts fetched from elsewhere would make the picture depend on who still serves them.
            plain = re.sub(r"@font-face \{.*?\}\s*|<!--.*?-->\s*", "", drawn, flags=re.DOTALL)
            self._picture.write_text(plain, encoding="utf-8")

    def _step(self, title: str, command: str | None) -> None:
        self._number += 1
        self._console.print()
        self._console.print(Rule(cell(f"{self._number}. {title}", style="bold"), align="left", style="dim"))
        if command is not None:
            self._console.print(cell(f"$ ml-connector {command}", style="cyan"))

    def _say(self, sentence: str) -> None:
        self._console.print(printable(sentence) if "\n" not in sentence else sentence)


def _writes(plan: PlanReport) -> int:
    return sum(plan.counts.get(name, 0) for name in WRITES)


def _pick(report: PlanReport, count: int) -> Any:
    """A few changes, one of each kind first."""
    seen: dict[tuple[str, str], Any] = {}
    for change in report.changes:
        seen.setdefault((change.action, change.type), change)
    return tuple(seen.values())[:count]
