"""
A week of the demo: what Workday says late, ahead, by mistake and after all, and what Plex is told each day, and why.

What Plex was told is what the day's run really wrote; a day on which it wrote when it should not have, or the other way
round, is not as expected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from ml_connector.cli import rehearsal
from ml_connector.cli.render import Sheet, stacked, table
from ml_connector.cli.words import plural
from ml_connector.sync.report import RunReport

_LONGEST = 3

Sync = Callable[[], tuple[RunReport, list[dict[str, Any]]]]


class Day(NamedTuple):
    """What is played, what Workday says by it (*{0}* is the first one it touched), whether Plex is told, and why."""

    play: tuple[str, ...]
    said: str
    tells: bool
    why: str


class Lived(NamedTuple):
    """One day as it went."""

    date: str
    said: str
    told: list[str]
    why: str
    as_expected: bool


WEEK = (
    Day(
        ("retro_transfer", "future_hire"),
        "{0} moved to Toledo three weeks ago; {1} will begin in a week",
        tells=True,
        why="entered late is asked for by when it was entered; what lies ahead waits for its day",
    ),
    Day(("leave",), "{0} is on leave", tells=False, why="a leave is no ending"),
    Day(
        ("transfer_rescinded",),
        "that move was a mistake: {0} never left Detroit",
        tells=True,
        why="what was taken back never was: the same record comes back",
    ),
    Day(("future_termination",), "{0} will leave in five days", tells=False, why="at work until the last day ends"),
    Day(
        ("termination_corrected",),
        "no: {0} left three days ago",
        tells=True,
        why="the correction holds, and the day that was given first is no day any more",
    ),
    Day(
        ("conversion",),
        "contractor {0} is employee {1} from today",
        tells=True,
        why="one person behind two profiles; here only employees go to Plex",
    ),
    Day(
        ("cost_centers_merged",),
        "{0} joins {1} and is closed",
        tells=True,
        why="its people move, and its department ends in Plex",
    ),
    Day((), "nothing new", tells=True, why="the first day of whoever was announced a week ago, read again today"),
)


def live(ready: dict[str, Any], sync: Sync) -> Iterator[Lived]:
    """Live through the week, a day at a time, with a sync at the end of each."""
    for number, day in enumerate(WEEK):
        if number:
            rehearsal.advance(ready, quiet=True)
        names = [who for name in day.play for who in _whom(rehearsal.play(ready, name)["touched"], name)]
        report, writes = sync()
        told = [write for write in writes if write["type"] == "employee"]
        yield Lived(
            date=_date(report),
            said=day.said.format(*names),
            told=_tell(told, pending=report.counts.get("pending", 0)),
            why=day.why,
            as_expected=bool(told) == day.tells,
        )


def draw_week(days: Sequence[Lived]) -> Sheet:
    """Show the days, one below the other."""
    rows = [
        (day.date, day.said, stacked(*([] if day.as_expected else ["not as expected"]), *day.told), day.why)
        for day in days
    ]
    return table(("day", "Workday said", "Plex was told", "why"), rows)


def _whom(touched: list[str], name: str) -> list[str]:
    """Those a caption speaks of: one, or the two of a scenario that is about two."""
    return touched[: 2 if name in {"conversion", "cost_centers_merged"} else 1]


def _date(report: RunReport) -> str:
    return (report.watermark or "")[5:10]


def _tell(writes: Sequence[dict[str, Any]], *, pending: int) -> list[str]:
    """Name a few writes, and count many; a line each."""
    if len(writes) <= _LONGEST:
        lines = [f"{each['action']} {each['plant']} {each['key']}" for each in writes]
    else:
        counted = Counter((each["action"], each["plant"]) for each in writes)
        lines = [f"{action} {plant}: {plural(count, 'worker')}" for (action, plant), count in counted.items()]
    return [*(lines or ["nothing"]), *([f"({pending} ahead)"] if pending else [])]
