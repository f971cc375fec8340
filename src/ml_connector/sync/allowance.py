"""
What a guard still allows: a limit, the population it measures by, and what was sent within the rolling window. Pure.

Nine endings an hour for ten hours are ninety endings: what earlier runs applied counts, unless a person released it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from ml_connector.review.store import GuardReason
from ml_connector.settings.forms import parse_limit
from ml_connector.settings.sync import Guard
from ml_connector.sync.change import Change, short_name

NAMED = 5
# Kinds of record a guard counts, and by what each is one: a worker's two records in a plant are one worker.
PEOPLE = frozenset({"employee", "employee_attributes"})
# Who moves by a transfer leaves a plant as who is deactivated does.
LEAVING = frozenset({"deactivate", "transfer"})
_NOUNS = {
    "create": "creations",
    "update": "updates that overwrite something",
    "deactivate": "deactivations",
    "transfer": "transfers to another plant",
    "reactivate": "reactivations",
}


class Sent(NamedTuple):
    """One write of the last hours: *fields* it overwrote, *member* as a hold names it, *at* by Workday's clock."""

    action: str
    plant: str
    source: str
    member: str
    at: str
    fields: frozenset[str] = frozenset()
    drifted: bool = False

    @property
    def worker(self) -> tuple[str, str]:
        return self.plant, self.source


class Lately(NamedTuple):
    """
    What counts beside a run: writes *sent* within the window, and plants that are still *filling* for the first time.
    """

    sent: Sequence[Sent] = ()
    filling: Collection[str] = ()


def over(count: int, *, population: int, limit: str) -> bool:
    """Whether *count* is more than the limit allows: more than its number and more than its share."""
    number, share = parse_limit(limit)
    return count > max(Decimal(number), share * population)


def allowed(limit: str, *, population: int) -> int:
    """How many the limit lets through."""
    number, share = parse_limit(limit)
    return int(max(Decimal(number), share * population))


def member_of(change: Change) -> str:
    """How a hold names a change: the record and exactly what would be sent."""
    return name_member(change.action, change.name, change.content_hash)


def name_member(action: str, name: str, content_hash: str) -> str:
    return f"{action}|{name}|{content_hash[:16]}"


def worker_of(change: Change) -> tuple[str, str]:
    """Whom a change is about, in one plant."""
    return change.plant, change.source


def overwritten(change: Change) -> frozenset[str]:
    """The fields that held something else: filling what is empty overwrites nobody's work."""
    return frozenset(field for field in change.after if change.before.get(field) is not None)


def measure(
    verb: str, wanted: Sequence[Change], *, sent: Sequence[Sent], population: int, guard: Guard
) -> GuardReason | None:
    """Count *wanted* alone and beside what was *sent*; say what is over, or None where nothing is."""
    workers = {worker_of(change) for change in wanted}
    if not workers:
        return None
    before = [one for one in sent if one.worker not in workers]
    used = len({one.worker for one in before})
    limit, rolling = guard.limit(verb), guard.limit(verb, rolling=True)
    told = GuardReason(
        limit=limit,
        allowed=allowed(limit, population=population),
        population=population,
        wanted=len(workers),
        release=tell_release(len(wanted)),
        samples=name_some(wanted),
    )
    if (used or rolling != limit) and guard.rolls and over(len(workers) + used, population=population, limit=rolling):
        return msgspec.structs.replace(
            told,
            limit=rolling,
            allowed=allowed(rolling, population=population),
            used=used,
            since=min((one.at for one in before), default=""),
            window=guard.rolling.window,
        )
    return told if over(len(workers), population=population, limit=limit) else None


def name_some(changes: Sequence[Change]) -> tuple[str, ...]:
    """A few of them as people know them, in order, each worker once."""
    named = {worker_of(change): _name(change) for change in sorted(changes, key=lambda each: each.source)}
    return tuple(named.values())[:NAMED]


def tell_release(count: int) -> str:
    """What a release of so many writes does."""
    what, them = ("exactly this write goes", "it") if count == 1 else (f"exactly these {count:,} writes go", "them")
    return f"{what} with the next sync, and what waits for {them}; with one record more it is held again"


def tell_over(told: GuardReason, *, actions: Collection[str]) -> str:
    """The sentence of a guard over what a verb counts."""
    nouns = " and ".join(noun for action, noun in _NOUNS.items() if action in actions)
    return f"{told.wanted:,} {nouns} wanted{tell_limit(told)}"


def tell_limit(told: GuardReason) -> str:
    """What went before, and the limit in force as a number, by what."""
    rule = f"({told.limit} of {told.population:,} active workers)"
    if not told.window:
        return f", {told.allowed:,} are allowed a run {rule}"
    used = ""
    if told.used:
        since = datetime.fromisoformat(told.since).astimezone(UTC)
        used = f"; {told.used:,} of {told.allowed:,} used since {since:%Y-%m-%d %H:%M} UTC"
    return f"{used}, {told.allowed:,} are allowed within {told.window} {rule}"


def _name(change: Change) -> str:
    label = short_name(change.label)
    return label if change.label in {"", change.source} else f"{label} ({change.source})"


def said_of(explanation: GuardReason | None, *, count: int) -> str | None:
    """A few of the set by name, and how many more there are."""
    if explanation is None or not explanation.samples:
        return None
    more = max(explanation.wanted, count) - len(explanation.samples)
    return ", ".join(explanation.samples) + (f" and {more:,} more" if more > 0 else "")
