"""
Guards over writes: how much may change before a person must look (CC-12, UP-05). Pure.

A guard never stops the whole run: it holds the changes that tripped it, once, whatever else they would trip. Approval
releases that exact set, and a set that has shrunk since, because part of it was applied or reappeared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from ml_connector.review.store import GuardReason
from ml_connector.settings.sync import Guard
from ml_connector.sync.allowance import (
    LEAVING,
    PEOPLE,
    Lately,
    Sent,
    measure,
    member_of,
    name_some,
    overwritten,
    tell_limit,
    tell_over,
    tell_release,
    worker_of,
)
from ml_connector.sync.change import Change, Hold, make_hold
from ml_connector.sync.order import beside, hold_followers

WRITES_OFF = "workday_writes_off"
# Guards over writes: who approved these very writes at one of them approved them at each.
OVER_WRITES = frozenset(
    {"create_over", "update_over", "deactivate_over", "reactivate_over", "field_change_over", "drift", "drift_over"}
)
# Guards that hold changes; what another one holds is a reading that is not believed.
ON_CHANGES = OVER_WRITES | {WRITES_OFF}
_RELEASE = "look at `ml-connector plan --all`, then `ml-connector release {hold}` if this is meant"
_DRIFT = "correct Workday if Plex is right; if Workday is: `ml-connector release {hold}`"
_UPSTREAM = "correct Plex if Workday is right; if Plex is: `ml-connector release {hold}`"
_NOTHING = Lately()


class Approvals:
    """
    The holds a person released, by guard, and which of them this plan still needs.

    A release covers its exact set and any part of it, because some of it may be applied already; it is over once
    nothing of it trips any more.
    """

    def __init__(
        self, released: Mapping[str, tuple[str, frozenset[str]]] | None = None, *, ever: Iterable[str] = ()
    ) -> None:
        """*released* maps a hold's id to its guard and members; *ever* are members of every set released until now."""
        self._released = dict(released or {})
        self._ever = frozenset(ever).union(*(members for _guard, members in self._released.values()))
        self.used: set[str] = set()

    def cover(self, hold: Hold) -> bool:
        """Whether a person approved this set, or a larger one it is a part of, at this guard."""
        return bool(self.covering(hold))

    def covering(self, hold: Hold) -> set[str]:
        """The holds at which a person approved this set, or a larger one it is a part of."""
        members, alike = frozenset(hold.members), OVER_WRITES if hold.guard in OVER_WRITES else {hold.guard}
        covering = {
            name for name, (guard, approved) in self._released.items() if guard in alike and members <= approved
        }
        self.used |= covering
        return covering

    def saw(self, member: str) -> bool:
        """Whether a person ever looked at this write and let it go: it is in nobody's way any more."""
        return member in self._ever

    @property
    def over(self) -> set[str]:
        """Releases nothing asked for: applied, or gone by themselves."""
        return self._released.keys() - self.used


def guard_changes(
    changes: Sequence[Change], *, population: int, guard: Guard, approvals: Approvals, lately: Lately = _NOTHING
) -> tuple[list[Change], list[Hold]]:
    """
    Mark the changes that wait for a person; *population* is how many active workers there are.

    Guards look one after the other, the most telling first, each at what the ones before let through. What needs a held
    change waits with it and is no member of its hold: it goes once that one does. *changes* are in order.
    """
    sent = [one for one in lately.sent if not approvals.saw(one.member)]
    held: dict[str, str] = {}
    waiting: list[Hold] = []
    passed: dict[str, set[str]] = {}
    for look in (_drift, _endings, _beginnings, _same_fields, _updates):
        free = [(change, member_of(change)) for change in changes if change.hold is None]
        left = [change for change, member in free if member not in held and member not in passed]
        for hold in look(left, population, guard, sent, lately):
            let_by = approvals.covering(hold)
            if let_by:
                passed |= {member: passed.get(member, set()) | let_by for member in hold.members}
                continue
            waiting.append(hold)
            held |= {member: held.get(member, hold.id) for member in hold.members}
    marked = [_marked(change, held.get(member_of(change)), passed) for change in changes]
    # A transfer may wait for what it needs, and what is around it for the transfer; then others for the person.
    return list(hold_followers(_with_their_transfer(list(hold_followers(marked))))), waiting


def _with_their_transfer(changes: Sequence[Change]) -> Iterator[Change]:
    """What is written of a person in either plant waits with their transfer, and it with them."""
    around: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in changes:
        around[change.plant, change.key].append(change)
    together: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        if change.action == "transfer":
            both = (change.plant, change.key), (change.origin, change.key)
            together |= {place: [*around[both[0]], *around[both[1]]] for place in both}
    for change in changes:
        yield beside(change, together.get((change.plant, change.key), ()))


def _endings(
    changes: Sequence[Change], population: int, guard: Guard, sent: Sequence[Sent], _lately: Lately
) -> Iterator[Hold]:
    for action in ("deactivate", "reactivate"):
        yield from _verb(action, changes, population, guard, sent)


def _beginnings(
    changes: Sequence[Change], population: int, guard: Guard, sent: Sequence[Sent], lately: Lately
) -> Iterator[Hold]:
    """New employees; a plant that is filled for the first time begins with everybody."""
    yield from _verb("create", [each for each in changes if each.plant not in lately.filling], population, guard, sent)


def _verb(
    action: str, changes: Sequence[Change], population: int, guard: Guard, sent: Sequence[Sent]
) -> Iterator[Hold]:
    alike = LEAVING if action in LEAVING else {action}
    wanted = [change for change in changes if change.type == "employee" and change.action in alike]
    before = [one for one in sent if one.action in alike]
    told = measure(action, wanted, sent=before, population=population, guard=guard)
    if told is not None:
        yield _over(
            f"{action}_over", wanted, reason=tell_over(told, actions={each.action for each in wanted}), told=told
        )


def _updates(
    changes: Sequence[Change], population: int, guard: Guard, sent: Sequence[Sent], _lately: Lately
) -> Iterator[Hold]:
    wanted = [change for change in changes if _is_update(change) and overwritten(change)]
    before = [one for one in sent if one.action == "update" and one.fields]
    told = measure("update", wanted, sent=before, population=population, guard=guard)
    if told is not None:
        yield _over("update_over", wanted, reason=tell_over(told, actions={"update"}), told=told)


def _same_fields(
    changes: Sequence[Change], population: int, guard: Guard, sent: Sequence[Sent], _lately: Lately
) -> Iterator[Hold]:
    """One field of many workers; fields that would change for the same workers have one cause, and are one hold."""
    touching: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        for field in overwritten(change) if _is_update(change) else ():
            touching[field].append(change)
    causes: dict[frozenset[tuple[str, str]], tuple[list[str], GuardReason]] = {}
    for field, group in sorted(touching.items()):
        before = [one for one in sent if field in one.fields]
        told = measure("field_change", group, sent=before, population=population, guard=guard)
        if told is not None:
            fields, _told = causes.setdefault(frozenset(map(worker_of, group)), ([], told))
            fields.append(field)
    taken: set[str] = set()
    for fields, told in causes.values():
        group = [change for field in fields for change in touching[field] if member_of(change) not in taken]
        wanted = list({member_of(change): change for change in group}.values())
        taken.update(map(member_of, wanted))
        if wanted:
            reason = f"{_and(fields)} would change for {told.wanted:,} workers{tell_limit(told)}"
            told = msgspec.structs.replace(told, release=tell_release(len(wanted)))
            yield _over("field_change_over", wanted, reason=reason, told=told)


def _drift(
    changes: Sequence[Change], population: int, guard: Guard, sent: Sequence[Sent], _lately: Lately
) -> Iterator[Hold]:
    """What somebody changed in Plex: every record where the configuration says so, else too many of them."""
    drifted = [change for change in changes if change.drifted]
    if guard.drift == "hold":
        by_plant: dict[str, list[Change]] = defaultdict(list)
        for change in drifted:
            by_plant[change.plant].append(change)
        for plant, group in sorted(by_plant.items()):
            kinds = sorted({change.type for change in group})
            reason = _drifted(len(group), _and(kinds), plant)
            told = GuardReason(
                limit="",
                allowed=0,
                population=population,
                wanted=len({worker_of(change) for change in group}),
                release=tell_release(len(group)),
                samples=name_some(group),
            )
            remedy = _DRIFT if plant else _UPSTREAM
            yield _over("drift", group, reason=reason, told=told, kind=kinds[0], plant=plant, remedy=remedy)
        return
    wanted = [change for change in drifted if change.type in PEOPLE]
    before = [one for one in sent if one.drifted]
    told_over = measure("drift", wanted, sent=before, population=population, guard=guard)
    if told_over is not None:
        reason = (
            f"{told_over.wanted:,} workers were changed in Plex where Workday owns the field{tell_limit(told_over)}"
        )
        yield _over("drift_over", wanted, reason=reason, told=told_over, remedy=_DRIFT)


def _over(
    name: str,
    wanted: Sequence[Change],
    *,
    reason: str,
    told: GuardReason,
    kind: str = "employee",
    plant: str = "",
    remedy: str = _RELEASE,
) -> Hold:
    members = [member_of(change) for change in wanted]
    return make_hold(name, kind=kind, plant=plant, members=members, reason=reason, remedy=remedy, explanation=told)


def _is_update(change: Change) -> bool:
    return change.action == "update" and change.type in PEOPLE


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _drifted(count: int, kind: str, plant: str) -> str:
    if plant:
        return f"{count} {kind} records of plant {plant} were changed in Plex where Workday owns the field"
    return f"{count} {kind} records were changed in Workday where Plex owns the field"


def _marked(change: Change, hold: str | None, passed: Mapping[str, Collection[str]]) -> Change:
    """With the hold it waits in, or the released ones that let it by."""
    if hold is not None:
        return msgspec.structs.replace(change, hold=hold)
    let_by = passed.get(member_of(change)) if passed else None
    return msgspec.structs.replace(change, approved=tuple(sorted(let_by))) if let_by else change
