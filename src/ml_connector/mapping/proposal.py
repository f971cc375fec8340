"""
Proposes crosswalk rows by comparing what both systems call things. Pure.

A proposal is a suggestion for a person: it says how sure it is and why, and where two candidates are equally good it
says so instead of picking one.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from ml_connector.canonical.keys import Record
from ml_connector.canonical.organization import CostCenter, JobProfile, Location
from ml_connector.canonical.plant import PlexRecord
from ml_connector.errors import ConfigurationError
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import MappingRow

Confidence = Literal["exact", "code", "name"]

SIMILAR = 0.8  # share of common letters from which two names may be the same thing
_ABBREVIATION = 3  # letters a shortened word must keep
_CODE = 2  # letters or digits a code needs before it may be looked for inside another
_LEVELS = frozenset({"i", "ii", "iii", "iv", "v"})
_RANK: tuple[Confidence, ...] = ("exact", "code", "name")


# What of Workday each kind of row is about; accounts are Plex's own.
RECORDS: Mapping[Kind, type[CostCenter | JobProfile | Location]] = {
    Kind.COST_CENTER: CostCenter,
    Kind.JOB_PROFILE: JobProfile,
    Kind.LOCATION: Location,
}


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is proposed for one source in one plant, and *why* in a sentence.

    Without a *row* (and *confidence*) nothing can be proposed, and *why* says what stands in the way.
    """

    kind: Kind
    plant: str
    source: str
    name: str
    why: str
    row: MappingRow | None = None
    confidence: Confidence | None = None


class _Known(msgspec.Struct, frozen=True):
    """Something by the codes and the name people use for it."""

    codes: tuple[str, ...]
    name: str


class _Match(msgspec.Struct, frozen=True):
    """One part of a target, or (without a value) why there is none."""

    why: str
    value: str | None = None
    confidence: Confidence = "name"


def propose(kind: Kind, *, sources: Iterable[Record], targets: Iterable[PlexRecord], plant: str) -> list[Proposal]:
    """
    Propose a row for each Workday record in *plant*, in order of source.

    *sources* are cost centers, job profiles or locations; *targets* are Plex records of any type and plant, of which
    those of *plant* count: for cost centers its cost centers, departments and accounts.

    Raises:
        ConfigurationError: accounts are asked for, which only a controller can decide.
    """
    if kind is Kind.ACCOUNT:
        raise ConfigurationError(
            "accounts are not proposed: which account pays for what is a controller's decision",
            remedy="ml-connector mapping export FILE, fill in the account rows, ml-connector mapping import FILE",
        )
    ours = [record for record in targets if record.plant == plant]
    parts = {Kind.COST_CENTER: _cost_center, Kind.JOB_PROFILE: _position, Kind.LOCATION: _building}[kind]
    known = sorted(((record, _describe(record)) for record in sources), key=lambda pair: pair[0].key)
    return [_propose(kind, plant, record, text, parts(text, ours)) for record, text in known]


def stand_in(records: Iterable[PlexRecord], *, held: Iterable[CostCenter]) -> list[CostCenter]:
    """
    The Workday cost centers that these of Plex's would become, under the reference ids Workday would call them by.

    Where all of Workday's ids are one beginning and the code (`CC4100` for 4100), a new one is named alike; else by its
    number alone. One whose id Workday has already is that one.
    """
    known = list(held)
    beginnings = {
        center.key.removesuffix(center.code)
        for center in known
        if isinstance(center.code, str) and center.code and center.key.endswith(center.code)
    }
    beginning = beginnings.pop() if len(beginnings) == 1 else ""
    there = {center.key: center for center in known}
    return [
        there.get(key := f"{beginning}{number}") or CostCenter(key=key, code=number, name=_name_of(record))
        for record in records
        if (number := record.key.strip())
    ]


def _name_of(record: PlexRecord) -> str | None:
    name = record.fields.get("name")
    return name if isinstance(name, str) else None


def wid_of(record: Record) -> str | None:
    """Workday's own id of a cost center, job profile or location, where it was given."""
    wid = getattr(record, "wid", None)
    return wid if isinstance(wid, str) and wid else None


def _propose(kind: Kind, plant: str, record: Record, known: _Known, parts: dict[str, _Match]) -> Proposal:
    source = record.key
    failed = [f"{part}: {match.why}" for part, match in parts.items() if match.value is None]
    if failed:
        return Proposal(kind=kind, plant=plant, source=source, name=known.name, why="; ".join(failed))
    target = {part: match.value for part, match in parts.items() if match.value is not None}
    return Proposal(
        kind=kind,
        plant=plant,
        source=source,
        name=known.name,
        row=MappingRow(kind=kind, plant=plant, source=source, target=target, state="proposed", wid=wid_of(record)),
        confidence=max((match.confidence for match in parts.values()), key=_RANK.index),
        why="; ".join(f"{part}: {match.why}" for part, match in parts.items()),
    )


def _position(known: _Known, ours: Sequence[PlexRecord]) -> dict[str, _Match]:
    return {"position": _match(known, _active(ours, "position", name="position"))}


def _building(known: _Known, ours: Sequence[PlexRecord]) -> dict[str, _Match]:
    return {"building": _match(known, _active(ours, "building", name="name"))}


def _cost_center(known: _Known, ours: Sequence[PlexRecord]) -> dict[str, _Match]:
    """Find the number first; it then leads to the department and to the segment better than Workday's code can."""
    center = _match(known, _active(ours, "cost_center", name="name"))
    if center.value is not None:
        known = _Known((*known.codes, center.value), known.name)
    departments = _active(ours, "department", name="name")
    linked = [str(record.fields.get("department_code")) for record in ours if _is(record, "cost_center", center.value)]
    department = (
        _Match("Plex links the cost center to it", linked[0], "exact")
        if linked and linked[0] in departments
        else _match(known, departments)
    )
    return {"cost_center": center, "department": department, "segment": _match_segment(known, ours)}


def _match_segment(known: _Known, ours: Sequence[PlexRecord]) -> _Match:
    """Only what the chart really uses is a segment: the middle part of at least one active account (PX-08)."""
    accounts = [record for record in ours if record.type == "account"]
    if not accounts:
        return _Match("Plex gives an empty chart of accounts")
    active = [record.fields.get("cost_center") for record in accounts if record.fields.get("active") is True]
    segments = {str(segment).strip(): "" for segment in active if segment}
    match = _match(_Known(known.codes, ""), segments)
    if match.value is None:
        return _Match(f"no one segment of an active account is like {' or '.join(known.codes)}")
    count = sum(str(segment).strip() == match.value for segment in active)
    return _Match(f"{count} active account{'s' if count > 1 else ''} on {match.value}", match.value, match.confidence)


def _match(known: _Known, candidates: dict[str, str]) -> _Match:
    """Try equal codes, then a code inside a code, then names; *candidates* is `{code: name}`."""
    equal = [code for code in candidates if code in known.codes]
    if equal:
        return _one(equal, "exact", "same code as in Workday")
    inside = [code for code in candidates if any(_contains(one, code) or _contains(code, one) for one in known.codes)]
    if len(inside) > 1:
        inside = [code for code in inside if _words(candidates[code]) == _words(known.name)] or inside
    if inside:
        return _one(inside, "code", f"its code is part of {' or '.join(known.codes)}, or the other way round")
    named = [code for code, name in candidates.items() if known.name and _words(name) == _words(known.name)]
    if named:
        return _one(named, "name", f"same name as {known.name!r}")
    similar = [code for code, name in candidates.items() if _is_similar(known.name, name)]
    return _one(similar, "name", f"name much like {known.name!r}")


def _one(codes: Sequence[str], confidence: Confidence, why: str) -> _Match:
    if not codes:
        return _Match("nothing in Plex has this code or a name like it")
    if len(codes) > 1:
        return _Match("ambiguous, any of " + ", ".join(repr(code) for code in sorted(codes)))
    return _Match(why, codes[0], confidence)


def _contains(text: str, code: str) -> bool:
    """`CC4100` holds `4100`, `4100-STP` too; `41001` and `X-CC41` do not hold `4100` or `C41`."""
    if len(code) < _CODE or len(code) >= len(text):
        return False
    for found in re.finditer(re.escape(code), text):
        before, after = text[: found.start()][-1:], text[found.end() :][:1]
        if _is_edge(before, code[0]) and _is_edge(code[-1], after):
            return True
    return False


def _is_edge(left: str, right: str) -> bool:
    """Whether a code may begin or end between two characters: not inside a number, not inside a word."""
    return not (left and right and (left.isdigit() == right.isdigit()) and left.isalnum() and right.isalnum())


def _is_similar(one: str, other: str) -> bool:
    """
    Names alike as a whole and word by word: `Maintenance technician`, `Maintenance Tech`; never `Welder 1`, `Welder 2`.
    """
    left, right = _words(one), _words(other)
    if not left or len(left) != len(right) or _levels(left) != _levels(right):
        return False
    if not all(_is_same_word(a, b) for a, b in zip(left, right, strict=True)):
        return False
    return difflib.SequenceMatcher(None, " ".join(left), " ".join(right), autojunk=False).ratio() >= SIMILAR


def _is_same_word(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if long.startswith(short) and (short == long or len(short) >= _ABBREVIATION):
        return True
    # The first letter must agree: `direct` and `indirect` share most of the others.
    return one[0] == other[0] and difflib.SequenceMatcher(None, one, other, autojunk=False).ratio() >= SIMILAR


def _words(name: str) -> list[str]:
    """The words of a name in alphabetical order, without case, accents and punctuation."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    return sorted(re.findall(r"\w+", "".join(letter for letter in plain if not unicodedata.combining(letter))))


def _levels(words: Iterable[str]) -> list[str]:
    return [word for word in words if word in _LEVELS or any(letter.isdigit() for letter in word)]


def _describe(record: Record) -> _Known:
    """The reference id and the code of a Workday record, and its name or title."""
    code = getattr(record, "code", None)
    name = getattr(record, "name", None) or getattr(record, "title", None)
    codes = (record.key.strip(), code.strip()) if isinstance(code, str) and code.strip() else (record.key.strip(),)
    return _Known(tuple(dict.fromkeys(codes)), name.strip() if isinstance(name, str) else "")


def _active(ours: Sequence[PlexRecord], record_type: str, *, name: str) -> dict[str, str]:
    """`{key: name}` of one type; what Plex calls inactive is no candidate."""
    found = [record for record in ours if record.type == record_type and record.fields.get("active") is not False]
    return {record.key.strip(): str(record.fields.get(name) or "").strip() for record in found if record.key.strip()}


def _is(record: PlexRecord, record_type: str, key: str | None) -> bool:
    return record.type == record_type and record.key.strip() == key
