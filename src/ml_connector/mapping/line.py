"""
One line of a mapping file, and what lines say against each other.

A line with a fault goes on being looked at, as far as it can be read: whoever mends a file wants to know all of it at
once.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from ml_connector.errors import Fault
from ml_connector.mapping.claim import TARGET_PARTS, Claim, Kind, Line, State, find_claim_faults, only_tidy, quoted
from ml_connector.mapping.crosswalk import MappingRow
from ml_connector.mapping.period import find_overlaps, find_period_faults, parse_day, spell

PARTS = tuple(dict.fromkeys(part for parts in TARGET_PARTS.values() for part in parts))
DAYS = ("effective_on", "ends_on")
_STATES: Mapping[str, State] = {"accepted": "accepted", "proposed": "proposed"}
# What makes a claim unfit to be compared with others of its line.
_ABOUT = frozenset({"plant", "source"})
_UNPLACED = _ABOUT | {"date"}


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """
    What one line says: its claim, a `MappingRow` where only days, the state or the wid are at fault, None where it is
    about nothing; and its own faults. *placed*: which code, plant and days it is about is beyond doubt.
    """

    claim: Claim | None
    faults: tuple[Fault, ...] = ()
    placed: bool = False


def read_line(line: int, cells: Mapping[str, str]) -> Reading:
    """Read the filled cells of one line, by column."""
    faults = list(_word_faults(line, cells))
    kind = _kind_of(cells)
    days = {name: parse_day(cells[name]) for name in DAYS if name in cells}
    for name in [name for name, day in days.items() if day is None]:
        message = f"{name} {quoted(cells[name])} is no date"
        faults.append(line_fault("date", line, message, "write it as 2026-11-01, and make the column Text"))
    first, last = days.get("effective_on"), days.get("ends_on")
    if kind is None:
        faults += [line_fault("date", line, words, _DATE_REMEDY) for words in find_period_faults(first, last)]
        return Reading(claim=None, faults=tuple(faults))
    claim = Claim(
        kind=kind,
        plant=cells.get("plant", ""),
        source=cells.get("source", ""),
        target={part: cells[part] for part in PARTS if part in cells},
        effective_on=first,
        ends_on=last,
        state=_STATES.get(cells.get("state", "accepted").lower(), "accepted"),
        wid=cells.get("wid"),
    )
    wrong = [each for each in find_claim_faults(claim) if each[0] != "plant" or claim.plant]
    faults += [line_fault(code, line, words, _remedy(code, kind)) for code, words in wrong]
    codes = {fault.code for fault in faults}
    return Reading(claim=_as_row(only_tidy(claim)), faults=tuple(faults), placed=not codes & _UNPLACED)


def read_overfull(line: int, cells: Mapping[str, str]) -> Reading:
    """
    Read what is beyond doubt of a line with more cells than the header: *cells* are those left of any that may have
    moved.

    Its code is held against both systems like any other; what it is mapped to is not known.
    """
    faults = [
        line_fault("cells", line, "the line has more cells than the header", "put quotation marks around the text")
    ]
    if cells.get("kind", "").lower() not in set(Kind):
        return Reading(claim=None, faults=tuple(faults))
    claim = Claim(
        kind=Kind(cells["kind"].lower()),
        plant=cells.get("plant", ""),
        source=cells.get("source", ""),
        target={},
        effective_on=parse_day(cells.get("effective_on", "")),
    )
    wrong = [(code, words) for code, words in find_claim_faults(claim) if code in _ABOUT and getattr(claim, code)]
    faults += [line_fault(code, line, words, _remedy(code, claim.kind)) for code, words in wrong]
    return Reading(claim=only_tidy(claim), faults=tuple(faults))


def _word_faults(line: int, cells: Mapping[str, str]) -> Iterator[Fault]:
    kind, state = cells.get("kind", "").lower(), cells.get("state", "accepted").lower()
    if kind not in set(Kind):
        near = _nearest_kind(kind)
        message = f"{quoted(kind)} is no kind of mapping" if kind else "the kind is empty"
        message += f" (did you mean {near}?)" if near else ""
        yield line_fault("kind", line, message, f"one of {', '.join(Kind)}")
    if state not in _STATES:
        remedy = f"one of {', '.join(_STATES)}, or leave it empty"
        yield line_fault("state", line, f"{quoted(state)} is no state", remedy)
    if "plant" not in cells:
        yield line_fault("plant", line, "the plant is empty", "write the PCN, or * for every plant")


def _kind_of(cells: Mapping[str, str]) -> Kind | None:
    """The kind, or the one that was meant most likely."""
    return _nearest_kind(cells.get("kind", "").lower())


def _nearest_kind(text: str) -> Kind | None:
    near = difflib.get_close_matches(text, Kind, n=1, cutoff=0.8)
    return Kind(near[0]) if near else None


def _as_row(claim: Claim) -> Claim:
    """A row where the claim can be one, if need be without its days."""
    values = {name: getattr(claim, name) for name in claim.__struct_fields__}
    for days in ({}, {"effective_on": None, "ends_on": None}):
        if not list(find_claim_faults(msgspec.structs.replace(claim, **days))):
            return MappingRow(**{**values, **days})
    return claim


_DATE_REMEDY = "leave effective_on empty for always, and ends_on for an open end; it ends on its first day or later"


def _remedy(code: str, kind: Kind) -> str:
    if code == "date":
        return _DATE_REMEDY
    if code == "plant":
        return "write the PCN, as in 101, or * for every plant"
    if code == "source" and kind is Kind.ACCOUNT:
        return "write it as CC4100/direct/REG, or with * for any, as in CC4100/*/*"
    if code == "source":
        return "write one of Workday's reference ids, a line for each"
    if code == "text":
        return "write it again by hand: what cannot be seen came along when it was copied, or it is too long"
    return f"fill {', '.join(TARGET_PARTS[kind])} and leave the other target columns empty"


def find_clashes(found: Mapping[int, Claim], *, there: Iterable[MappingRow] = (), in_file: bool = True) -> list[Fault]:
    """
    Two lines that say the same thing twice, or whose days overlap with each other's or with those of rows there are.

    *there* are the rows in force and the drafts, of which those that a line replaces do not count (RD-06); what is not
    *in_file* is named by its first day.
    """
    faults, book = [], dict[Line, list[tuple[int | None, Claim]]]()
    replaced = {claim.key for claim in found.values()}
    beside = [(None, row) for row in there if row.key not in replaced]
    for line, claim in [*found.items(), *beside]:
        book.setdefault(claim.line, []).append((line, claim))
    for claims in book.values():
        where = {id(claim): line for line, claim in claims}
        ordered = sorted(
            (claim for _, claim in claims), key=lambda each: (spell(each.effective_on), where[id(each)] or 0)
        )
        for one, other in find_overlaps(ordered):
            fault = _clash(one, other, where[id(one)], where[id(other)], in_file=in_file)
            if fault is not None:
                faults.append(fault)
    return faults


def _clash(one: Claim, other: Claim, first: int | None, second: int | None, *, in_file: bool) -> Fault | None:
    """*first* and *second* are the lines of *one* and *other*, None for a row there is."""
    if second is None:
        if first is None:
            return None
        there = f"the {_standing(other)} from {other.effective_on}"
        message = f"{one.label} lasts until {one.ends_on}, but {there} begins before"
        return line_fault(
            "overlap", first, message, f"end it before {other.effective_on}, or say that row anew as well"
        )
    stands = f"the {_standing(one)}" if first is None else f"line {first}" if in_file else f"the row {_since(one)}"
    if one.key == other.key:
        return line_fault("tie", second, f"{other.label} already stands on {stands}", "keep one of the two lines")
    message = f"{other.label} begins while {stands} lasts, which says it ends on {one.ends_on}"
    return line_fault("overlap", second, message, f"end the earlier row before {other.effective_on}, or begin later")


def _standing(row: Claim) -> str:
    return "draft" if isinstance(row, MappingRow) and row.state == "draft" else "row in force"


def _since(row: Claim) -> str:
    return "without a first day" if row.effective_on is None else f"from {row.effective_on}"


def line_fault(code: str, line: int, message: str, remedy: str) -> Fault:
    """One thing wrong with one line."""
    return Fault(code=code, subject=f"line {line}", message=message, remedy=remedy, line=line)
