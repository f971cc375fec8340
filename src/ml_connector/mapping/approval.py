"""
Which changes of the crosswalk need another person (RD-09). Pure.

What was never mapped may be mapped by one. Whatever changes an answer that is in force, or was, needs two: a change of
its own line, and a new row that takes over from a less specific one.
"""

from __future__ import annotations

from collections.abc import Iterable

from ml_connector.mapping.claim import ANY, Kind, split_account_source
from ml_connector.mapping.crosswalk import MappingRow


def changes_in_force(row: MappingRow, accepted: Iterable[MappingRow]) -> bool:
    """Whether accepting *row* changes what one of the accepted rows says, or takes over from one."""
    accepted = list(accepted)
    same = next((other for other in accepted if other.key == row.key), None)
    if same is not None and (same.target, same.ends_on) == (row.target, row.ends_on):
        # Learning Workday's own id changes no answer; another id makes it a row about something else.
        return same.wid is not None and row.wid is not None and same.wid != row.wid
    return any(_takes_over(row, other) for other in accepted)


def is_same_person(one: str, other: str) -> bool:
    """Whether two actors are one: names of accounts differ in case from host to host."""
    return one.strip().casefold() == other.strip().casefold()


def _takes_over(row: MappingRow, other: MappingRow) -> bool:
    if other.kind is not row.kind or other.plant not in {row.plant, ANY}:
        return False
    if other.line == row.line or (row.wid is not None and row.wid == other.wid):
        return True
    return _meet(row, other) and _weight(row) > _weight(other)


def _meet(row: MappingRow, other: MappingRow) -> bool:
    """Whether both may answer for one source."""
    return all(one == two or ANY in {one, two} for one, two in zip(_parts(row), _parts(other), strict=True))


def _weight(row: MappingRow) -> tuple[bool, ...]:
    """How specific a row is: plant first, then the parts of its source in order."""
    return (row.plant != ANY, *(part != ANY for part in _parts(row)))


def _parts(row: MappingRow) -> tuple[str, ...]:
    parts = split_account_source(row.source) if row.kind is Kind.ACCOUNT else None
    return parts or (row.source,)
