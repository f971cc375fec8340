"""What may be sent again to the letter: what waits as it was refused, of a record that is still the same person's."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from ml_connector.errors import StalePlanError, UsageError
from ml_connector.mapping.record_ids import ids_made_of
from ml_connector.review.store import Name, Parked
from ml_connector.sync.allowance import PEOPLE
from ml_connector.sync.change import Change
from ml_connector.sync.intent import Intent
from ml_connector.sync.receipts import AGAIN
from ml_connector.sync.tools import SyncTools

_RESENDABLE = frozenset({"rejected", "forbidden", "conflict", "duplicate", "waiting", "accepted", "sending"})
_UNSETTLED = frozenset({"forbidden", "unknown", "not_confirmed", *AGAIN})
"""What parks a write for no fault of its content."""


def find_same_bytes(
    tools: SyncTools, key: str, waiting: Mapping[Name, Parked], settled: Collection[Name]
) -> list[Change]:
    """
    What was tried last for each record of this key that was *waiting*, to the letter.

    Of what reading back *settled* just now, that which Plex turned out to hold needs nothing.

    Raises:
        StalePlanError: a later plan wants something else for the record, or parks it for another reason; or the record
            in Plex is not that person's any more.
        UsageError: nothing of this key was refused or left unknown.
    """
    found: list[Change] = []
    proved = False
    for name in sorted(name for name in waiting if name[2] == key):
        kind, plant, _key, _field = name
        history = [intent for intent, _run in tools.history.of_record(kind=kind, source=key, plant=plant)]
        # A record can have two changes in one plan: brought back and updated, or moved and updated.
        last = [intent for intent in history if intent.plan_id == history[0].plan_id]
        if name in settled and all(intent.state == "applied" for intent in last):
            proved = True
            continue
        tried = next((intent for intent in history if _is_resendable(intent)), None)
        if tried is None:
            continue
        wanted = {intent.change.content_hash for intent in last}
        if tried.change.content_hash not in wanted or not _waits_for(waiting[name], tried):
            raise _superseded(key, "a later plan wants something else")
        if not _is_theirs(tools, tried.change):
            raise _superseded(key, f"record {tried.change.key} of plant {plant} is not theirs any more")
        found.append(msgspec.structs.replace(tried.change, hold=None, needs=()))
    if not found and not proved:
        raise UsageError(
            f"nothing of {key} was refused or left unknown",
            remedy="ml-connector parked   lists what can be sent again",
        )
    return found


def _is_resendable(intent: Intent) -> bool:
    """Refused, left unknown, or left unknown and since proved absent by reading back."""
    return intent.state in _RESENDABLE or (intent.state == "planned" and intent.attempt > 0)


def _waits_for(parked: Parked, tried: Intent) -> bool:
    """
    Whether the record is parked for what became of this write, and for nothing that a later plan found.

    A plan that parks a record keeps no change of it, so only what is parked tells that one came after.
    """
    if parked.content_hash is not None:
        return parked.content_hash == tried.change.content_hash
    return parked.code in _UNSETTLED or (parked.code == "waiting" and tried.state == "waiting")


def _is_theirs(tools: SyncTools, change: Change) -> bool:
    """Whether an employee's record is still the one of who it was planned for, whatever was linked since (WP-01)."""
    whose = tools.links.profile(change.source) if change.type in PEOPLE else None
    if whose is None:
        return True
    held = tools.links.adopted(person=whose.person)
    chosen = held.get((change.plant, whose.person)) or held.get((change.origin, whose.person))
    if chosen is not None:
        return change.key == chosen
    workday, plex = tools.connection.workday, tools.connection.plex
    return change.key in ids_made_of(whose.person, tenant=workday.tenant, plants=plex.pcns).values()


def _superseded(key: str, why: str) -> StalePlanError:
    return StalePlanError(f"{key} is superseded: {why}", remedy=f"ml-connector reevaluate {key}")
