"""
The crosswalk: what a Workday code is called in each plant's Plex.

Pure and built once per run from rows, for each plant's own day (RD-05). The most specific accepted row in force wins
and two equal claims are refused before anything is resolved (RD-06); the same code in two plants is two objects
(RD-12).
"""

from __future__ import annotations

import functools
import hashlib
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from itertools import product
from typing import Literal

import msgspec

from ml_connector.canonical.keys import encode
from ml_connector.errors import ConfigurationError, RecordError, shortened
from ml_connector.mapping.period import (
    EARLIEST,
    LATEST,
    describe_period,
    find_in_force,
    find_overlaps,
    find_period_faults,
    spell,
)

ANY = "*"
State = Literal["proposed", "draft", "accepted", "withdrawn"]
Line = tuple["Kind", str, str]
"""Kind, plant, source: what may have several rows, each from another day."""
Key = tuple["Kind", str, str, str]
"""A line and the day from which its row is in force, empty for always."""


class Kind(StrEnum):
    """What is mapped; the values are the words of the command line."""

    COST_CENTER = "cost_center"
    JOB_PROFILE = "job_profile"
    LOCATION = "location"
    ACCOUNT = "account"


# What each kind must say about the Plex side: all of it, or the row does not exist.
TARGET_PARTS: Mapping[Kind, tuple[str, ...]] = {
    Kind.COST_CENTER: ("cost_center", "department", "segment"),
    Kind.JOB_PROFILE: ("position",),
    Kind.LOCATION: ("building",),
    Kind.ACCOUNT: ("account",),
}

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST = 255
_REPEATED = 80
ACCOUNT_SOURCE = ("cost_center", "job_class", "component")


class RowVersion(msgspec.Struct, frozen=True):
    """One version of one line of the crosswalk, as whatever followed from it names it."""

    kind: str
    plant: str
    source: str
    version: int


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """
    What somebody wants to say of a code, sound or not: for finding everything that is wrong with it at once.

    *plant* is a PCN or `*`; *source* is Workday's reference id, for an account `cost_center/job_class/component`, of
    which each part may be `*`. *wid* is Workday's own id of the source, where known: it stays when the reference id is
    edited, so that the row goes on answering under the new one (RD-01).

    *effective_on* is the first day the row is in force, by the plant's own calendar, and *ends_on* the last: without
    them it always was, and stays until the next row of the line begins (RD-05).
    """

    kind: Kind
    plant: str
    source: str
    target: dict[str, str]
    effective_on: date | None = None
    ends_on: date | None = None
    state: State = "accepted"
    wid: str | None = None

    @property
    def line(self) -> Line:
        """Kind, plant, source."""
        return self.kind, self.plant, self.source

    @property
    def key(self) -> Key:
        """What is unique: the line and the day from which the row is in force."""
        return *self.line, spell(self.effective_on)

    @property
    def label(self) -> str:
        """The row as people point to it: `cost_center CC4100 (plant 101)`, and from when, where it has a day."""
        begins = f" from {self.effective_on}" if self.effective_on else ""
        return f"{self.kind.value} {self.source} ({describe_plant(self.plant)}){begins}"


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
                f"{self.kind.value} {quoted(self.source)}: {told}", remedy=_remedy(faults[0][0], self)
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


def split_account_source(source: str) -> tuple[str, str, str] | None:
    """Split `cost_center/job_class/component`; None when it is not that. Only the cost center may hold a `/`."""
    parts = source.rsplit("/", 2)
    if len(parts) != len(ACCOUNT_SOURCE) or not all(part == part.strip() and part for part in parts):
        return None
    return parts[0], parts[1], parts[2]


def set_command(kind: Kind, *, source: str, plant: str = ANY, target: Mapping[str, str] | None = None) -> str:
    """Write the command that sets a row, ready for a shell; without *target* its parts are left to fill in."""
    target = target or {part: f"<Plex {part.replace('_', ' ')}>" for part in TARGET_PARTS[kind]}
    words = ["ml-connector mapping set", kind.value, shell_word(source)]
    if plant != ANY:
        words += ["--plant", shell_word(plant)]
    return " ".join([*words, *(f"{part}={shell_word(value)}" for part, value in target.items())])


def describe_plant(plant: str) -> str:
    """Say which plant a row or a question is about."""
    return "any plant" if plant == ANY else f"plant {plant}"


def shell_word(text: str) -> str:
    """The text as one word of a command line."""
    if re.fullmatch(r"[A-Za-z0-9_.,:/+-]+", text):
        return text
    # Double quotes read the same in sh and in PowerShell, as long as nothing inside is special to either.
    return shlex.quote(text) if re.search(r'["$`\\!%]', text) else f'"{text}"'


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


def find_claim_faults(claim: Claim) -> Iterator[tuple[str, str]]:
    """
    Say what keeps a claim from being a row: what is at fault (`target`, `text`, `plant`, `source`, `date`), and why.
    """
    parts = TARGET_PARTS[claim.kind]
    yield from (("target", f"{part} is missing") for part in parts if part not in claim.target)
    what = f"a {claim.kind.value} row"
    yield from (("target", f"{part!r} is no part of {what}") for part in claim.target if part not in parts)
    own = () if claim.wid is None else (("wid", claim.wid),)
    for name, text in (("plant", claim.plant), ("source", claim.source), *own, *claim.target.items()):
        words = _find_untidy(text)
        if words:
            yield (name if name in {"plant", "source"} else "text"), f"{name} {words}"
    yield from _find_misplaced(claim)
    yield from (("date", words) for words in find_period_faults(claim.effective_on, claim.ends_on))


def _remedy(at_fault: str, claim: Claim) -> str:
    if at_fault == "date":
        return f"--from and --until take days from {EARLIEST} to {LATEST}; without --from the row always was in force"
    if at_fault == "plant":
        return "a PCN such as 101, or * for every plant"
    tidy = not _find_untidy(claim.source) and claim.source.strip("*")
    sound = tidy and (claim.kind is not Kind.ACCOUNT or split_account_source(claim.source))
    placeholder = "/".join(f"<{part}>" for part in ACCOUNT_SOURCE) if claim.kind is Kind.ACCOUNT else "SOURCE"
    return set_command(claim.kind, source=claim.source if sound else placeholder, plant=claim.plant)


def only_tidy(claim: Claim) -> Claim:
    """The claim without texts that no row can hold, of which nothing more can be asked."""
    target = {part: text for part, text in claim.target.items() if not _find_untidy(text)}
    plant, source, wid = (
        text and ("" if _find_untidy(text) else text) for text in (claim.plant, claim.source, claim.wid)
    )
    return msgspec.structs.replace(claim, plant=plant, source=source, target=target, wid=wid or None)


def quoted(cell: str) -> str:
    """What somebody wrote, as a message repeats it: no message is as long as a cell may be."""
    return repr(shortened(cell, _REPEATED))


def _find_untidy(text: str) -> str:
    if not text or text != text.strip() or _UNPRINTABLE.search(text):
        return "is empty, has spaces around it or holds control characters"
    return f"is longer than {_LONGEST} characters" if len(text) > _LONGEST else ""


def _find_misplaced(claim: Claim) -> Iterator[tuple[str, str]]:
    if claim.plant not in {ANY, ""} and not re.fullmatch(r"[0-9]{1,10}", claim.plant):
        yield "plant", f"plant {quoted(claim.plant)} is neither a PCN such as 101 nor *"
    if claim.kind is Kind.ACCOUNT:
        if claim.source and split_account_source(claim.source) is None:
            yield "source", f"the source of an account is {'/'.join(ACCOUNT_SOURCE)}, each of them possibly *"
    elif claim.source == ANY:
        yield "source", "only accounts take * as a source: a default would hide what is unmapped"


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
