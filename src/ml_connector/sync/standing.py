"""
Whether a stored plan may still be carried out: it is drawn up again, and compared change by change. Pure.

    drawn up again to the letter          stands
    Plex holds already what was planned   done: nothing to send
    parked now                            moved: why it is parked
    wanted alike, Plex differs            moved in Plex
    anything else                         moved in Workday

What is new in the world since is for the next plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from ml_connector.canonical.plant import PlexRecord, Scalar
from ml_connector.errors import StalePlanError
from ml_connector.review.store import Parked
from ml_connector.sync.change import Change, Hold
from ml_connector.sync.intent import Intent
from ml_connector.sync.judge import judge

_NAMED = 5

# The plant's records under a change's key, or None where they cannot be read now.
FindNow = Callable[[Change], Sequence[PlexRecord] | None]


class Moved(NamedTuple):
    """A planned change that would not be drawn up again, and what happened to its record, in words."""

    change: Change
    what: str


class Standing(NamedTuple):
    """What the comparison found; what is in neither list stands."""

    already: list[Intent]
    moved: list[Moved]


def compare_plan(
    intents: Sequence[Intent], *, again: Iterable[Change], parked: Iterable[Parked], find_now: FindNow
) -> Standing:
    """Compare a plan's intents with what would be planned now; held changes of *again* count as drawn up."""
    drawn: dict[str, list[Change]] = defaultdict(list)
    for change in again:
        drawn[change.name].append(change)
    waiting = {(item.type, item.key): item.reason for item in parked if not item.field}
    standing = Standing([], [])
    for intent in intents:
        now = drawn.get(intent.change.name, [])
        if any(_same(intent.change, change) for change in now):
            continue
        found = find_now(intent.change)
        if found is not None and judge(intent.change, found) == "applied":
            standing.already.append(intent)
        else:
            standing.moved.append(Moved(intent.change, _what(intent.change, now, found, waiting)))
    return standing


def compare_plex(intents: Sequence[Intent], *, find_now: FindNow) -> Standing:
    """Compare a plan's intents with Plex alone: for what is sent again whatever Workday says now."""
    standing = Standing([], [])
    for intent in intents:
        verdict = judge(intent.change, find_now(intent.change) or ())
        if verdict == "applied":
            standing.already.append(intent)
        elif verdict != "absent":
            standing.moved.append(Moved(intent.change, "changed in Plex"))
    return standing


def check_stands(standing: Standing, *, digest: str, held: Sequence[Hold] = ()) -> None:
    """
    Let the plan go on only if all of it stands.

    Raises:
        StalePlanError: the world moved, or a guard that let the plan's changes through would hold them now.
    """
    if standing.moved:
        named = [f"{moved.change.label} {moved.what}" for moved in standing.moved[:_NAMED]]
        more = len(standing.moved) - len(named)
        raise StalePlanError(
            f"plan {digest[:12]} would not be drawn up again: {', '.join(named)}"
            f"{f' and {more} more' if more else ''}; nothing was sent",
            remedy="ml-connector plan   shows them as they are now",
        )
    if held:
        raise StalePlanError(
            f"plan {digest[:12]} would be held now: {held[0].reason}; nothing was sent",
            remedy="ml-connector plan   and apply its digest",
        )


def _same(planned: Change, now: Change) -> bool:
    """The same action and bytes, over the same values."""
    return (planned.action, planned.content_hash, _given(planned.before)) == (
        now.action,
        now.content_hash,
        _given(now.before),
    )


def _given(fields: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """A row born empty with another record holds as little as no row."""
    return {name: value for name, value in fields.items() if value is not None}


def _what(
    planned: Change,
    now: Sequence[Change],
    found: Sequence[PlexRecord] | None,
    waiting: Mapping[tuple[str, str], str],
) -> str:
    if found is None:
        return "cannot be read in Plex"
    if (planned.type, planned.source) in waiting:
        return f"is parked ({waiting[planned.type, planned.source]})"
    if any(change.owned == planned.owned for change in now):
        return "changed in Plex"
    return "changed in Plex" if not now and judge(planned, found) != "absent" else "changed in Workday"
