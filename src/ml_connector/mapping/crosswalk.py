"""
The crosswalk: what a Workday code is called in each plant's Plex.

Pure and built once per run from rows, for each plant's own day (RD-05). The most specific accepted row in force wins
and two equal claims are refused before anything is resolved (RD-06); the same code in two plants is two objects
(RD-12).
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import product

import msgspec

from ml_connector.canonical.keys import encode
from ml_connector.errors import ConfigurationError, RecordError
from ml_connector.mapping.claim import (
    ANY,
    Claim,
    Kind,
    Line,
    RowVersion,
    State,
    describe_plant,
    find_claim_faults,
    find_claim_remedy,
    quoted,
    set_command,
    split_account_source,
)
from ml_connector.mapping.period import (
    describe_period,
    find_in_force,
    find_overlaps,
    spell,
)


class MappingRow(Claim, frozen=True, kw_only=True):
    """
    One line of the crosswalk. Texts are kept as given: `0010` is not `10` (UP-08).

    *version* counts the changes of this line and is 0 before it is saved. A `draft` is a change that waits for
    another person than *changed_by*; *drafted_by* wrote what *changed_by* approved (RD-09).

    Raises:
        ConfigurationError: a part of the target is missing or unknown, a text is empty or untidy, a date cannot be.
    """

    version: int = 0
    changed_by: str = ""
    changed_at: datetime | None = None
    drafted_by: str = ""

    def __post_init__(self) -> None:
        faults = list(find_claim_faults(self))
        if faults:
            told = "; ".join(words for _, words in faults)
            raise ConfigurationError(
                f"{self.kind.value} {quoted(self.source)}: {told}", remedy=find_claim_remedy(faults[0][0], self)
            )

    @property
    def named(self) -> RowVersion:
        """The row and its version."""
        return RowVersion(self.kind.value, self.plant, self.source, self.version)


Wids = Callable[[Kind], Mapping[str, str]]
FindWids = Callable[[Kind, Sequence[str]], Mapping[str, str]]
"""Workday's own ids, by reference id, of these codes of a kind that it shows now."""
_Book = Mapping[Line, Sequence[MappingRow]]


class Crosswalk:
    """
    Answers what a source is called in a plant.

    Specificity, strongest first: the plant, then for accounts the cost center, the job class, the component. A row
    that names the plant beats one for `*` whatever else it leaves open, and so on down the list; so only two rows
    with the same kind, plant and source can tie.

    Where *wids* tells Workday's own ids, `{source: wid}` of a kind as Workday shows them now, an id outranks a code: a
    source that no row names is looked up by its id, and a row of the same code and another id is ignored.
    What a code was called before stays its alias (RD-01).

    *days* says which day it is in each plant. Whoever asks about another one names it; a line that has dates answers
    for a day only. Drafts answer nothing.

    Raises:
        ConfigurationError: two rows of one state make the same claim, or their days overlap; both are named (RD-06).
    """

    def __init__(
        self, rows: Iterable[MappingRow], *, days: Mapping[str, date] | None = None, wids: Wids | None = None
    ) -> None:
        self._rows = tuple(rows)
        self._days = days or {}
        self._accepted = _make_book(row for row in self._rows if row.state == "accepted")
        self._proposed = _make_book(row for row in self._rows if row.state == "proposed")
        self._by_wid: dict[tuple[str, Kind, str, str], list[MappingRow]] = {}
        for row in self._rows:
            if row.wid is not None:
                self._by_wid.setdefault((row.state, row.kind, row.plant, row.wid), []).append(row)
        self._wids = functools.cache(wids) if wids is not None else None
        self._today: dict[tuple[Kind, str, str], MappingRow] = {}

    @functools.cached_property
    def version(self) -> str:
        """SHA-256 over what answers in each plant on its day; who said it, when, and until when does not count."""
        return _hash_rows(self._accepted.values(), self._days)

    def knowing(self, wids: Wids) -> Crosswalk:
        """The same rows, answering for edited reference ids too."""
        return Crosswalk(self._rows, days=self._days, wids=wids)

    def learn(self, find_wids: FindWids) -> list[MappingRow]:
        """The rows that have none of Workday's own ids yet, with the one their code has now."""
        unlearned: dict[Kind, list[MappingRow]] = {}
        for row in self._rows:
            if row.wid is None:
                unlearned.setdefault(row.kind, []).append(row)
        # Asked for these codes alone: one that is never shown is asked for again by every run.
        known = {kind: find_wids(kind, sorted({row.source for row in rows})) for kind, rows in unlearned.items()}
        return [
            msgspec.structs.replace(row, wid=known[kind][row.source])
            for kind, rows in unlearned.items()
            for row in rows
            if row.source in known[kind]
        ]

    def resolve(self, kind: Kind, *, source: str, plant: str, on: date | None = None) -> MappingRow:
        """
        Find the most specific accepted row in force in *plant*, today or *on* another day.

        Raises:
            RecordError: there is none (`unmapped`); the remedy is the command that makes one.
        """
        known = self._today.get((kind, source, plant)) if on is None else None
        if known is not None:
            return known
        row = self._find(self._accepted, kind, source, plant, on)
        if row is None:
            raise self._unmapped(kind, source, plant, on)
        if on is None:
            self._today[kind, source, plant] = row
        return row

    def find(self, kind: Kind, *, source: str, plant: str, on: date | None = None) -> MappingRow | None:
        """Find the row that would answer: the accepted one, else the proposed one, else None."""
        accepted = self._find(self._accepted, kind, source, plant, on)
        return accepted or self._find(self._proposed, kind, source, plant, on)

    def _find(self, book: _Book, kind: Kind, source: str, plant: str, on: date | None) -> MappingRow | None:
        row = self._most_specific(book, kind, source, plant, on)
        if self._wids is None or (row is not None and row.wid is None):
            return row
        wid = self._wids(kind).get(source)
        if wid is None or (row is not None and row.wid == wid):
            return row
        return self._find_renamed(book, kind, wid, plant, on)

    def _most_specific(self, book: _Book, kind: Kind, source: str, plant: str, on: date | None) -> MappingRow | None:
        for where in (plant, ANY):
            for pattern in _patterns(kind, source):
                row = self._in_force(book.get((kind, where, pattern), ()), plant, on)
                if row is not None:
                    return row
        return None

    def _find_renamed(self, book: _Book, kind: Kind, wid: str, plant: str, on: date | None) -> MappingRow | None:
        """The row of the same Workday object under an earlier reference id; none where rows contradict each other."""
        state = "accepted" if book is self._accepted else "proposed"
        for where in (plant, ANY):
            rows = self._by_wid.get((state, kind, where, wid), ())
            found = [row for row in rows if self._in_force(book[row.line], plant, on) is row]
            if found:
                return found[0] if all(row.target == found[0].target for row in found) else None
        return None

    def _in_force(self, rows: Sequence[MappingRow], plant: str, on: date | None) -> MappingRow | None:
        """The row of one line that is in force in *plant*."""
        return find_in_force(rows, on=on or self._days.get(plant))

    def sources_of(self, kind: Kind, *, plant: str, part: str, value: str) -> tuple[str, ...]:
        """
        Name the sources whose accepted row gives *value* for *part* in *plant*, in order.

        More than one means that Workday knows several where Plex knows one: none of their names may win by chance.
        """
        claims = [
            row.source
            for line, rows in self._accepted.items()
            if line[0] == kind and line[1] in {plant, ANY}
            for row in rows
            if row.target.get(part) == value
        ]
        return tuple(sorted(source for source in set(claims) if self._gives(kind, source, plant, part, value)))

    def first_days(self, kind: Kind, *, source: str, plant: str) -> set[date]:
        """The days on which an accepted row for just this source begins to be in force in *plant*."""
        return {row.effective_on for row in self._rows_of(kind, source, plant) if row.effective_on is not None}

    def _rows_of(self, kind: Kind, source: str, plant: str) -> list[MappingRow]:
        return [row for where in (plant, ANY) for row in self._accepted.get((kind, where, source), ())]

    def draft_of(self, kind: Kind, *, source: str, plant: str) -> MappingRow | None:
        """The first change of a source's rows in *plant*, in order, that waits for another person (RD-09)."""
        lines = {(kind, where, source) for where in (plant, ANY)}
        drafts = [row for row in self._rows if row.state == "draft" and row.line in lines]
        return min(drafts, key=lambda row: row.key, default=None)

    def proposed_for(self, kind: Kind, *, plant: str, part: str, value: str) -> MappingRow | None:
        """The first proposed row, in order, that would give *value* for *part* in *plant*."""
        lines = self._proposed.values()
        rows = [row for line in lines for row in line if row.kind == kind and row.plant in {plant, ANY}]
        return min((row for row in rows if row.target.get(part) == value), key=lambda row: row.key, default=None)

    def _gives(self, kind: Kind, source: str, plant: str, part: str, value: str) -> bool:
        row = self._find(self._accepted, kind, source, plant, None)
        return row is not None and row.target[part] == value

    def _unmapped(self, kind: Kind, source: str, plant: str, on: date | None) -> RecordError:
        waiting_for = f"{kind.value} {source}"
        proposed = self._find(self._proposed, kind, source, plant, on)
        dated = [row for row in self._rows_of(kind, source, plant) if row.effective_on or row.ends_on]
        if proposed is not None:
            message = f"{waiting_for} has a proposed mapping in {describe_plant(plant)} that nobody has accepted"
            accept = set_command(kind, source=proposed.source, plant=proposed.plant, target=proposed.target)
            remedy = f"{accept}   (or accept all: ml-connector mapping import --accept-proposed --kind {kind.value})"
        elif dated:
            told = ", ".join(describe_period(row.effective_on, row.ends_on) for row in dated)
            message = f"{waiting_for} has no mapping in {describe_plant(plant)} on that day, only {told}"
            remedy = f"{set_command(kind, source=source, plant=plant)} --from YYYY-MM-DD"
        else:
            message = f"{waiting_for} has no mapping in {describe_plant(plant)}"
            remedy = set_command(kind, source=source, plant=plant)
        return RecordError(message, code="unmapped", waiting_for=waiting_for, remedy=remedy)


def sign_rows(
    rows: Iterable[MappingRow], *, changed_by: str, changed_at: datetime, state: State | None = None
) -> list[MappingRow]:
    """Put the author and the moment on rows about to be saved; *state* accepts (or proposes) them all."""
    return [
        msgspec.structs.replace(row, changed_by=changed_by, changed_at=changed_at, state=state or row.state)
        for row in rows
    ]


def _patterns(kind: Kind, source: str) -> Iterator[str]:
    """The sources a row may carry to answer for *source*, most specific first."""
    parts = split_account_source(source) if kind is Kind.ACCOUNT else None
    if parts is None:
        yield source
        return
    for choice in product(*((part, ANY) for part in parts)):
        yield "/".join(choice)


def _make_book(rows: Iterable[MappingRow]) -> dict[Line, list[MappingRow]]:
    """The rows of each line in order of their days."""
    book: dict[Line, list[MappingRow]] = {}
    for row in rows:
        book.setdefault(row.line, []).append(row)
    for own in book.values():
        own.sort(key=lambda row: spell(row.effective_on))
        for one, other in find_overlaps(own):
            what = "claim" if one.key == other.key else "overlap in"
            raise ConfigurationError(
                f"two mapping rows {what} {other.label}: {_describe(one)} and {_describe(other)}",
                remedy=f"keep one of them: {set_command(other.kind, source=other.source, plant=other.plant)}",
            )
    return book


def _describe(row: MappingRow) -> str:
    target = ", ".join(f"{part}={value}" for part, value in row.target.items())
    by = f", by {row.changed_by}" if row.changed_by else ""
    days = f", {describe_period(row.effective_on, row.ends_on)}" if row.effective_on or row.ends_on else ""
    return f"{target} (version {row.version}{by}{days})"


def _hash_rows(lines: Iterable[Sequence[MappingRow]], days: Mapping[str, date]) -> str:
    """
    SHA-256 over what the rows say, in key order.

    With *days*, over what is in force in each plant and not covered by the plant's own row; without, over everything.
    """
    if not days:
        said = [[row.key, row.ends_on, row.target, *([row.wid] if row.wid else [])] for own in lines for row in own]
        return _digest(said)
    said = []
    for plant, day in days.items():
        there = [row for own in lines if (row := find_in_force(own, on=day)) and row.plant in {plant, ANY}]
        own_sources = {(row.kind, row.source) for row in there if row.plant != ANY}
        said += [
            [plant, *row.line, row.target, *([row.wid] if row.wid else [])]
            for row in there
            if row.plant != ANY or (row.kind, row.source) not in own_sources
        ]
    return _digest(said)


def _digest(said: Iterable[object]) -> str:
    return hashlib.sha256(b"\n".join(sorted(encode(line) for line in said))).hexdigest()
