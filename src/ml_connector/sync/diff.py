"""
The one decision: what, if anything, brings a record in line with the side that owns it. Pure, and both ways the same.

    desired   actual    baseline
    present   none      none       create
    present   none      yes        create: somebody removed it by hand
    present   unfilled  any        create: the row was born with another record and holds nothing of ours yet
    present   inactive  any        reactivate, and then update what differs; where the baseline agreed, it is drift
    present   yes       any        update the owned fields that differ; where the baseline agreed, it is drift
    ended     active    any        deactivate
    ended     other     any        nothing: it has ended already; an update where it holds what is somebody else's
    none      any       any        nothing: absence is not an ending, and what was never ours stays (CC-11, UP-07)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ml_connector.canonical.plant import PlexRecord, Scalar
from ml_connector.connectors.port import Action
from ml_connector.mapping.desired import Desired
from ml_connector.mapping.rules import is_clearable, is_owned, same_value
from ml_connector.sync.change import DRIFT

CHANGED = "changed in "
"""How the reason of a change begins where the written side is as it was when we agreed."""
AND = ", and "
"""Stands between what moved on the written side and what moved on the other."""

# They are ended by their flag and not by a status.
_FLAGGED = frozenset({"cost_center", "department", "position"})

Owned = Callable[[str, str], bool]
"""Whether the source owns a field of a record type."""


class Sides(NamedTuple):
    """Which system's word counts, and which one is written."""

    source: str = "Workday"
    target: str = "Plex"


class Decision(NamedTuple):
    """
    What to do, why, and the owned fields that differ (before → after).

    *moved* are those in which the source's word is another one than when both sides agreed, where some of the rest
    drifted.
    """

    action: Action
    reason: str
    before: dict[str, Scalar]
    after: dict[str, Scalar]
    moved: frozenset[str] = frozenset()


def decide(
    desired: Desired,
    actual: PlexRecord | None,
    *,
    baseline: Mapping[str, Scalar] | None,
    status_inactive: str,
    owned: Owned = is_owned,
    sides: Sides = Sides(),  # noqa: B008 - frozen
) -> Decision | None:
    """Return what to do about one record, or None when nothing is to be done."""
    if desired.state == "ended":
        return _end(desired, actual, status_inactive, owned=owned)
    if actual is None:
        reason = f"not in {sides.target}"
        if baseline is not None:
            reason = f"removed in {sides.target} by hand: it is still in {sides.source}"
        return Decision("create", reason, {}, dict(desired.fields))
    before, after = differing(desired, actual, owned=owned)
    if desired.type == "employee" and actual.fields.get("status") == status_inactive:
        # Where both sides agreed that the record is active, nobody came back: somebody ended it in Plex (UP-05).
        reason = _drifted(["status"], sides) if baseline else "active again in Workday"
        return Decision("reactivate", reason, {"status": status_inactive, **before}, after)
    if not after:
        return None
    if all(actual.fields.get(field) is None for field in desired.fields):
        return Decision("create", f"not filled in {sides.target} yet", before, after)
    back = desired.type == "cost_center" and (before.get("active"), after.get("active")) == (False, True)
    drifted = _other(desired.type, before, baseline or {})
    moved = frozenset(_other(desired.type, after, baseline or {}) if drifted else ())
    reason = f"{CHANGED}{sides.source}" if baseline is not None else f"differs from {sides.source}"
    if drifted:
        reason = _drifted(drifted, sides) + (f"{AND}{reason}" if moved else "")
    return Decision("reactivate" if back else "update", reason, before, after, moved)


def differing(
    desired: Desired, actual: PlexRecord, *, owned: Owned = is_owned
) -> tuple[dict[str, Scalar], dict[str, Scalar]]:
    """Owned fields whose values mean something else (UP-04); an empty value only counts where it may clear (UP-01)."""
    before: dict[str, Scalar] = {}
    after: dict[str, Scalar] = {}
    for field, wanted in desired.fields.items():
        if not owned(desired.type, field):
            continue
        held = actual.fields.get(field)
        if same_value(desired.type, field, held, wanted):
            continue
        if field in desired.replaces and held != desired.replaces[field]:
            continue
        if wanted is None and not is_clearable(desired.type, field):
            continue
        before[field] = held
        after[field] = wanted
    return before, after


def _end(
    desired: Desired, actual: PlexRecord | None, status_inactive: str, *, owned: Owned = is_owned
) -> Decision | None:
    if desired.type in _FLAGGED:
        if actual is None or actual.fields.get("active") is False:
            return None
        return Decision("deactivate", desired.reason, {"active": actual.fields.get("active")}, {"active": False})
    if actual is None:
        return None
    if actual.fields.get("status") == status_inactive:
        before, after = differing(desired, actual, owned=owned)
        return Decision("update", "has ended, and holds what is another worker's", before, after) if after else None
    return Decision("deactivate", desired.reason, {"status": actual.fields.get("status")}, {"status": status_inactive})


def _other(kind: str, held: Mapping[str, Scalar], baseline: Mapping[str, Scalar]) -> list[str]:
    """The fields, in order, that one side holds otherwise than both did when they agreed."""
    return sorted(
        field
        for field, value in held.items()
        if field in baseline and not same_value(kind, field, baseline[field], value)
    )


def _drifted(fields: Sequence[str], sides: Sides) -> str:
    return f"{DRIFT}{', '.join(fields)} changed in {sides.target} since the last sync"
