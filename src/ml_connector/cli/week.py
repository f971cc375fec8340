"""
A week and a half of the demo: what Workday says late, ahead, by mistake and after all, and what Plex is told, and why.

What Plex was told is what the day's run really wrote, and what waited is what really did. A day is not as expected
where the run wrote or waited without need, or did not where it should have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from ml_connector.cli import rehearsal
from ml_connector.cli.render import Sheet, stacked, table
from ml_connector.cli.words import plural
from ml_connector.review.store import HoldInfo
from ml_connector.sync.explained import ExplainedWorker
from ml_connector.sync.report import RunReport
from ml_connector.usecases.waiting_list import ParkedInfo

_LONGEST = 3


class Evening(NamedTuple):
    """What a day's sync reports and wrote, and what waits after it."""

    report: RunReport
    writes: Sequence[dict[str, Any]]
    parked: Sequence[ParkedInfo]
    holds: Sequence[HoldInfo]


class Hands(Protocol):
    """What a schedule and a person do in the evening."""

    def sync(self) -> Evening:
        """Sync, as a schedule would."""

    def release(self, hold: str) -> None:
        """Let the set of a hold go."""

    def explain(self, worker: str) -> ExplainedWorker:
        """Explain what was decided about somebody."""


class Day(NamedTuple):
    """
    What is played, what Workday says by it (*{0}* is the first one it touched), whether Plex is told, and why.

    *waits* says what has to be left waiting: a record that is parked and explained, or a hold, which a person releases,
    or mends where *mends* is played for it.
    """

    play: tuple[str, ...]
    said: str
    tells: bool
    why: str
    waits: Literal["", "parked", "held"] = ""
    mends: str = ""


class Lived(NamedTuple):
    """One day as it went."""

    date: str
    said: str
    told: list[str]
    why: str
    as_expected: bool
    explained: ExplainedWorker | None = None


WEEK = (
    Day(
        ("retro_transfer",),
        "{0} moved to Toledo three weeks ago",
        tells=True,
        why="entered late is asked for by when it was entered",
    ),
    Day(("leave",), "{0} is on leave", tells=False, why="a leave is no ending: see records headcount"),
    Day(
        ("transfer_rescinded",),
        "that move was a mistake: {0} never left Detroit",
        tells=True,
        why="what was taken back never was: the same record comes back",
    ),
    Day(
        ("future_hire", "future_termination"),
        "{0} will begin in a week; {1} will leave in five days",
        tells=False,
        why="what lies ahead waits for its day; at work until the last one ends",
    ),
    Day(
        ("termination_corrected",),
        "no: {0} left three days ago",
        tells=True,
        why="the correction holds, and the day that was given first is no day any more",
    ),
    Day(
        ("move_to_inactive_cost_center",),
        "{1} moves to {0}, which is closed",
        tells=False,
        why="what is closed takes nobody new; who is in it stays, and all others go on",
        waits="parked",
    ),
    Day(
        ("cost_center_reactivated",),
        "{0} is open again",
        tells=True,
        why="what was waited for is there: who is parked goes without being asked",
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
    Day(
        ("mass_termination",),
        "{0} and {others} others left yesterday",
        tells=True,
        why="more than a guard lets by: a person looks, and releases these and no others",
        waits="held",
    ),
    Day((), "nothing new", tells=True, why="the first day of whoever was announced a week ago, read again today"),
    Day(
        ("rehire", "two_plants"),
        "{0}, who had left, is back; {1} works in Toledo too",
        tells=True,
        why="the same record comes back; a second plant has a record of its own",
    ),
    Day(
        ("section_withheld",),
        "nobody's cost center any more",
        tells=False,
        why="a permission was taken away: nothing is cleared, and given back all is as before",
        waits="held",
        mends="section_restored",
    ),
    Day(
        ("pacific_evening",),
        "at 21:30 Pacific: the last day of {0}, {1} and {2}",
        tells=True,
        why="tomorrow has begun in two plants, and not in Chicago",
    ),
    Day((), "nothing new", tells=True, why="now that day is over in Chicago too"),
)
_NAMED = {"conversion": 2, "cost_centers_merged": 2, "move_to_inactive_cost_center": 2, "pacific_evening": 3}


def live(ready: dict[str, Any], hands: Hands) -> Iterator[Lived]:
    """Live through the days, with a sync in the evening of each."""
    for number, day in enumerate(WEEK):
        today = rehearsal.advance(ready, quiet=True).get("today", "") if number else ""
        touched = {name: rehearsal.play(ready, name)["touched"] for name in day.play}
        names = [who for name, found in touched.items() for who in _whom(found, name)]
        others = sum(map(len, touched.values())) - 1
        evening = hands.sync()
        waiting, told = _waiting(evening), _employees(evening)
        pending = evening.report.counts.get("pending", 0)
        besides = _departments(evening)
        lines = [
            *_tell_waiting(evening),
            *_tell(told, silent=bool(waiting or besides)),
            *besides,
            *_tell_ahead(pending),
        ]
        explained = hands.explain(_alone(evening)[0].key) if _alone(evening) else None
        good = waiting == day.waits
        if day.mends:
            rehearsal.play(ready, day.mends)
        for hold in evening.holds if not day.mends else ():
            hands.release(hold.id)
        if evening.holds:
            after = hands.sync()
            told, good = _employees(after), good and not after.holds
            lines += ["mended:" if day.mends else "released:", *_tell(told)]
        yield Lived(
            date=today[5:] or _date(evening.report),
            said=day.said.format(*names, others=others),
            told=lines,
            why=day.why,
            as_expected=bool(told) == day.tells and good,
            explained=explained,
        )


def _employees(evening: Evening) -> list[dict[str, Any]]:
    return [write for write in evening.writes if write["type"] == "employee"]


def _waiting(evening: Evening) -> str:
    return " and ".join([*(["parked"] if evening.parked else []), *(["held"] if evening.holds else [])])


def _alone(evening: Evening) -> list[ParkedInfo]:
    """Who is parked altogether, and not only kept as they are in a plant."""
    return [each for each in evening.parked if not each.plant]


def _tell_waiting(evening: Evening) -> Iterator[str]:
    alone = _alone(evening)
    yield from (f"parked {each.key}" for each in alone)
    if len(alone) < len(evening.parked):
        yield f"({len(evening.parked) - len(alone)} others stay as they are)"
    for each in evening.holds:
        yield f"held: {plural(len(each.members), 'worker')}" if each.type == "employee" else f"held: {each.guard}"


def _departments(evening: Evening) -> list[str]:
    """What becomes of departments, each once for all plants."""
    plants: dict[str, list[str]] = {}
    for each in evening.writes:
        if each["type"] == "department":
            plants.setdefault(f"{each['action']} department {each['key']}", []).append(each["plant"])
    return [f"{what} in {', '.join(where)}" for what, where in plants.items()]


def draw_week(days: Sequence[Lived]) -> Sheet:
    """Show the days, one below the other."""
    rows = [
        (day.date, day.said, stacked(*([] if day.as_expected else ["not as expected"]), *day.told), day.why)
        for day in days
    ]
    return table(("day", "Workday said", "Plex was told", "why"), rows)


def _whom(touched: list[str], name: str) -> list[str]:
    """Those a caption speaks of."""
    return touched[: _NAMED.get(name, 1)]


def _date(report: RunReport) -> str:
    return (report.watermark or "")[5:10]


def _tell(writes: Sequence[dict[str, Any]], *, silent: bool = False) -> list[str]:
    """Name a few writes, and count many; a line each. That there were none needs no line where it is *silent*."""
    if len(writes) <= _LONGEST:
        lines = [f"{each['action']} {each['plant']} {each['key']}" for each in writes]
    else:
        counted = Counter((each["action"], each["plant"]) for each in writes)
        lines = [f"{action} {plant}: {plural(count, 'worker')}" for (action, plant), count in counted.items()]
    return lines or ([] if silent else ["nothing"])


def _tell_ahead(pending: int) -> list[str]:
    return [f"({pending} ahead)"] if pending else []
