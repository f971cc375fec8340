"""
Guards: how much may change before a person must look (CC-11, CC-12, CC-13, UP-02, UP-05). Pure.

A guard never stops the whole run: it holds the changes that tripped it. Approval releases that exact set, and a set
that has shrunk since, because part of it was applied or reappeared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from ml_connector.settings import Guard, parse_limit
from ml_connector.sync.change import Change, Hold, make_hold

_FIELD_GUARDED = frozenset({"employee", "employee_attributes"})
WRITES_OFF = "workday_writes_off"
# Guards that hold changes; what another one holds is a reading that is not believed.
ON_CHANGES = frozenset({"deactivate_over", "field_change_over", "drift", WRITES_OFF})
_RELEASE = "look at `ml-connector plan`, then `ml-connector release {hold}` if this is meant"
_DRIFT_REMEDY = "correct Workday if Plex is right; if Workday is: `ml-connector release {hold}`"
_UPSTREAM_REMEDY = "correct Plex if Workday is right; if Plex is: `ml-connector release {hold}`"


class Approvals:
    """
    The holds a person released, by guard, and which of them this plan still needs.

    A release covers its exact set and any part of it, because some of it may be applied already; it is over once
    nothing of it trips any more.
    """

    def __init__(self, released: Mapping[str, tuple[str, frozenset[str]]] | None = None) -> None:
        """*released* maps a hold's id to its guard and members."""
        self._released = dict(released or {})
        self.used: set[str] = set()

    def cover(self, hold: Hold) -> bool:
        """Whether a person approved this set, or a larger one it is a part of, at this guard."""
        members = frozenset(hold.members)
        covering = {
            name for name, (guard, approved) in self._released.items() if guard == hold.guard and members <= approved
        }
        self.used |= covering
        return bool(covering)

    @property
    def over(self) -> set[str]:
        """Releases nothing asked for: applied, or gone by themselves."""
        return self._released.keys() - self.used


def over(count: int, *, population: int, limit: str) -> bool:
    """Whether *count* is more than the limit allows: more than its number and more than its share."""
    number, share = parse_limit(limit)
    return count > max(Decimal(number), share * population)


def guard_changes(
    changes: Sequence[Change], *, population: int, guard: Guard, approvals: Approvals
) -> tuple[list[Change], list[Hold]]:
    """Mark the changes that wait for a person; *population* is how many active workers there are."""
    holds = [
        *_deactivations(changes, population, guard.deactivate_over),
        *_same_fields(changes, population, guard.field_change_over),
        *(_drift(changes) if guard.drift == "hold" else ()),
    ]
    waiting = [hold for hold in holds if not approvals.cover(hold)]
    held: dict[str, str] = {}
    for hold in waiting:
        for member in hold.members:
            held.setdefault(member, hold.id)
    marked = [_held(change, held.get(member_of(change))) for change in changes]
    return marked, waiting


def member_of(change: Change) -> str:
    """How a hold names a change: the record and exactly what would be sent."""
    return f"{change.action}|{change.name}|{change.content_hash[:16]}"


def population_drop(vanished: Sequence[str], *, before: int | None, limit: str) -> Hold | None:
    """Workers seen last time and not now: never an ending, always a question (CC-11)."""
    if not before or not over(len(vanished), population=before, limit=limit):
        return None
    share = Decimal(100 * len(vanished)) / before
    return make_hold(
        "population_drop",
        kind="worker",
        plant="",
        members=list(vanished),
        reason=f"population_drop {share:.1f}%: {len(vanished)} of {before} workers are no longer shown to us; nobody is deactivated",
        remedy="check the integration user's security groups in Workday; if they really left our view: `ml-connector release {hold}`",
    )


def shrunken_list(kind: str, plant: str, *, now: int, before: int | None, limit: str) -> Hold | None:
    """A list that is suddenly empty or much shorter is a missing permission until proven otherwise (CC-13, PX-13)."""
    if not before or (now > 0 and not over(before - now, population=before, limit=limit)):
        return None
    guard = "empty_result" if now == 0 else "list_shrunk"
    where = f" of plant {plant}" if plant else ""
    system = "Plex" if plant else "Workday"
    return make_hold(
        guard,
        kind=kind,
        plant=plant,
        members=[f"{kind}|{plant}|{before}|{now}"],
        reason=f"{guard}: {system} shows {now} {kind} records{where}, last time {before}; nothing of this type is written",
        remedy=f"ml-connector ping {system.lower()}   names the missing permission; if the list is right: `ml-connector release {{hold}}`",
    )


def missing_section(section: str, *, share: float, domain: str) -> Hold:
    """A Workday section that suddenly nobody has: held, never written as empty (UP-02)."""
    return make_hold(
        "missing_section",
        kind="worker",
        plant="",
        members=[f"section|{section}"],
        reason=f"Workday leaves out {section} for {share:.0%} of workers; its fields are not written",
        remedy=f'grant the integration user Get on "{domain}" and activate pending security policy changes in Workday',
        releasable=False,
    )


def _deactivations(changes: Sequence[Change], population: int, limit: str) -> Iterable[Hold]:
    ending = [change for change in changes if change.action == "deactivate"]
    if not over(len(ending), population=population, limit=limit):
        return
    yield make_hold(
        "deactivate_over",
        kind="employee",
        plant="",
        members=[member_of(change) for change in ending],
        reason=f"{len(ending)} deactivations are more than {limit} of {population} active workers",
        remedy=_RELEASE,
    )


def _same_fields(changes: Sequence[Change], population: int, limit: str) -> Iterable[Hold]:
    touching: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in changes:
        if change.action == "update" and change.type in _FIELD_GUARDED:
            for field in change.after:
                # Filling what is empty overwrites nobody's work.
                if change.before.get(field) is not None:
                    touching[change.type, field].append(change)
    for (kind, field), group in sorted(touching.items()):
        if over(len(group), population=population, limit=limit):
            yield make_hold(
                "field_change_over",
                kind=kind,
                plant="",
                members=[member_of(change) for change in group],
                reason=f"{field} would change for {len(group)} of {population} workers, more than {limit}",
                remedy=_RELEASE,
            )


def _drift(changes: Sequence[Change]) -> Iterable[Hold]:
    drifted: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in changes:
        if change.drifted:
            drifted[change.type, change.plant].append(change)
    for (kind, plant), group in sorted(drifted.items()):
        yield make_hold(
            "drift",
            kind=kind,
            plant=plant,
            members=[member_of(change) for change in group],
            reason=_drifted(len(group), kind, plant),
            remedy=_DRIFT_REMEDY if plant else _UPSTREAM_REMEDY,
        )


def _drifted(count: int, kind: str, plant: str) -> str:
    if plant:
        return f"{count} {kind} records of plant {plant} were changed in Plex where Workday owns the field"
    return f"{count} {kind} records were changed in Workday where Plex owns the field"


def _held(change: Change, hold: str | None) -> Change:
    return change if hold is None else msgspec.structs.replace(change, hold=hold)
