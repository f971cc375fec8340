"""
The crosswalk: what a Workday code is called in each plant's Plex.

Pure and built once per run from rows. The most specific accepted row wins and two equal claims are refused before
anything is resolved (RD-06); the same code in two plants is two objects (RD-12).
"""

from __future__ import annotations

import functools
import hashlib
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from itertools import product
from typing import Literal

import msgspec

from ml_connector.canonical.keys import encode
from ml_connector.errors import ConfigurationError, RecordError

ANY = "*"
State = Literal["proposed", "accepted"]


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
ACCOUNT_SOURCE = ("cost_center", "job_class", "component")


class MappingRow(msgspec.Struct, frozen=True, kw_only=True):
    """
    One line of the crosswalk. Texts are kept as given: `0010` is not `10` (UP-08).

    *plant* is a PCN or `*`; *source* is Workday's reference id, for an account `cost_center/job_class/component`, of
    which each part may be `*`. *wid* is Workday's own id of the source, where known: it stays when the reference id is
    edited, so that the row goes on answering under the new one (RD-01). *version* counts the changes of this line and
    is 0 before it is saved.

    Raises:
        ConfigurationError: a part of the target is missing or unknown, or a text is empty or untidy.
    """

    kind: Kind
    plant: str
    source: str
    target: dict[str, str]
    state: State = "accepted"
    wid: str | None = None
    version: int = 0
    changed_by: str = ""
    changed_at: datetime | None = None

    def __post_init__(self) -> None:
        fault = _find_fault(self)
        if fault:
            raise ConfigurationError(
                f"{self.kind.value} {self.source!r}: {fault}", remedy=set_command(self.kind, source="SOURCE")
            )

    @property
    def key(self) -> tuple[Kind, str, str]:
        """What is unique: kind, plant, source."""
        return self.kind, self.plant, self.source

    @property
    def label(self) -> str:
        """The line as people point to it: `cost_center CC4100 (plant 101)`."""
        return f"{self.kind.value} {self.source} ({describe_plant(self.plant)})"


Wids = Callable[[Kind], Mapping[str, str]]
_Book = Mapping[tuple[Kind, str, str], MappingRow]


class Crosswalk:
    """
    Answers what a source is called in a plant.

    Specificity, strongest first: the plant, then for accounts the cost center, the job class, the component. A row
    that names the plant beats one for `*` whatever else it leaves open, and so on down the list; so only two rows
    with the same kind, plant and source can tie.

    Where *wids* tells Workday's own ids, `{source: wid}` of a kind as Workday shows them now, they decide: a source
    that no row names is found by its id, and a row about another id does not answer although the code is the same.
    What a code was called before stays its alias (RD-01).

    Raises:
        ConfigurationError: two rows of one state make the same claim; both are named (RD-06).
    """

    def __init__(self, rows: Iterable[MappingRow], *, wids: Wids | None = None) -> None:
        self._accepted: dict[tuple[Kind, str, str], MappingRow] = {}
        self._proposed: dict[tuple[Kind, str, str], MappingRow] = {}
        self._by_wid: dict[tuple[Kind, str, str], list[MappingRow]] = {}
        for row in rows:
            book = self._accepted if row.state == "accepted" else self._proposed
            if row.wid is not None:
                self._by_wid.setdefault((row.kind, row.plant, row.wid), []).append(row)
            other = book.setdefault(row.key, row)
            if other is not row:
                raise ConfigurationError(
                    f"two mapping rows claim {row.label}: {_describe(other)} and {_describe(row)}",
                    remedy=f"keep one of them: {set_command(row.kind, source=row.source, plant=row.plant)}",
                )
        self.version = _hash_rows(self._accepted.values())
        self._wids = functools.cache(wids) if wids is not None else None

    def knowing(self, wids: Wids) -> Crosswalk:
        """The same rows, answering for edited reference ids too."""
        return Crosswalk([*self._accepted.values(), *self._proposed.values()], wids=wids)

    def resolve(self, kind: Kind, *, source: str, plant: str) -> MappingRow:
        """
        Find the most specific accepted row.

        Raises:
            RecordError: there is none (`unmapped`); the remedy is the command that makes one.
        """
        row = self._find(self._accepted, kind, source, plant)
        if row is None:
            raise self._unmapped(kind, source, plant)
        return row

    def find(self, kind: Kind, *, source: str, plant: str) -> MappingRow | None:
        """Find the row that would answer: the accepted one, else the proposed one, else None."""
        return self._find(self._accepted, kind, source, plant) or self._find(self._proposed, kind, source, plant)

    def _find(self, book: _Book, kind: Kind, source: str, plant: str) -> MappingRow | None:
        row = _most_specific(book, kind, source, plant)
        if self._wids is None or (row is not None and row.wid is None):
            return row
        wid = self._wids(kind).get(source)
        if wid is None or (row is not None and row.wid == wid):
            return row
        return self._find_renamed(kind, wid, plant, state="accepted" if book is self._accepted else "proposed")

    def _find_renamed(self, kind: Kind, wid: str, plant: str, *, state: State) -> MappingRow | None:
        """The row of the same Workday object under an earlier reference id; none where rows contradict each other."""
        for where in (plant, ANY):
            found = [row for row in self._by_wid.get((kind, where, wid), ()) if row.state == state]
            if found:
                return found[0] if all(row.target == found[0].target for row in found) else None
        return None

    def sources_of(self, kind: Kind, *, plant: str, part: str, value: str) -> tuple[str, ...]:
        """
        Name the sources whose accepted row gives *value* for *part* in *plant*, in order.

        More than one means that Workday knows several where Plex knows one: none of their names may win by chance.
        """
        claims = [row for row in self._accepted.values() if row.kind == kind and row.plant in {plant, ANY}]
        sources = {row.source for row in claims if row.target.get(part) == value}
        return tuple(sorted(source for source in sources if self._gives(kind, source, plant, part, value)))

    def _gives(self, kind: Kind, source: str, plant: str, part: str, value: str) -> bool:
        return self.resolve(kind, source=source, plant=plant).target[part] == value

    def _unmapped(self, kind: Kind, source: str, plant: str) -> RecordError:
        waiting_for = f"{kind.value} {source}"
        proposed = self._find(self._proposed, kind, source, plant)
        if proposed is None:
            message = f"{waiting_for} has no mapping in {describe_plant(plant)}"
            remedy = set_command(kind, source=source, plant=plant)
        else:
            message = f"{waiting_for} has a proposed mapping in {describe_plant(plant)} that nobody has accepted"
            accept = set_command(kind, source=proposed.source, plant=proposed.plant, target=proposed.target)
            remedy = f"{accept}   (or accept all: ml-connector mapping import --accept-proposed --kind {kind.value})"
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
    words = ["ml-connector mapping set", kind.value, _shell_word(source)]
    if plant != ANY:
        words += ["--plant", _shell_word(plant)]
    return " ".join([*words, *(f"{part}={_shell_word(value)}" for part, value in target.items())])


def describe_plant(plant: str) -> str:
    """Say which plant a row or a question is about."""
    return "any plant" if plant == ANY else f"plant {plant}"


def _shell_word(text: str) -> str:
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


def _most_specific(book: _Book, kind: Kind, source: str, plant: str) -> MappingRow | None:
    for where in (plant, ANY):
        for pattern in _patterns(kind, source):
            row = book.get((kind, where, pattern))
            if row is not None:
                return row
    return None


def _find_fault(row: MappingRow) -> str | None:
    parts = TARGET_PARTS[row.kind]
    missing = [part for part in parts if part not in row.target]
    unknown = [part for part in row.target if part not in parts]
    if missing or unknown:
        wrong = [f"{part} is missing" for part in missing] + [f"{part!r} is no part of it" for part in unknown]
        return f"a {row.kind.value} row says {', '.join(parts)}; {'; '.join(wrong)}"
    own = () if row.wid is None else (("wid", row.wid),)
    for name, text in (("plant", row.plant), ("source", row.source), *own, *row.target.items()):
        if not text or text != text.strip() or _UNPRINTABLE.search(text):
            return f"{name} is empty, has spaces around it or holds control characters"
        if len(text) > _LONGEST:
            return f"{name} is longer than {_LONGEST} characters"
    if row.plant != ANY and not re.fullmatch(r"[0-9]{1,10}", row.plant):
        return f"plant {row.plant!r} is neither a PCN such as 101 nor *"
    if row.kind is not Kind.ACCOUNT:
        return "only accounts take * as a source: a default would hide what is unmapped" if row.source == ANY else None
    if split_account_source(row.source) is None:
        return f"the source of an account is {'/'.join(ACCOUNT_SOURCE)}, each of them possibly *"
    return None


def _describe(row: MappingRow) -> str:
    target = ", ".join(f"{part}={value}" for part, value in row.target.items())
    by = f", by {row.changed_by}" if row.changed_by else ""
    return f"{target} (version {row.version}{by})"


def _hash_rows(rows: Iterable[MappingRow]) -> str:
    """SHA-256 over what the rows say, in key order; who said it and when does not count."""
    lines = sorted(
        encode([row.kind, row.plant, row.source, row.target, *([row.wid] if row.wid else [])]) for row in rows
    )
    return hashlib.sha256(b"\n".join(lines)).hexdigest()
