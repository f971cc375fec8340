"""Referential order: parents before children, and children that wait for theirs by name (WP-15). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from ml_connector.sync.allowance import name_some
from ml_connector.sync.change import Change

_BRINGING = {"create": "creation", "reactivate": "reactivation", "transfer": "transfer"}
_RANK = {"reactivate": 0, "transfer": 1, "create": 2, "update": 3, "deactivate": 4}


def in_order(changes: Iterable[Change]) -> list[Change]:
    """Sort by level, and within a level so that the same changes always come in the same order."""
    return sorted(
        changes, key=lambda change: (change.level, change.type, change.plant, change.key, _RANK[change.action])
    )


def with_what_they_need(changes: Sequence[Change], wanted: Callable[[Change], bool]) -> list[Change]:
    """The wanted changes, those that bring about what these need, and so on."""
    chosen = [change for change in changes if wanted(change)]
    by_name = {change.name: change for change in changes if change.action in _BRINGING}
    names = {change.name for change in chosen}
    for change in chosen:  # grows while it is walked
        for need in change.needs:
            if need in by_name and need not in names:
                names.add(need)
                chosen.append(by_name[need])
    return chosen


def part_orphans(
    changes: Iterable[Change], *, lacks: Callable[[Change, str], bool]
) -> Iterator[tuple[Change, str | None]]:
    """
    Yield every change with the parent it lacks, or None: *lacks* says of a change's need that Plex does not have it.

    *changes* are in order. Of its needs a change keeps those that this plan creates or brings before it, and a transfer
    the record it makes ready in the plant left behind.
    """
    changes = list(changes)
    leaving = {_name_before(change) for change in changes if change.action == "transfer"}
    brought: set[str] = set()
    for change in changes:
        lacking = next((need for need in change.needs if need not in brought and lacks(change, need)), None)
        if lacking is None and (change.action in _BRINGING or change.name in leaving):
            brought.add(change.name)
        yield msgspec.structs.replace(change, needs=tuple(need for need in change.needs if need in brought)), lacking


def hold_followers(changes: Iterable[Change]) -> Iterator[Change]:
    """
    Yield every change; one that needs a record whose creation, return or transfer is held waits in the same hold.

    *changes* are in order. What else is written of such a record waits too: an update carries the status along.
    """
    bringing: dict[str, Change] = {}
    for change in changes:
        parents = [bringing[name] for name in (change.name, *change.needs) if name in bringing]
        told = beside(change, parents)
        if told.hold != change.hold:
            told = msgspec.structs.replace(told, reason=f"{change.reason}; {_waits_for(parents)}")
        if change.action in _BRINGING:
            bringing[change.name] = told
        yield told


def beside(change: Change, others: Sequence[Change]) -> Change:
    """A change that goes with these or not at all: it waits in their hold, or goes by their release."""
    hold = next((each.hold for each in others if each.hold is not None), None)
    approved = {name for each in others for name in each.approved}
    if change.hold is not None or not (hold or approved):
        return change
    if hold is not None:
        return msgspec.structs.replace(change, hold=hold, approved=())
    return msgspec.structs.replace(change, approved=tuple(sorted({*change.approved, *approved})))


def _waits_for(parents: Iterable[Change]) -> str:
    held = next(parent for parent in parents if parent.hold is not None)
    (name,) = name_some([held])
    return f"waits for the {_BRINGING[held.action]} of {held.type} {name} in plant {held.plant}"


def _name_before(transfer: Change) -> str:
    """The name a transferred record has in the plant it leaves, as *needs* spells it."""
    return f"{transfer.type}|{transfer.origin}|{transfer.key}"
