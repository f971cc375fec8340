"""
Why a record is to change though nobody touched it in the written system: the source's own word moved, or what we make
of it.

A controller must be able to tell them apart: a mapping row that somebody set has another approver than a job change.
Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ml_connector.canonical.workforce import CONTINGENT_BADGE
from ml_connector.mapping.claim import RowVersion
from ml_connector.mapping.desired import Desired
from ml_connector.sync.diff import AND, CHANGED, Decision

SEATS = "as many seats by Workday's positions, as they are mapped now"


class LastAgreed(NamedTuple):
    """Whose a record was when both sides last agreed on it, and by field the mapping row each value came from."""

    source: str
    rows: Mapping[str, RowVersion]


def is_open(decision: Decision | None) -> bool:
    """Whether the comparison alone cannot tell what moved."""
    return decision is not None and decision.reason.rpartition(AND)[2].startswith(CHANGED)


def find_cause(item: Desired, decision: Decision, known: LastAgreed | None) -> str:
    """
    Say what moved since both sides agreed.

        a staffing level               seats are a sum: of positions in Workday, each as it is mapped
        another worker's number        a conversion, or whose record it is (a relink, a new number)
        the code is the same, its      the mapping
        row or the row's version not
        anything else                  the source: as the comparison has it

    Where some fields follow from the mapping and some from the source, both are named; so is drift in others.
    """
    drift, joined, reason = decision.reason.rpartition(AND)
    return f"{drift}{joined}{_find_own(item, decision._replace(reason=reason), known)}"


def _find_own(item: Desired, decision: Decision, known: LastAgreed | None) -> str:
    """What moved on the source's side."""
    if item.type == "headcount":
        return SEATS
    if known is None:
        return decision.reason
    if known.source != item.source:
        return _whose(item, decision, before=known.source)
    fields = decision.moved or decision.after.keys()
    moved = {
        field: row
        for field, row in item.rows.items()
        if field in fields and _is_another_version(row, known.rows.get(field))
    }
    if not moved:
        return decision.reason
    rows = dict.fromkeys(f"{row.kind} {row.source} version {row.version}" for row in moved.values())
    told = f"the mapping changed ({', '.join(rows)})"
    return told if fields <= moved.keys() else f"{decision.reason}, and {told}"


def _is_another_version(now: RowVersion, before: RowVersion | None) -> bool:
    return before is not None and (before.kind, before.source) == (now.kind, now.source) and before != now


def _whose(item: Desired, decision: Decision, *, before: str) -> str:
    worn, badge = (str(side.get("badge_number") or "") for side in (decision.before, decision.after))
    if badge and worn.startswith(CONTINGENT_BADGE) != badge.startswith(CONTINGENT_BADGE):
        return f"converted in Workday: {before} is {item.source} now"
    return f"the record is {item.source}'s now, it was {before}'s"
