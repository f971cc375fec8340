"""
What a read-back proves about one write whose outcome is not known. Pure; never a guess.

    found                               create      update      deactivate / reactivate
    nothing                             absent      conflict    conflict
    one, with nothing of ours yet       absent      —           —
    one, as it was to become            applied     applied     applied
    one, as it was before               —           absent      absent
    one under our key, anything else    conflict    conflict    absent
    one under another key               conflict    conflict    conflict
    two or more                         duplicate   duplicate   duplicate

    A transfer is judged by what both plants show under its key (PX-07):

    in the new one   in the old one
    yes              no                applied
    no               yes               absent
    yes              yes               in_two_tenants
    no               no                in_none
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.plant import PlexRecord, Scalar
from ml_connector.mapping.plex import to_body
from ml_connector.mapping.rules import same_value
from ml_connector.sync.change import Change

Proof = Literal["applied", "absent", "conflict", "duplicate", "in_two_tenants", "in_none"]
SPLIT = frozenset({"in_two_tenants", "in_none"})
"""What only a person can decide: the record is not in exactly one of the two plants."""
_WHERE: dict[tuple[bool, bool], Proof] = {
    (True, False): "applied",
    (False, True): "absent",
    (True, True): "in_two_tenants",
    (False, False): "in_none",
}


def judge(change: Change, found: Sequence[PlexRecord]) -> Proof:
    """
    Decide what Plex did with *change*, from the records it now shows under the change's id and natural key.

    Of a transfer *found* are those of both plants.
    """
    if change.action == "transfer":
        return judge_transfer(change, {record.plant for record in found if record.key == change.key})
    if len(found) > 1:
        return "duplicate"
    if not found:
        return "absent" if change.action == "create" else "conflict"
    record = found[0]
    if record.key != change.key:
        return "conflict"
    if change.action == "create":
        if holds(change.type, record, change.owned):
            return "applied"
        # Some rows are born with another record and filled later, as an employee's attributes are.
        return "absent" if all(record.fields.get(name) is None for name in change.owned) else "conflict"
    if holds(change.type, record, change.after):
        return "applied"
    if change.action == "update":
        return "absent" if holds(change.type, record, change.before) else "conflict"
    return "absent"


def judge_transfer(change: Change, plants: Collection[str]) -> Proof:
    """Decide what became of a transfer, from the plants whose employees show its key."""
    return _WHERE[change.plant in plants, change.origin in plants]


def is_unedited(change: Change, now: PlexRecord) -> bool:
    """
    Whether an update sends back what we do not own as Plex holds it now (UP-05, UP-06).

    A status is left out: the record may be on its way back by this very plan.
    """
    body = to_body(RecordType(change.type), action="update", fields=change.after, native=now.native)
    return {**body, "status": None} == {**change.body, "status": None}


def holds(kind: str, record: PlexRecord, fields: Mapping[str, Scalar]) -> bool:
    """Whether the record's fields mean the same as these."""
    return all(same_value(kind, name, record.fields.get(name), value) for name, value in fields.items())
