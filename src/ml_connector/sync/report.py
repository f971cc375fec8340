"""What a plan and a run tell the person who asked, in the shapes scripts rely on."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from ml_connector.canonical.plant import Scalar
from ml_connector.mapping.center_days import INACTIVE
from ml_connector.mapping.desired import Pending
from ml_connector.review.store import GuardReason, Parked
from ml_connector.sync.change import Change, Hold
from ml_connector.sync.headcount import HeadcountLine


class ChangeInfo(msgspec.Struct, frozen=True, kw_only=True):
    """
    One line of a plan; *action* is `hold` where a guard waits, with the write it holds back in *reason*.

    *system* is the one that is written; a record of Workday's has no *plant*. *spoken* says in people's words what a
    field of *after* holds as an id (a supervisor by the worker's number), *spoken_before* what it held (by the badge).
    """

    system: str
    plant: str
    type: str
    key: str
    label: str
    action: str
    reason: str
    before: dict[str, Scalar]
    after: dict[str, Scalar]
    spoken: dict[str, str] = {}
    spoken_before: dict[str, str] = {}


class HoldLine(msgspec.Struct, frozen=True, kw_only=True):
    """One hold of a plan."""

    id: str
    guard: str
    type: str
    plant: str
    count: int
    reason: str
    remedy: str
    releasable: bool
    explanation: GuardReason | None = None


class StayingLine(msgspec.Struct, frozen=True, kw_only=True):
    """The people who are still in a cost center that takes nobody new (RD-03): *people* by name, in order."""

    plant: str
    what: str
    people: tuple[str, ...]


class PlanReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    A stored plan. *forecast_s* is how long `apply` takes at the configured pace.

    *not_given* names, by type, the canonical fields Workday's surface cannot give, *not_configured* those it could
    give.
    """

    digest: str
    connection: str
    as_of: str
    counts: dict[str, int]
    changes: tuple[ChangeInfo, ...]
    holds: tuple[HoldLine, ...]
    pending: tuple[Pending, ...]
    headcount: tuple[HeadcountLine, ...]
    forecast_s: float
    not_given: dict[str, tuple[str, ...]] = {}
    not_configured: dict[str, tuple[str, ...]] = {}
    staying: tuple[StayingLine, ...] = ()


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a run did; *waiting* says whether a guard waits for a person.

    *carried_out_in* is the earlier run that carried the plan out: this one had nothing left to do.

    *unanchored* says why the end of the trail could not be noted in the anchor file.

    *held* counts the writes a guard holds back, and the readings that were refused: nobody can release those.
    """

    run: int
    plan: str | None
    counts: dict[str, int]
    watermark: str | None
    duration_s: float
    waiting: bool = False
    carried_out_in: int | None = None
    staying: tuple[StayingLine, ...] = ()
    unanchored: str | None = None

    @property
    def exit_code(self) -> int:
        """0 done, 3 done in part, 4 a guard waits for approval."""
        if self.waiting:
            return 4
        return 3 if any(self.counts.get(name) for name in ("parked", "held", "unknown")) else 0


def change_info(change: Change) -> ChangeInfo:
    """The line a person reads; for an employee the key is the worker's id, as Workday calls it."""
    reason = change.reason if change.hold is None else f"{change.action} held by {change.hold}: {change.reason}"
    return ChangeInfo(
        system=change.system,
        plant=change.plant,
        type=change.type,
        key=change.source if change.type.startswith("employee") else change.key,
        label=change.label,
        action=change.action if change.hold is None else "hold",
        reason=reason,
        before=change.before,
        after=change.after,
        spoken={field: text for field, text in change.spoken.items() if field in change.after},
        spoken_before=change.spoken_before,
    )


def staying_lines(parked: Iterable[Parked]) -> tuple[StayingLine, ...]:
    """Of all that is parked, who is still in a cost center that takes nobody new."""
    people: dict[tuple[str, str], list[str]] = {}
    for item in parked:
        if item.code == INACTIVE and item.field:
            people.setdefault((item.plant, item.waiting_for or ""), []).append(f"{item.label} ({item.key})")
    return tuple(
        StayingLine(plant=plant, what=what.replace("_", " "), people=tuple(sorted(names)))
        for (plant, what), names in sorted(people.items())
    )


def hold_line(hold: Hold) -> HoldLine:
    values: dict[str, Any] = {name: getattr(hold, name) for name in HoldLine.__struct_fields__}
    return HoldLine(**values)


def not_yet_held(line: HoldLine, waiting: Collection[str]) -> HoldLine:
    """A hold of a plan for another day: unless it is one of those *waiting* today, there is nothing to release yet."""
    if line.id in waiting or not line.releasable:
        return line
    remedy = "nothing waits today: a plan for another day holds nothing; if a sync does, ml-connector parked   lists it"
    return msgspec.structs.replace(line, remedy=remedy)
