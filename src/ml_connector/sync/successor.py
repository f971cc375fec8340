"""
What a hold that no longer waits was replaced by: whoever releases it by its id is led to the set that waits now. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.errors import UsageError
from ml_connector.review.store import HoldInfo
from ml_connector.sync.belief import ON_CLOCK

_LISTED = "ml-connector parked   lists the holds"


def no_open_hold(hold: str, *, kept: Sequence[HoldInfo]) -> UsageError:
    """
    What to say of an id that no open hold has; *kept* are all holds there ever were.

    A hold is its exact set: with one record more or less it is another one, under another id.
    """
    past = [item for item in kept if item.id.startswith(hold) and item.state == "past"]
    if len(past) != 1:
        return UsageError(f"there is no open hold {hold}", remedy=_LISTED)
    successors = find_successors(past[0], kept=kept)
    if not successors:
        return UsageError(f"hold {past[0].id} waits no longer: nothing trips its guard any more", remedy=_LISTED)
    newest = successors[-1]
    release = f"ml-connector parked   shows what it holds; if that is meant: `ml-connector release {newest.id}`"
    return UsageError(
        f"hold {past[0].id} was replaced by {' and '.join(item.id for item in successors)}: {newest.reason}",
        remedy=release if newest.releasable else newest.remedy,
    )


def find_successors(past: HoldInfo, *, kept: Sequence[HoldInfo]) -> list[HoldInfo]:
    """
    The open holds of the same thing, oldest first: those that share a member with it, else all of its guard there, or
    of a guard over the same clock.
    """
    waiting = [item for item in kept if item.state == "open" and (item.type, item.plant) == (past.type, past.plant)]
    sharing = [item for item in waiting if not set(item.members).isdisjoint(past.members)]
    alike = ON_CLOCK if past.guard in ON_CLOCK else {past.guard}
    return sharing or [item for item in waiting if item.guard in alike]
