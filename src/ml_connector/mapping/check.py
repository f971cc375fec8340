"""
Whether mapping rows fit the live Plex: its chart of accounts and its setup tables (RD-08, PX-04, PX-08).

Pure. A table that came back empty proves nothing, so it is a fault of its own and never a pass (CC-13). Plex's chart
tells whether an account is active and not whether it may be posted to, so that much of RD-08 is Plex's own answer.
"""

from __future__ import annotations

import difflib
import functools
import itertools
import re
from collections.abc import Collection, Iterable, Sequence

from ml_connector.canonical.plant import PlexRecord
from ml_connector.errors import Fault
from ml_connector.mapping.claim import ANY, Claim, Kind, set_command, split_account_source
from ml_connector.mapping.crosswalk import Crosswalk, MappingRow
from ml_connector.mapping.period import EARLIEST, LATEST, find_overlaps

_SHORT_LIST = 200  # comparing every wrong number with every account of a long chart takes minutes

# Setup records that a sync can create by itself: missing ones are worth a look (a typing mistake?), not a refusal.
_CREATABLE = frozenset({"cost_center", "department", "position"})
_SETUP_PARTS = {
    Kind.COST_CENTER: ("cost_center", "department"),
    Kind.JOB_PROFILE: ("position",),
    Kind.LOCATION: ("building",),
    Kind.ACCOUNT: (),
}


def check_claims(claims: Sequence[Claim], *, live: Iterable[PlexRecord], in_file: bool = False) -> list[list[Fault]]:
    """
    Hold claims against the live chart and setup tables of their plants, or of every plant for `*` (RD-08, PX-04,
    PX-08).

    Gives the faults of each, in their order. *live* may mix plants. The segments of accounts are compared with what
    *claims* say of their cost centers; an account whose cost center is not among them cannot be proved right. What
    stands *in_file* is mended there, and by no command.
    """
    tables, crosswalk = _Live(*live, in_file=in_file), Crosswalk(_consistent(claims))
    return [_check(claim, tables, crosswalk) for claim in claims]


def _consistent(claims: Iterable[Claim]) -> list[MappingRow]:
    """
    The sound rows but for those that begin while another lasts: their clash is a fault of its own, told elsewhere.
    """
    rows = sorted(
        (claim for claim in claims if isinstance(claim, MappingRow)), key=lambda row: (row.state, row.line, row.key)
    )
    clashing = {
        id(other)
        for _, own in itertools.groupby(rows, key=lambda row: (row.state, row.line))
        for _, other in find_overlaps(list(own))
    }
    return [row for row in rows if id(row) not in clashing]


class _Live:
    """Live Plex records by type, plant and key."""

    def __init__(self, *records: PlexRecord, in_file: bool) -> None:
        self.in_file = in_file
        self._tables: dict[tuple[str, str], dict[str, PlexRecord]] = {}
        for record in records:
            self._tables.setdefault((record.type, record.plant), {})[record.key.strip()] = record
        self.plants = sorted({plant for _, plant in self._tables})

    def table(self, record_type: str, *, plant: str) -> dict[str, PlexRecord]:
        return self._tables.get((record_type, plant), {})

    def has(self, record_type: str, *, key: str) -> list[str]:
        """The plants that know the key."""
        return [plant for plant in self.plants if key in self.table(record_type, plant=plant)]


def _check(row: Claim, live: _Live, crosswalk: Crosswalk) -> list[Fault]:
    # For `*` and nothing read at all, the plant `*` itself is looked up: it has empty tables, which is the fault.
    plants = [row.plant] if row.plant != ANY else live.plants or [ANY]
    faults = []
    for plant in plants:
        faults += [_check_setup(row, plant, part, live) for part in _SETUP_PARTS[row.kind] if part in row.target]
        if row.kind is Kind.COST_CENTER and "segment" in row.target:
            faults.append(_check_segment(row, plant, live))
        if row.kind is Kind.ACCOUNT and "account" in row.target:
            faults.append(_check_account(row, plant, live, crosswalk))
    return [fault for fault in faults if fault is not None]


def _check_setup(row: Claim, plant: str, part: str, live: _Live) -> Fault | None:
    value, table, what = row.target[part], live.table(part, plant=plant), part.replace("_", " ")
    if not table:
        return _empty(row, plant, part)
    record = table.get(value)
    if record is None:
        near = _nearest(value, table)
        creatable = part in _CREATABLE
        message = f"plant {plant} has no {what} {value!r}{near}"
        remedy = (
            "nothing, if a sync shall create it; otherwise correct the row"
            if creatable
            else _fix(row, live, f"add the {what}")
        )
        return _fault(row, "setup_missing", message, remedy, blocking=not creatable)
    if record.fields.get("active") is False:
        message = f"{what} {value!r} of plant {plant} is inactive"
        return _fault(row, "setup_inactive", message, _fix(row, live, f"activate the {what}"), blocking=False)
    return None


def _check_segment(row: Claim, plant: str, live: _Live) -> Fault | None:
    chart = live.table("account", plant=plant)
    if not chart:
        return _empty(row, plant, "account")
    segments = {_segment(account) for account in chart.values() if account.fields.get("active") is True}
    if row.target["segment"] in segments:
        return None
    near = _nearest(row.target["segment"], {segment for segment in segments if segment})
    message = f"no active account of plant {plant} carries the cost-center segment {row.target['segment']!r}{near}"
    return _fault(row, "segment_missing", message, _fix(row, live, "open an account with it"))


def _check_account(row: Claim, plant: str, live: _Live, crosswalk: Crosswalk) -> Fault | None:
    number, chart = row.target["account"], live.table("account", plant=plant)
    if not chart:
        return _empty(row, plant, "account")
    account = chart.get(number)
    if account is None:
        elsewhere = live.has("account", key=number)
        if elsewhere:
            message = f"account {number!r} belongs to plant {', '.join(elsewhere)}, not to {plant}"
            return _fault(row, "account_wrong_plant", message, _fix(row, live, "open the account there"))
        message = f"plant {plant} has no account {number!r}{_nearest(number, chart)}"
        return _fault(row, "account_missing", message, _fix(row, live, "open the account"))
    if account.fields.get("active") is not True:
        message = f"account {number!r} of plant {plant} is not active"
        return _fault(row, "account_inactive", message, _fix(row, live, "activate the account"))
    return _check_account_segment(row, plant, account, live, crosswalk)


def _check_account_segment(
    row: Claim, plant: str, account: PlexRecord, live: _Live, crosswalk: Crosswalk
) -> Fault | None:
    """PX-08. An account for any cost center has no segment to agree with: that is judged per journal line."""
    parts = split_account_source(row.source)
    if parts is None or parts[0] == ANY:
        return None
    centers = _centers_beside(row, parts[0], plant, crosswalk)
    if not centers:
        message = f"cost center {parts[0]} is not mapped in plant {plant}: its segment cannot be compared"
        return _fault(row, "cost_center_unmapped", message, set_command(Kind.COST_CENTER, source=parts[0], plant=plant))
    held = _segment(account)
    mapped = next((center.target["segment"] for center in centers if center.target["segment"] != held), None)
    if mapped is None:
        return None
    message = (
        f"account {account.key!r} of plant {plant} books on segment {held!r}, "
        f"but cost center {parts[0]} is mapped to segment {mapped!r}"
    )
    return _fault(row, "segment_mismatch", message, f"{_correct(row, live)}   or correct the cost center's row")


def _centers_beside(row: Claim, source: str, plant: str, crosswalk: Crosswalk) -> list[MappingRow]:
    """The rows of the cost center that are in force on some day on which the account's row is."""
    first, last = row.effective_on or EARLIEST, row.ends_on or LATEST
    begun = crosswalk.first_days(Kind.COST_CENTER, source=source, plant=plant)
    # From the second day on another row of the account's line may have taken its place.
    days = [
        day
        for day in sorted({first, *(day for day in begun if first <= day <= last)})
        if day == first or crosswalk.find(row.kind, source=row.source, plant=plant, on=day) is row
    ]
    centers = [crosswalk.find(Kind.COST_CENTER, source=source, plant=plant, on=day) for day in days]
    return [center for center in centers if center is not None]


def _segment(account: PlexRecord) -> str:
    return str(account.fields.get("cost_center") or "").strip()


def _empty(row: Claim, plant: str, record_type: str) -> Fault:
    """An empty table is no table: nothing can be said about the row (CC-13)."""
    what = "chart of accounts" if record_type == "account" else f"list of {record_type.replace('_', ' ')}s"
    code = "empty_chart" if record_type == "account" else "empty_table"
    message = f"Plex gives an empty {what} for plant {plant}: the row cannot be checked"
    return _fault(row, code, message, "ml-connector ping plex   tells whether a permission is missing")


def _nearest(value: str, known: Collection[str]) -> str:
    """Suggest what was meant: the same but for case, spaces and leading zeros, or (in a short list) the most alike."""
    loose = _loose(value)
    near = sorted(text for text in known if _loose(text) == loose)
    if not near and len(known) <= _SHORT_LIST:
        near = difflib.get_close_matches(value, known, n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""


@functools.lru_cache(maxsize=100_000)
def _loose(text: str) -> str:
    return re.sub(r"(?<![0-9])0+(?=[0-9])|\s", "", text.casefold())


def _fix(row: Claim, live: _Live, alternative: str) -> str:
    return f"{_correct(row, live)}   or in Plex: {alternative}"


def _correct(row: Claim, live: _Live) -> str:
    kept = isinstance(row, MappingRow) and row.version > 0  # beside what is in the file, and only a command changes it
    if live.in_file and not kept:
        return "correct the line"
    return set_command(row.kind, source=row.source, plant=row.plant)


def _fault(row: Claim, code: str, message: str, remedy: str, *, blocking: bool = True) -> Fault:
    return Fault(code=code, subject=row.label, message=message, remedy=remedy, blocking=blocking)
