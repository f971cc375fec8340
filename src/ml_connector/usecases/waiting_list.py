"""What waits for a person or for another record: parked records, and held sets of changes."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ml_connector.bootstrap import App
from ml_connector.review.store import GuardReason, HoldInfo, ReviewStore
from ml_connector.sync.store import SyncStore

NEXT_OF_RELEASED = (
    "ml-connector sync   carries it out; a release cannot be taken back: what is not meant, correct in Workday before"
)


class ParkedInfo(msgspec.Struct, frozen=True, kw_only=True):
    """
    One parked record, as `parked` prints it; *field* where only that field waits, *code* what class of reason it is.
    """

    type: str
    key: str
    plant: str
    label: str
    code: str
    reason: str
    remedy: str | None
    since: str
    waiting_for: str | None
    field: str | None = None


class HeldInfo(msgspec.Struct, frozen=True, kw_only=True):
    """
    One hold beside the parked records: the same keys, and what a person needs to release it; *state* open or released.
    """

    type: str
    key: str
    plant: str
    code: str
    reason: str
    remedy: str | None
    since: str
    waiting_for: str | None
    hold: str
    guard: str
    releasable: bool
    count: int
    state: str = "open"
    explanation: GuardReason | None = None


def release(app: App, hold: str) -> HoldInfo:
    """Approve a hold's exact set."""
    return app.syncer.release(hold)


def holds(app: App) -> list[HoldInfo]:
    """Open holds, oldest first."""
    return ReviewStore(app.database).holds(app.name, state="open")


def parked(app: App) -> list[ParkedInfo]:
    """Everything parked now."""
    return [
        ParkedInfo(
            type=item.type,
            key=item.key,
            plant=item.plant,
            label=item.label,
            code=item.code,
            reason=item.reason,
            remedy=item.remedy,
            since=item.since,
            waiting_for=item.waiting_for,
            field=item.field or None,
        )
        for item in ReviewStore(app.database).parked(app.name)
    ]


def released(app: App) -> list[HoldInfo]:
    """Sets that a person let go and that no plan has carried out yet: drawn up before that, or not applied."""
    store = SyncStore(app.database, app.name)
    plan = store.newest_plan()
    found = ReviewStore(app.database).holds(app.name, state="released")
    if plan is None or not found:
        return found
    drawn_up = datetime.fromisoformat(plan.created_at)
    planned: dict[str, bool] = {}
    for it in store.intents(plan_id=plan.id):
        planned |= {name: planned.get(name, False) or it.state == "planned" for name in it.change.approved}
    return [it for it in found if planned.get(it.id, datetime.fromisoformat(it.released_at or "") >= drawn_up)]


def _waits_for(hold: HoldInfo) -> str | None:
    if hold.state == "released":
        return "the next sync"
    return f"release {hold.id}" if hold.releasable else None


def waiting(app: App) -> list[ParkedInfo | HeldInfo]:
    """Everything parked, then the holds: open ones wait for a person, released ones for the next sync."""
    held = [
        HeldInfo(
            type=hold.type,
            key=hold.id,
            plant=hold.plant,
            code=hold.guard,
            reason=hold.reason,
            state=hold.state,
            remedy=NEXT_OF_RELEASED if hold.state == "released" else hold.remedy,
            since=hold.created_at,
            waiting_for=_waits_for(hold),
            hold=hold.id,
            guard=hold.guard,
            releasable=hold.releasable,
            count=len(hold.members),
            explanation=hold.explanation,
        )
        for hold in (*holds(app), *released(app))
    ]
    return [*parked(app), *held]
