"""How what cannot go yet is shown to a person: always with the reason, the remedy and what it waits for. Pure."""

from __future__ import annotations

import re

import msgspec

from ml_connector.canonical.workforce import Worker
from ml_connector.errors import RecordError
from ml_connector.mapping.claim import shell_word
from ml_connector.mapping.desired import Desired, Waiting
from ml_connector.mapping.people import label
from ml_connector.mapping.placement import Place
from ml_connector.review.store import Parked
from ml_connector.snapshot.extracts.store import Scope
from ml_connector.snapshot.translation import Untranslatable
from ml_connector.sync.change import Change, short_name

STILL_ANOTHERS = (
    "its department, position, building and supervisor are still another worker's: correct them in Plex by hand"
)
"""
What is said of any write of a leaver whose own place cannot be told: once they have their badge, nothing tells it
again.
"""

_PERSONAL = frozenset({"employee", "employee_attributes", "worker", "badge"})


def park_waiting(waiting: Waiting, *, key: str | None = None) -> Parked:
    """A record or a field that waits; *key* where people know it by another one than Plex does."""
    return Parked(
        type=waiting.type,
        plant=waiting.plant,
        key=key or waiting.key,
        label=waiting.label,
        code=waiting.code,
        reason=waiting.reason,
        remedy=waiting.remedy,
        waiting_for=waiting.waiting_for,
        field=waiting.field or "",
    )


def park_worker(worker: Worker, error: RecordError, *, plant: str = "") -> Parked:
    """A worker that cannot go yet, to any plant or to this one."""
    return _parked("employee", plant, worker.known_as, label(worker), error)


def park_fault(scope: Scope, fault: Untranslatable, *, worker: Worker | None = None) -> Parked:
    """A record that came and cannot be understood; called as the *worker* it was when it last could be."""
    key = fault.name if worker is None else worker.known_as
    return Parked(
        type=scope.type,
        plant=scope.plant,
        key=key,
        label=key if worker is None else label(worker),
        code=fault.code,
        reason=fault.reason,
        remedy=_with_key(fault.remedy, key),
        waiting_for=fault.waiting_for,
    )


def park_staying(worker: Worker, place: Place, error: RecordError) -> Parked:
    """
    Somebody who is in a cost center that takes nobody new: they go on, and a person should know of it (RD-03).

    What else changes of them is sent all the same; `note_closed` says in the plan what Plex may make of it.
    """
    staying = RecordError(
        f"{error.message}, and the worker is still in it; their department in Plex stays as it is",
        code=error.code,
        remedy=error.remedy,
        waiting_for=error.waiting_for,
    )
    parked = _parked("employee", place.plant, worker.known_as, label(worker), staying)
    return msgspec.structs.replace(parked, field="department")


def note_closed(place: Place) -> str:
    """What a person should know of any write of somebody in a closed cost center: the record names its department."""
    department, center = place.fields["department"], place.cost_center_source
    return (
        f"its department {department} is closed with cost center {center}: Plex may refuse it until the worker is moved"
    )


def park_not_shown(worker: Worker) -> Parked:
    """
    A worker Workday showed before and shows no more, without a word about an ending: nobody is deactivated (CC-11).
    """
    return Parked(
        type="worker",
        plant="",
        key=worker.known_as,
        label=label(worker),
        code="not_shown",
        reason="Workday showed this worker before and shows them no more, without a termination; nothing is written",
        remedy=(
            "ask the Workday security administrator whether the integration user may still see this worker; "
            "if the worker has left, have HR enter the termination. It settles by itself then"
        ),
        waiting_for=f"Workday to show worker {worker.known_as}",
    )


def badge_in_use(
    badge: str, *, plant: str, wearer: str, number: str, owner: str | None, left: bool = False
) -> RecordError:
    """
    Why somebody waits whose badge another employee wears: nobody's, or that of *owner*, by typed id.

    *left*: a record made for the same worker, which another one was decided to take the place of.
    """
    waiting_for, code = f"badge {badge} in plant {plant}", "badge_in_use"
    if owner is None and left:
        return RecordError(
            f"badge {badge} is still worn by the employee of plant {plant} ({wearer}) that was {number}'s and is "
            "nobody's any more: another record was decided to be theirs",
            code=code,
            waiting_for=waiting_for,
            remedy=(
                "end that employee in Plex by hand and give it another badge there: Plex lets no badge be worn twice, "
                f"though one of them has ended. {number} goes by itself then"
            ),
        )
    if owner is None:
        return RecordError(
            f"badge {badge} is worn by another employee of plant {plant} ({wearer})",
            code=code,
            waiting_for=waiting_for,
            remedy=(
                f"if it is the same person: ml-connector links relink {number} --plex {badge} --plant {plant}   "
                "(everybody at once: ml-connector links match); never two records"
            ),
        )
    kind, _, theirs = owner.partition(" ")
    return RecordError(
        f"badge {badge} is worn by the employee of plant {plant} ({wearer}) that is {kind} {theirs}'s",
        code=code,
        waiting_for=waiting_for,
        remedy=(
            f"nothing, where that record is to have another badge: once a sync has written it, {number} goes by itself; "
            f"where it stays so, give that record another badge in Plex, or correct the number in Workday"
        ),
    )


def holds_anothers(error: RecordError, *, plant: str, key: str, badge: str) -> RecordError:
    """Of a leaver's record that holds another worker's values; *error* says why their own cannot be told."""
    return RecordError(
        f"the employee of plant {plant} ({key}) has another worker's department, position and supervisor since a join "
        f"that was taken back, and which are their own cannot be told: {error.message}",
        code="holds_anothers",
        waiting_for=error.waiting_for,
        remedy=f"correct department, position, building and supervisor of badge {badge} in Plex by hand",
    )


def park_desired(item: Desired, error: RecordError) -> Parked:
    """A record that Plex could not hold as it is."""
    return _parked(item.type, item.plant, item.source, item.label, error)


def park_orphan(change: Change, need: str) -> Parked:
    """A change whose parent is neither in Plex nor on its way there."""
    kind, plant, key = need.split("|", 2)
    what = f"{kind} {short_name(change.label) if kind == 'employee' else key} in plant {plant}"
    return park_change(
        change,
        code="waiting",
        reason=f"waits for {what}",
        remedy="it goes by itself once that record is in Plex",
        waiting_for=what,
    )


def park_change(
    change: Change,
    *,
    code: str,
    reason: str,
    remedy: str,
    waiting_for: str | None = None,
    content_hash: str | None = None,
) -> Parked:
    """A change that is not written, or did not make it; what has *content_hash* is not sent again by itself."""
    return Parked(
        type=change.type,
        plant=change.plant,
        key=change.source,
        label=change.label,
        code=code,
        reason=reason,
        remedy=_with_key(remedy, change.source) or "",
        waiting_for=waiting_for,
        content_hash=content_hash,
    )


def _with_key(remedy: str | None, key: str) -> str | None:
    """The remedy with the record's key where a connector, which does not know it, wrote KEY."""
    return None if remedy is None else re.sub(r"(?<=ml-connector reevaluate )KEY\b", lambda _: shell_word(key), remedy)


def why_parked(item: Parked) -> str:
    """
    The reason as the audit trail keeps it: codes and the reference data it waits for.

    Never a value of a field, and of people only that it is one: the trail knows them by pseudonyms alone.
    """
    waited = item.waiting_for or item.field or "see the record"
    kind = waited.partition(" ")[0]
    return f"{item.code}: {f'another {kind}' if kind in _PERSONAL else waited}"


def _parked(kind: str, plant: str, key: str, name: str, error: RecordError) -> Parked:
    return Parked(
        type=kind,
        plant=plant,
        key=key,
        label=name,
        code=error.code,
        reason=error.message,
        remedy=error.remedy,
        waiting_for=error.waiting_for,
    )
