"""
The crosswalk as a spreadsheet: one row per line, every target part in a column of its own.

Texts are texts from end to end (UP-08). A cell that a spreadsheet would run as a formula is written with an apostrophe
in front, which is taken off again when the file comes back. A file with any fault gives no rows at all.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from ml_connector.errors import ConfigurationError
from ml_connector.mapping.check import Fault
from ml_connector.mapping.crosswalk import TARGET_PARTS, Kind, Line, MappingRow
from ml_connector.mapping.period import find_overlaps, find_period_faults, parse_day, spell

_NEEDED = ("kind", "plant", "source")
_PARTS = tuple(dict.fromkeys(part for parts in TARGET_PARTS.values() for part in parts))
_DAYS = ("effective_on", "ends_on")
COLUMNS = (*_NEEDED, *_PARTS, *_DAYS, "state", "wid")

_STATES = ("accepted", "proposed")
_DELIMITERS = ",;\t"
# Full-width signs too: spreadsheets set to East Asian languages take them for formulas.
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a file says: rows with the line each came from, or faults and no rows.

    Rows are unsigned (no author, version 0). *understood* are the rows of the lines that can be read whatever the others
    say, by line: for finding their faults as well, never for saving.
    """

    rows: tuple[MappingRow, ...] = ()
    lines: tuple[int, ...] = ()
    faults: tuple[Fault, ...] = ()
    understood: dict[int, MappingRow] = {}


def render_table(rows: Iterable[MappingRow]) -> bytes:
    """Write rows as CSV in key order: UTF-8 with a byte-order mark, so that spreadsheets do not guess."""
    out = io.StringIO(newline="")
    # Everything quoted: a separator of another country inside a cell then stays inside it.
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for row in sorted(rows, key=lambda row: (row.key, row.state)):
        cells = {"kind": row.kind.value, "plant": row.plant, "source": row.source, "state": row.state, **row.target}
        cells |= {"wid": row.wid or "", "effective_on": spell(row.effective_on), "ends_on": spell(row.ends_on)}
        writer.writerow([_disarm(cells.get(column, "")) for column in COLUMNS])
    return out.getvalue().encode("utf-8-sig")


def parse_table(data: bytes) -> Table:
    """Read a CSV back, with every fault told by its line. Columns may stand in any order; days, `state` and `wid` may be left out."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        remedy = 'save it as "CSV UTF-8"; Excel\'s plain "CSV" loses letters'
        return Table(faults=(_fault("not_utf8", line, "the file is not UTF-8", remedy),))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        faults = _header_faults(header)
        if faults:
            return Table(faults=tuple(faults))
        return _read_lines(_cells(reader, header))
    except csv.Error:
        remedy = "look for a quotation mark that is never closed, or save the sheet as CSV again"
        return Table(faults=(_fault("not_csv", reader.line_num, "the line is no CSV", remedy),))


def _delimiter(text: str) -> str:
    header = text.splitlines()[0] if text else ""
    return max(_DELIMITERS, key=header.count)


def _header_faults(header: list[str]) -> list[Fault]:
    remedy = f"the columns are {', '.join(COLUMNS)}; `ml-connector mapping export FILE` writes them"
    messages = [f"column {name} is missing" for name in _NEEDED if name not in header]
    for name in dict.fromkeys(name for name in header if name and name not in COLUMNS):
        near = difflib.get_close_matches(name, COLUMNS, n=1)
        messages.append(f"column {name!r} is unknown" + (f" (did you mean {near[0]}?)" if near else ""))
    messages += [f"column {name} stands twice" for name in COLUMNS if header.count(name) > 1]
    return [_fault("header", 1, message, remedy) for message in messages]


def _cells(reader: Iterator[list[str]], header: list[str]) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Yield each filled line's number and cells by column; None where there are more cells than columns."""
    # A quoted cell may hold line breaks, so the line a row starts on is the one after the last row's end.
    start = 2
    for values in reader:
        line, start = start, reader.line_num + 1  # type: ignore[attr-defined]
        cells = [_rearm(value.strip()).strip() for value in values]
        if any(cells[len(header) :]):
            yield line, None
        elif any(cells):
            yield line, {name: cell for name, cell in zip(header, cells, strict=False) if cell}


def _read_lines(lines: Iterator[tuple[int, dict[str, str] | None]]) -> Table:
    found: dict[int, MappingRow] = {}
    faults: list[Fault] = []
    for line, cells in lines:
        wrong = _fault("cells", line, "the line has more cells than the header", "put quotation marks around the text")
        row = [wrong] if cells is None else _read_row(line, cells)
        if isinstance(row, MappingRow):
            found[line] = row
        else:
            faults += row
    faults += find_clashes(found)
    if faults:
        return Table(faults=tuple(sorted(faults, key=lambda fault: fault.line or 0)), understood=found)
    return Table(rows=tuple(found.values()), lines=tuple(found), understood=found)


def find_clashes(found: Mapping[int, MappingRow], *, there: Iterable[MappingRow] = ()) -> list[Fault]:
    """
    Two lines that say the same thing twice, or whose days overlap with each other's or with those of rows in force.

    *there* are the accepted rows, of which those that a line replaces do not count (RD-06).
    """
    faults, book = [], dict[Line, list[tuple[int | None, MappingRow]]]()
    replaced = {row.key for row in found.values()}
    beside = [(None, row) for row in there if row.key not in replaced]
    for line, row in [*found.items(), *beside]:
        book.setdefault(row.line, []).append((line, row))
    for rows in book.values():
        where = {id(row): line for line, row in rows}
        ordered = sorted((row for _, row in rows), key=lambda row: (spell(row.effective_on), where[id(row)] or 0))
        for one, other in find_overlaps(ordered):
            if (line := where[id(other)] or where[id(one)]) is not None:
                faults.append(_clash(line, one, other, where[id(one)]))
    return faults


def _clash(line: int, one: MappingRow, other: MappingRow, first: int | None) -> Fault:
    stands = f"line {first}" if first is not None else "the row in force"
    if one.key == other.key:
        return _fault("tie", line, f"{other.label} already stands on {stands}", "keep one of the two lines")
    message = f"{other.label} begins while {stands} lasts, which says it ends on {one.ends_on}"
    return _fault("overlap", line, message, f"end the earlier row before {other.effective_on}, or begin later")


def _read_row(line: int, cells: Mapping[str, str]) -> MappingRow | list[Fault]:
    kind, state = cells.get("kind", "").lower(), cells.get("state", "accepted").lower()
    faults = []
    if kind not in set(Kind):
        faults.append(_fault("kind", line, f"{kind!r} is no kind of mapping", f"one of {', '.join(Kind)}"))
    if state not in _STATES:
        remedy = f"one of {', '.join(_STATES)}, or leave it empty"
        faults.append(_fault("state", line, f"{state!r} is no state", remedy))
    if "plant" not in cells:
        faults.append(_fault("plant", line, "the plant is empty", "write the PCN, or * for every plant"))
    days = {name: parse_day(cells[name]) for name in _DAYS if name in cells}
    for name in [name for name, day in days.items() if day is None]:
        message = f"{name} {cells[name]!r} is no date"
        faults.append(_fault("date", line, message, "write it as 2026-11-01, and make the column Text"))
    faults += [
        _period_fault(line, words) for words in find_period_faults(days.get("effective_on"), days.get("ends_on"))
    ]
    if faults:
        return faults
    try:
        return MappingRow(
            kind=Kind(kind),
            plant=cells["plant"],
            source=cells.get("source", ""),
            target={part: cells[part] for part in _PARTS if part in cells},
            effective_on=days.get("effective_on"),
            ends_on=days.get("ends_on"),
            state="accepted" if state == "accepted" else "proposed",
            wid=cells.get("wid"),
        )
    except ConfigurationError as error:
        remedy = f"fill {', '.join(TARGET_PARTS[Kind(kind)])} and leave the other target columns empty"
        return [_fault("row", line, error.message, remedy)]


def _period_fault(line: int, words: str) -> Fault:
    remedy = (
        "leave effective_on empty for always, and ends_on for an open end" if "outside" in words else "swap the days"
    )
    return _fault("date", line, words, remedy)


def _disarm(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_RISKY) else cell


def _rearm(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_RISKY) else cell


def _fault(code: str, line: int, message: str, remedy: str, *, subject: str | None = None) -> Fault:
    return Fault(code=code, subject=subject or f"line {line}", message=message, remedy=remedy, line=line)
