"""
What Plex held at one moment, told by our own records in the order they came true. Pure.

Nothing is ever recorded for a moment that is past, so a view of the past never changes (M-9).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from ml_connector.asof.statement import Statement
from ml_connector.canonical.plant import Scalar
from ml_connector.mapping.rules import is_owned, same_value

_Said = dict[tuple[str, str, str], list[Statement]]


class HeldField(msgspec.Struct, frozen=True, kw_only=True):
    """One field as Plex held it, and the statement that says so."""

    field: str
    value: Scalar
    said: Statement


class HeldRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One Plex record; *last* is the last word on it, *gone* the same where that says that it was not there."""

    plant: str
    type: str
    key: str
    fields: tuple[HeldField, ...]
    last: Statement
    gone: Statement | None = None


def end_of(day: date, *, zone: ZoneInfo) -> datetime:
    """The first moment after a day, by a plant's own calendar, in UTC."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone).astimezone(UTC)


def view(statements: Iterable[Statement], *, ends: Mapping[str, datetime]) -> list[HeldRecord]:
    """Say what each record held when each plant's day ended, by what had been said of it until then."""
    said: _Said = {}
    for statement in sorted(statements, key=_turn):
        said.setdefault((statement.plant, statement.type, statement.key), []).append(statement)
    until = {name: [each for each in said[name] if each.at < ends[name[0]]] for name in sorted(said) if name[0] in ends}
    return [_fold(name, some, said=said) for name, some in until.items() if some]


def _turn(statement: Statement) -> tuple[int, datetime, tuple[int, ...]]:
    """By run first: Workday's clock may stand still, or step back, between two of them; within one, ours goes on."""
    return statement.run, statement.at, statement.order


def _fold(name: tuple[str, str, str], statements: Sequence[Statement], *, said: _Said) -> HeldRecord:
    """What the *statements* about one record come to; *said* are those about all, for one that came from elsewhere."""
    plant, kind, key = name
    held: dict[str, HeldField] = {}
    gone: Statement | None = None
    for statement in statements:
        if statement.gone:
            held, gone = {}, statement
            continue
        gone = None
        if statement.begins:
            held = {}
        if statement.origin:
            before = statement.origin, kind, key
            earlier = [each for each in said.get(before, ()) if _turn(each) < _turn(statement)]
            held = {field.field: field for field in _fold(before, earlier, said=said).fields} if earlier else {}
        for field, value in statement.fields.items():
            if not is_owned(kind, field):
                continue  # given to the plant with the record, or the plant's own ever since: nobody tells us of it
            known = held.get(field)
            if (
                known is not None
                and statement.evidence.how != "written"
                and same_value(kind, field, known.value, value)
            ):
                continue  # as it was left: nobody else said so first
            held[field] = HeldField(field=field, value=value, said=statement)
    fields = tuple(held[field] for field in sorted(held))
    return HeldRecord(plant=plant, type=kind, key=key, fields=fields, last=statements[-1], gone=gone)
