"""Everything that speaks against a change of the crosswalk: our own records, what Workday shows, and the live Plex."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from ml_connector.bootstrap import App
from ml_connector.errors import ConfigurationError, Fault, FaultsError
from ml_connector.mapping.check import check_claims
from ml_connector.mapping.claim import ANY, Claim, Kind, shell_word, split_account_source
from ml_connector.mapping.crosswalk import MappingRow
from ml_connector.mapping.line import find_clashes
from ml_connector.mapping.proposal import wid_of
from ml_connector.mapping.rules import Owner
from ml_connector.mapping.table import by_line
from ml_connector.sync.upstream import owners_of
from ml_connector.usecases.known import SOURCES, earlier_codes, known_codes, last_days
from ml_connector.usecases.usage import read_setup, read_workday


class _Codes(NamedTuple):
    """
    Workday's codes of a kind with its own ids as *shown*, by own id the codes now (*holders*) and all that ever were.
    """

    shown: Mapping[str, str | None]
    holders: Mapping[str, str]
    earlier: Mapping[str, Collection[str]]

    def is_renamed(self, claim: Claim) -> bool:
        """Whether a claim names an object that Workday shows by a code it had before (RD-01)."""
        if claim.kind is Kind.ACCOUNT or claim.wid is None:
            return False
        return claim.wid in self.holders and claim.source in self.earlier.get(claim.wid, ())


def find_faults(
    app: App, claims: Mapping[int, Claim], *, placed: Collection[int], in_file: bool = False
) -> list[Fault]:
    """
    What our own records say against claims, by line: plants, and days that overlap with rows in force, with drafts, or
    with each other's.

    *placed* are the lines of which code, plant and days are sound.
    """
    there = [row for row in app.mappings.load(app.name) if row.state in {"accepted", "draft"}]
    comparable = {line: claim for line, claim in claims.items() if line in placed}
    found = [fault for fault in find_clashes(comparable, there=there, in_file=in_file) if fault.code != "tie"]
    known = app.connection.plex.pcns
    for line, claim in claims.items():
        if claim.plant.isdecimal() and claim.plant not in known:
            message = f"connection {app.name} has no plant {claim.plant}"
            found.append(_fault("plant", claim, line, message, f"one of {', '.join(known)}, or *"))
    return found


def find_unknown_codes(app: App, claims: Mapping[int, Claim], *, placed: Collection[int]) -> list[Fault]:
    """
    Codes that Workday did not show when it was read last, or shows for another object than the row's own id says; where
    it never was read, it is asked now.

    A row that begins later may name what is still to come (RD-02), one that is in force already is not asked about, an
    object may stand under the code it had before (RD-01), and where Plex owns cost centers, a row may say what one that
    only Plex has is to be called. Of a line that is not *placed* it is not known when it begins.
    """
    said = {row.key: row for row in app.mappings.load(app.name) if row.state == "accepted"}
    news = {line: claim for line, claim in claims.items() if _is_news(claim, said.get(claim.key))}
    named = {line: named for line, claim in news.items() if (named := _named_in_workday(claim)) is not None}
    codes = {kind: _codes(app, kind) for kind in dict.fromkeys(kind for kind, _ in named.values())}
    today, found = max(last_days(app).values()), list[Fault]()
    to_come = _centers_to_come(app, [*said.values(), *claims.values()])
    for line, (kind, code) in named.items():
        claim, known = claims[line], codes[kind]
        found += _wid_faults(claim, line, known)
        if code in known.shown or known.is_renamed(claim):
            continue
        near = difflib.get_close_matches(code, known.shown, n=1)
        message = f"Workday shows no {kind.value.replace('_', ' ')} {code!r}"
        message += f" (did you mean {near[0]!r}?)" if near else ""
        ahead = claim.effective_on is not None and claim.effective_on > today
        remedy = "correct the code; what is only to come in Workday needs a row that begins on its day"
        if ahead:
            remedy = f"nothing, if Workday will have it by then; if it is mistyped: {_end_command(claim)}"
        if line not in placed:
            remedy = "correct the code, unless Workday will have it on the day the row begins"
        coming = kind is Kind.COST_CENTER and code in to_come
        if coming and not ahead:
            message += ": it is to be made there from Plex's"
            remedy = "nothing, if that is what it is to be called; otherwise correct the code before the next sync"
        found.append(_fault("unknown_code", claim, line, message, remedy, blocking=not (ahead or coming)))
    return found


def _centers_to_come(app: App, rows: Collection[Claim]) -> set[str]:
    """
    Codes by which Plex's cost centers are to stand in Workday, where Plex owns them: of a number no other code has.
    """
    if owners_of(app.connection).cost_centers is not Owner.PLEX:
        return set()
    codes: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        number = row.target.get("cost_center") if row.kind is Kind.COST_CENTER else None
        if number is not None:
            codes.setdefault((row.plant, number), set()).add(row.source)
    return {code for named in codes.values() if len(named) == 1 for code in named}


def _is_news(claim: Claim, said: MappingRow | None) -> bool:
    if said is None or (claim.target, claim.ends_on) != (said.target, said.ends_on):
        return True
    return claim.wid not in {None, said.wid}


def _wid_faults(claim: Claim, line: int, known: _Codes) -> Iterator[Fault]:
    """
    Where code and Workday's own id are of two objects: the row would answer for one and be read as about the other.
    """
    if claim.kind is Kind.ACCOUNT or claim.wid is None:
        return
    what, holder = claim.kind.value.replace("_", " "), known.holders.get(claim.wid)
    if claim.source in {holder, *known.earlier.get(claim.wid, ())}:
        return
    if holder is not None:
        message = f"the wid is that of {what} {holder!r}, which was never called {claim.source!r}"
        remedy = f"write {holder} if that one is meant; otherwise leave the wid empty: it follows from the code"
        yield _fault("wid", claim, line, message, remedy)
    elif known.shown.get(claim.source) is not None:
        message = f"Workday shows {what} {claim.source!r} with another wid, and none with this one"
        yield _fault("wid", claim, line, message, "nothing: Workday's is kept; or leave the wid empty", blocking=False)


def _end_command(claim: Claim) -> str:
    """The command that ends a row on its first day: no version of it is ever removed (RD-09)."""
    where = "" if claim.plant == ANY else f" --plant {claim.plant}"
    days = f"--from {claim.effective_on} --until {claim.effective_on}"
    return f"ml-connector mapping set {claim.kind.value} {shell_word(claim.source)}{where} {days}"


def _named_in_workday(claim: Claim) -> tuple[Kind, str] | None:
    """Which code of Workday's a claim names: for an account that of its cost center; None where it names none."""
    if claim.kind is not Kind.ACCOUNT:
        return (claim.kind, claim.source) if claim.source else None
    center = _cost_center_of(claim)
    return None if center in {None, ANY} else (Kind.COST_CENTER, str(center))


def _codes(app: App, kind: Kind) -> _Codes:
    shown = known_codes(app, kind)
    if shown is None:
        shown = {record.key: wid_of(record) for record in read_workday(app, SOURCES[kind], progress=_silent)}
    holders = {wid: code for code, wid in shown.items() if wid is not None}
    return _Codes(shown, holders, earlier_codes(app, kind))


def _fault(code: str, claim: Claim, line: int, message: str, remedy: str, *, blocking: bool = True) -> Fault:
    return Fault(code=code, subject=claim.label, message=message, remedy=remedy, blocking=blocking, line=line)


def find_live_faults(app: App, claims: Mapping[int, Claim], *, in_file: bool = False) -> list[Fault]:
    """
    Hold new claims, by line, against the live chart, and the account rows whose cost center they change (RD-08, PX-08).

    What has ended is no longer held against what Plex has today, and nothing against a plant there is not.
    """
    today, known = min(last_days(app).values()), app.connection.plex.pcns
    claims = {
        line: claim
        for line, claim in claims.items()
        if claim.plant in {*known, ANY} and (claim.ends_on is None or claim.ends_on >= today)
    }
    named = {claim.plant for claim in claims.values()}
    plants = [pcn for pcn in known if pcn in named or ANY in named]
    live = [record for plant in plants for record in read_setup(app, plant=plant, progress=_silent)]
    new = {claim.key for claim in claims.values()}
    others = [row for row in app.mappings.load(app.name) if row.key not in new and row.state == "accepted"]
    centers = [claim for claim in claims.values() if claim.kind is Kind.COST_CENTER]
    moved, unsure = {each.source for each in centers}, {e.source for e in centers if not isinstance(e, MappingRow)}
    told = check_claims([*claims.values(), *others], live=live, in_file=in_file)
    found = []
    for (line, claim), faults in zip(claims.items(), told, strict=False):
        # Of a cost center whose own line is at fault nothing is said twice.
        odd = {"cost_center_unmapped"} if _cost_center_of(claim) in unsure else set()
        found += [replace(fault, line=line) for fault in faults if fault.code not in odd]
    for row, faults in zip(others, told[len(claims) :], strict=True):
        found += [fault for fault in faults if fault.code == "segment_mismatch" and _cost_center_of(row) in moved]
    return found


def _cost_center_of(claim: Claim) -> str | None:
    """The cost center whose segment an account row has to agree with."""
    parts = split_account_source(claim.source) if claim.kind is Kind.ACCOUNT else None
    return None if parts is None else parts[0]


def numbered(rows: Iterable[MappingRow]) -> dict[int, MappingRow]:
    """Rows that stand in no file, by a number of their own."""
    return dict(enumerate(rows, start=1))


def unnumbered(faults: Iterable[Fault]) -> list[Fault]:
    """Faults of rows that stand in no file."""
    return [replace(fault, line=None) for fault in faults]


def refuse(faults: Collection[Fault], *, outcome: str) -> tuple[Fault, ...]:
    """
    Let through what is only worth a look.

    Raises:
        FaultsError: one fault or more stop the change; all are told, also those worth a look, in the order of lines.
    """
    stopping = [fault for fault in faults if fault.blocking]
    if not stopping:
        return tuple(faults)
    if len(faults) == 1 and stopping[0].line is None:
        raise ConfigurationError(f"{outcome}: {stopping[0].message}", remedy=stopping[0].remedy)
    raise FaultsError(outcome, faults=sorted(faults, key=by_line), remedy="mend all of it; a part is never taken in")


def _silent(_stage: str, _done: int, _total: int | None) -> None:
    """Checking a row is quick enough to need no progress."""
