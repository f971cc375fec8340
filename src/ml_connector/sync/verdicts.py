"""What a plan decides of one person, record by record, and when each change goes. Pure but for what was sent last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ml_connector.mapping.desired import Desired
from ml_connector.review.store import HoldInfo, Parked
from ml_connector.sync.change import Change, Hold
from ml_connector.sync.draft import Draft
from ml_connector.sync.explained import HeldBy, LastWrite, OrderStep, Verb, Verdict
from ml_connector.sync.history.store import HistoryStore
from ml_connector.sync.witness import Compared, Witness

# The most telling first.
_TELLING: tuple[Verb, ...] = ("held", "parked", "transfer", "deactivate", "create", "reactivate", "update", "pending")
_RESOLVED = {
    "present": "Plex holds all of it",
    "ended": "it has ended in Plex already",
}


def find_verdicts(
    draft: Draft,
    witness: Witness,
    *,
    history: HistoryStore,
    released: Sequence[HoldInfo],
    doubts: Iterable[Parked],
    otherwise: str,
) -> Iterator[Verdict]:
    """
    Yield what is decided of each of the person's records, then what waits, then what lies ahead.

    *released* are the holds people let go; *doubts* what keeps the person out of a plan as a whole; *otherwise* is why
    nothing is decided where nothing is.
    """
    told = [
        *_compared(draft, witness, history=history, released=released),
        *_unread(draft, witness),
        *map(_parked, [*witness.parked, *doubts]),
        *_pending(witness),
    ]
    if witness.worker is None and not told:
        told = [_held(hold) for hold in draft.holds if hold.guard in {"missing_section", "population_drop"}]
    yield from told or [Verdict(plant="", type="employee", verb="none", reason=otherwise)]


def sum_up(verdicts: Sequence[Verdict]) -> Verb:
    """The one word that tells most; a field that waits says less than what its record does."""
    told = {each.verb for each in verdicts if each.field is None}
    waiting: Verb = "parked" if any(each.field for each in verdicts) else "none"
    return next((verb for verb in _TELLING if verb in told), waiting)


def find_order(draft: Draft, witness: Witness) -> Iterator[OrderStep]:
    """When each change of the person goes among all that are not held, and what goes before and after it."""
    going = [change for change in draft.changes if change.hold is None]
    brought = {change.name: change for change in going}
    for position, change in enumerate(going, start=1):
        if not witness.knows(change):
            continue
        first = [brought[need] for need in change.needs if need in brought]
        then = [each for each in going if change.name in each.needs]
        yield OrderStep(
            plant=change.plant,
            type=change.type,
            action=change.action,
            position=position,
            of=len(going),
            after=tuple(_name(each) for each in first if not _is_its_own(each, change)),
            before=tuple(_name(each) for each in then if not _is_its_own(each, change)),
        )


def _is_its_own(other: Change, change: Change) -> bool:
    """Whether both are records of one person in one plant: that one follows the other goes without saying."""
    return (other.plant, other.key) == (change.plant, change.key)


def _compared(
    draft: Draft, witness: Witness, *, history: HistoryStore, released: Sequence[HoldInfo]
) -> Iterator[Verdict]:
    holds = {hold.id: hold for hold in draft.holds}
    for compared in witness.compared:
        item, last = compared.item, _last(history, compared)
        changes = _of_record(draft, item)
        for change in changes:
            yield _changing(change, hold=holds.get(change.hold or ""), released=released, last=last)
        if compared.decision is None and not changes:
            yield Verdict(
                plant=item.plant, type=item.type, key=item.key, verb="none", reason=_RESOLVED[item.state], last=last
            )


def _of_record(draft: Draft, item: Desired) -> list[Change]:
    """The changes of one record; with its transfer goes what makes it ready in the plant it leaves."""
    mine = [change for change in draft.changes if (change.type, change.key) == (item.type, item.key)]
    before = {need for change in mine if change.action == "transfer" for need in change.needs}
    return [change for change in mine if change.plant == item.plant or change.name in before]


def _changing(change: Change, *, hold: Hold | None, released: Sequence[HoldInfo], last: LastWrite | None) -> Verdict:
    return Verdict(
        plant=change.plant,
        type=change.type,
        key=change.key,
        verb=change.action if change.hold is None else "held",
        action=change.action,
        reason=change.reason,
        before=change.before,
        after=change.after,
        spoken={field: text for field, text in change.spoken.items() if field in change.after},
        spoken_before=change.spoken_before,
        hold=None if hold is None else _held_by(hold),
        remedy=None if hold is None else hold.remedy,
        approved=tuple(f"{it.id} by {it.released_by}" for it in released if it.id in change.approved),
        last=last,
    )


def _last(history: HistoryStore, compared: Compared) -> LastWrite | None:
    """What was last sent of a record, or is on its way."""
    item = compared.item
    for intent, run in history.of_record(kind=item.type, source=item.key, plant=item.plant):
        if run is not None:
            return LastWrite(action=intent.change.action, state=intent.state, run=run)
    return None


def _unread(draft: Draft, witness: Witness) -> Iterator[Verdict]:
    """What cannot be compared, because Plex's side could not be read or is not believed."""
    done = {(each.item.type, each.item.plant, each.item.key) for each in witness.compared}
    for item in witness.wanted:
        if (item.type, item.plant, item.key) not in done:
            holds = [hold for hold in draft.holds if (hold.type, hold.plant) == (item.type, item.plant)]
            what = f"{item.type} of plant {item.plant} could not be read: nothing is compared"
            yield Verdict(
                plant=item.plant,
                type=item.type,
                key=item.key,
                verb="held",
                reason=holds[0].reason if holds else what,
                hold=_held_by(holds[0]) if holds else None,
                remedy=holds[0].remedy if holds else "ml-connector ping plex",
            )


def _parked(item: Parked) -> Verdict:
    return Verdict(
        plant=item.plant,
        type=item.type,
        key=item.key,
        verb="parked",
        reason=item.reason,
        code=item.code,
        field=item.field or None,
        remedy=item.remedy,
        waiting_for=item.waiting_for,
    )


def _pending(witness: Witness) -> Iterator[Verdict]:
    for item in witness.pending:
        yield Verdict(plant=item.plant, type=item.type, key=item.key, verb="pending", reason=item.reason, on=item.on)


def _held(hold: Hold) -> Verdict:
    return Verdict(
        plant=hold.plant, type=hold.type, verb="held", reason=hold.reason, hold=_held_by(hold), remedy=hold.remedy
    )


def _held_by(hold: Hold) -> HeldBy:
    return HeldBy(id=hold.id, guard=hold.guard, reason=hold.reason, releasable=hold.releasable)


def _name(change: Change) -> str:
    what = change.source if change.type.startswith("employee") else change.key
    return f"{change.action} {change.type} {what}" + (f" in plant {change.plant}" if change.plant else "")
