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
from ml_connector.mapping.crosswalk import TARGET_PARTS, Kind, MappingRow

_NEEDED = ("kind", "plant", "source")
_PARTS = tuple(dict.fromkeys(part for parts in TARGET_PARTS.values() for part in parts))
COLUMNS = (*_NEEDED, *_PARTS, "state", "wid")

_STATES = ("accepted", "proposed")
_DELIMITERS = ",;\t"
# Full-width signs too: spreadsheets set to East Asian languages take them for formulas.
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a file says: rows with the line each came from, or faults and no rows.

    Rows are unsigned (no author, version 0).
    """

    rows: tuple[MappingRow, ...] = ()
    lines: tuple[int, ...] = ()
    faults: tuple[Fault, ...] = ()


def render_table(rows: Iterable[MappingRow]) -> bytes:
    """Write rows as CSV in key order: UTF-8 with a byte-order mark, so that spreadsheets do not guess."""
    out = io.StringIO(newline="")
    # Everything quoted: a separator of another country inside a cell then stays inside it.
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for row in sorted(rows, key=lambda row: (row.key, row.state)):
        cells = {"kind": row.kind.value, "plant": row.plant, "source": row.source, "state": row.state, **row.target}
        cells["wid"] = row.wid or ""
        writer.writerow([_disarm(cells.get(column, "")) for column in COLUMNS])
    return out.getvalue().encode("utf-8-sig")


def parse_table(data: bytes) -> Table:
    """Read a CSV back, with every fault told by its line. Columns may stand in any order; `state` and `wid` may be left out."""
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
    first: dict[tuple[Kind, str, str], int] = {}
    faults: list[Fault] = []
    for line, cells in lines:
        row = _read_row(line, cells)
        if isinstance(row, Fault):
            faults.append(row)
            continue
        found[line] = row
        twin = first.setdefault(row.key, line)
        if twin != line:
            message = f"{row.label} already stands on line {twin}"
            faults.append(_fault("tie", line, message, "keep one of the two lines", subject=row.label))
    if faults:
        return Table(faults=tuple(faults))
    return Table(rows=tuple(found.values()), lines=tuple(found))


def _read_row(line: int, cells: Mapping[str, str] | None) -> MappingRow | Fault:
    if cells is None:
        return _fault("cells", line, "the line has more cells than the header", "put quotation marks around the text")
    kind, state = cells.get("kind", "").lower(), cells.get("state", "accepted").lower()
    if kind not in set(Kind):
        return _fault("kind", line, f"{kind!r} is no kind of mapping", f"one of {', '.join(Kind)}")
    if state not in _STATES:
        return _fault("state", line, f"{state!r} is no state", f"one of {', '.join(_STATES)}, or leave it empty")
    if "plant" not in cells:
        return _fault("plant", line, "the plant is empty", "write the PCN, or * for every plant")
    try:
        return MappingRow(
            kind=Kind(kind),
            plant=cells["plant"],
            source=cells.get("source", ""),
            target={part: cells[part] for part in _PARTS if part in cells},
            state="accepted" if state == "accepted" else "proposed",
            wid=cells.get("wid"),
        )
    except ConfigurationError as error:
        remedy = f"fill {', '.join(TARGET_PARTS[Kind(kind)])} and leave the other target columns empty"
        return _fault("row", line, error.message, remedy)


def _disarm(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_RISKY) else cell


def _rearm(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_RISKY) else cell


def _fault(code: str, line: int, message: str, remedy: str, *, subject: str | None = None) -> Fault:
    return Fault(code=code, subject=subject or f"line {line}", message=message, remedy=remedy, line=line)
