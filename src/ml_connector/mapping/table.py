"""
The crosswalk as a spreadsheet: one row per line, every target part in a column of its own.

Texts are texts from end to end (UP-08). A cell that a spreadsheet would run as a formula is written with an apostrophe
in front, which is taken off again when the file comes back. A file with any fault gives no rows at all.
"""

from __future__ import annotations

import csv
import difflib
import io
import itertools
import re
from collections.abc import Iterable, Iterator

import msgspec

from ml_connector.errors import Fault
from ml_connector.mapping.claim import Claim, quoted
from ml_connector.mapping.crosswalk import MappingRow
from ml_connector.mapping.line import DAYS, PARTS, Reading, find_clashes, line_fault, read_line, read_overfull
from ml_connector.mapping.period import parse_day, spell

_NEEDED = ("kind", "plant", "source")
COLUMNS = (*_NEEDED, *PARTS, *DAYS, "state", "wid")

_NO_HEADER = f"the file has no header: its first line names none of the columns {', '.join(_NEEDED)}"
_HEADER_REMEDY = f"the columns are {', '.join(COLUMNS)}; `ml-connector mapping export FILE` writes them"
_DELIMITERS = ",;\t"
_LOST = re.compile(r"[\udc80-\udcff]")  # stands where a byte was no UTF-8
# Full-width signs too: spreadsheets set to East Asian languages take them for formulas.
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a file says: rows with the line each came from, or faults and no rows.

    Rows are unsigned (no author, version 0). *claims* are what each line says as far as it can be read, and *placed*
    the lines of which code, plant and days are beyond doubt: for finding all their faults, never for saving.
    """

    rows: tuple[MappingRow, ...] = ()
    lines: tuple[int, ...] = ()
    faults: tuple[Fault, ...] = ()
    claims: dict[int, Claim] = {}
    placed: frozenset[int] = frozenset()


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
    """
    Read a CSV back, with every fault told by its line. Columns may stand in any order; days, `state` and `wid` may be
    left out.
    """
    try:
        text, faults = data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        remedy = 'save it as "CSV UTF-8"; Excel\'s plain "CSV" loses letters'
        faults = [line_fault("not_utf8", line, "the file is not UTF-8", remedy)]
        if line == 1:
            return Table(faults=tuple(faults))
        text = data.decode("utf-8-sig", errors="surrogateescape")
    if not text.strip():
        remedy = "`ml-connector mapping export FILE` writes one with the columns and the rows there are"
        return Table(faults=(line_fault("empty", 1, "the file is empty", remedy),))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
    except csv.Error:
        return Table(faults=(_no_csv(1),))
    if not set(_NEEDED) & {_meant(name, header) for name in header}:
        return Table(faults=(*faults, line_fault("header", 1, _NO_HEADER, _HEADER_REMEDY)))
    faults += _header_faults(header)
    header = [_meant(name, header) for name in header]
    if not set(_NEEDED) <= set(header):
        return Table(faults=tuple(faults))
    return _read_lines(_cells(reader), header, faults)


def _no_csv(line: int) -> Fault:
    remedy = "look for a quotation mark that is never closed, or save the sheet as CSV again"
    return line_fault("not_csv", line, "the line is no CSV, and what follows it cannot be read", remedy)


def _delimiter(text: str) -> str:
    header = text.splitlines()[0] if text else ""
    return max(_DELIMITERS, key=header.count)


def _header_faults(header: list[str]) -> list[Fault]:
    messages = [f"column {name} is missing" for name in _NEEDED if name not in header]
    for name in dict.fromkeys(name for name in header if name and name not in COLUMNS):
        near = difflib.get_close_matches(name, COLUMNS, n=1)
        messages.append(f"column {quoted(name)} is unknown" + (f" (did you mean {near[0]}?)" if near else ""))
    messages += [f"column {name} stands twice" for name in COLUMNS if header.count(name) > 1]
    return [line_fault("header", 1, message, _HEADER_REMEDY) for message in messages]


def _meant(name: str, header: list[str]) -> str:
    """The column a misspelt one is most likely to be, so that one slip in the header makes no fault of every line."""
    near = [] if name in COLUMNS else difflib.get_close_matches(name, COLUMNS, n=1)
    return near[0] if near and near[0] not in header else name


def _cells(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str] | Fault]]:
    """Yield each filled line's number and cells, or what keeps it from having any."""
    # A quoted cell may hold line breaks, so the line a row starts on is the one after the last row's end.
    line = 2
    while True:
        try:
            values = next(reader, None)
        except csv.Error:
            yield line, _no_csv(line)
            return
        if values is None:
            return
        cells = [_rearm(value.strip()).strip() for value in values]
        if any(cells):
            yield line, cells
        line = reader.line_num + 1  # type: ignore[attr-defined]


def _read_cells(line: int, cells: list[str], header: list[str]) -> Reading:
    named = {name: cell for name, cell in zip(header, cells, strict=False) if cell}
    if not any(cells[len(header) :]):
        return read_line(line, named)
    # The separator too many stands in a text, so what stands left of the first text is where it should be.
    sure = list(itertools.takewhile(lambda name: name not in PARTS, header))
    first_day = next((cell for cell in cells if parse_day(cell)), "")
    return read_overfull(line, {name: named[name] for name in sure if name in named} | {"effective_on": first_day})


def _read_lines(lines: Iterator[tuple[int, list[str] | Fault]], header: list[str], faults: list[Fault]) -> Table:
    claims: dict[int, Claim] = {}
    placed = set[int]()
    for line, cells in lines:
        if isinstance(cells, Fault):
            faults.append(cells)
            continue
        if any(_LOST.search(cell) for cell in cells):
            continue  # told once for the whole file
        reading = _read_cells(line, cells, header)
        faults += reading.faults
        if reading.claim is not None:
            claims[line] = reading.claim
            placed |= {line} if reading.placed else set()
    faults += find_clashes({line: claim for line, claim in claims.items() if line in placed})
    told = Table(faults=tuple(sorted(faults, key=by_line)), claims=claims, placed=frozenset(placed))
    rows = tuple(claim for claim in claims.values() if isinstance(claim, MappingRow))
    return told if faults else msgspec.structs.replace(told, rows=rows, lines=tuple(claims))


def by_line(fault: Fault) -> int:
    """Where a fault stands among others: what is of no line comes first."""
    return fault.line or 0


def _disarm(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_RISKY) else cell


def _rearm(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_RISKY) else cell
