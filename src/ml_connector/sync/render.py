"""In the written system's words, now: what a person approves is what is sent, to the letter. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.plant import PlexRecord, Scalar
from ml_connector.mapping.cost_centers import to_workday_body
from ml_connector.mapping.desired import Desired
from ml_connector.mapping.plex import to_body
from ml_connector.settings.plex import PlexConnection
from ml_connector.sync.change import Change, level_of
from ml_connector.sync.diff import Decision


def render(
    item: Desired, actual: PlexRecord | None, decision: Decision, *, texts: PlexConnection, today: str
) -> Iterator[Change]:
    """
    Yield the change a decision asks for; a reactivation of an employee brings an update of the rest along.

    *today* is the day from which on a change of Workday's holds.

    Raises:
        RecordError: Plex cannot hold a value (too long), or cannot do this to such a record.
    """
    if not item.plant:
        body = to_workday_body(dict(item.fields) if decision.action == "create" else decision.after)
        change = _change(item, decision, body, before=decision.before, after=decision.after)
        yield msgspec.structs.replace(change, effective_on=today)
        return
    native: Mapping[str, Any] | None = actual.native if actual is not None else None
    kind = RecordType(item.type)
    if decision.action in {"deactivate", "reactivate"}:
        ending = decision.action == "deactivate"
        status: dict[str, Scalar] = {"status": texts.status_inactive if ending else texts.status_active}
        shown: dict[str, Scalar] = decision.before if ending else {"status": texts.status_inactive}
        if kind is not RecordType.EMPLOYEE:
            status = {"active": not ending}
        body = to_body(kind, action=decision.action, fields=status, native=native)
        yield _change(item, decision, body, before=shown, after=status)
        if ending or not decision.after:
            return
        decision = decision._replace(action="update")
        native = {**(native or {}), **status}
    fields = _sent_fields(item, decision, texts)
    body = to_body(kind, action=decision.action, fields=fields, native=native)
    before = {name: value for name, value in decision.before.items() if name in decision.after}
    yield _change(item, decision, body, before=before, after=decision.after)


def _sent_fields(item: Desired, decision: Decision, texts: PlexConnection) -> dict[str, Scalar]:
    if item.type == "employee_attributes":
        return {"resource_id": item.key, **item.fields}
    if decision.action != "create":
        return dict(decision.after)
    if item.type == "employee":
        return {"id": item.key, "status": texts.status_active, **item.fields}
    return dict(item.fields)


def _change(
    item: Desired, decision: Decision, body: dict[str, Any], *, before: dict[str, Scalar], after: dict[str, Scalar]
) -> Change:
    return Change(
        plant=item.plant,
        type=item.type,
        key=item.key,
        source=item.source,
        label=item.label,
        action=decision.action,
        reason=f"{decision.reason}; {item.note}" if item.note else decision.reason,
        before=before,
        after=after,
        owned=item.fields if item.state == "present" else {},
        body=body,
        spoken=item.spoken,
        rows={name: row for name, row in item.rows.items() if name in after},
        needs=item.needs,
        # An update that follows a reactivation of the same record goes one level later.
        level=level_of(item.type, decision.action, depth=item.depth) + (decision.action == "update"),
    )
