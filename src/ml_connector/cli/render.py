"""
Tables, bars and changes for people, on standard output. Imports Rich, so it is imported inside commands only.

Every cell goes through `printable`: no text of another system can colour, move or forge anything on the terminal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ml_connector.cli.words import printable

BAR = 24
ARROW = "→"
_COLOURS = {
    "create": "green",
    "update": "cyan",
    "reactivate": "green",
    "deactivate": "yellow",
    "transfer": "cyan",
    "hold": "magenta",
    "parked": "red",
    "applied": "green",
    "mapped": "green",
    "accepted": "green",
    "done": "green",
    "ok": "green",
    "proposed": "yellow",
    "pending": "blue",
    "missing": "red",
    "rejected": "red",
    "failed": "red",
    "unknown": "red",
}


def make_console(*, width: int | None = None, record: bool = False) -> Console:
    """A console that neither guesses colours for numbers nor reads markup."""
    columns = os.environ.get("COLUMNS", "")
    known = width or (int(columns) if columns.isdigit() and not sys.stdout.isatty() else None)
    return Console(highlight=False, markup=False, emoji=False, width=known, record=record)


def cell(value: object, *, style: str = "") -> Text:
    """One safe cell; a word we know gets its colour."""
    if value is None:
        return Text("–", style="dim")
    if isinstance(value, bool):
        return Text("yes" if value else "no", style=style)
    text = printable(value)
    return Text(text, style=style or _COLOURS.get(text, ""))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()) -> Table:
    """A table without walls that folds long cells instead of cutting them."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(value if isinstance(value, Text) else cell(value) for value in row))
    return made


def stacked(*lines: object) -> Text:
    """A cell of several lines."""
    return Text("\n").join(cell(line) for line in lines)


def bars(counts: Mapping[str, int], *, console: Console) -> Table:
    """A small bar plot: one line per name, longest first given order kept."""
    block = "█" if console.encoding.lower().startswith("utf") else "#"
    most = max(counts.values(), default=0)
    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column()
    made.add_column(justify="right")
    made.add_column()
    for name, count in counts.items():
        length = max(1, round(BAR * count / most)) if count else 0
        colour = _COLOURS.get(name, "blue")
        made.add_row(cell(name), cell(f"{count:,}"), Text(block * length, style=colour))
    return made


def difference(before: Mapping[str, object], after: Mapping[str, object]) -> Text:
    """Old → new, a line for each field; the fields of a new record follow each other."""
    shown = Text()
    for position, (name, value) in enumerate(after.items()):
        if position:
            shown.append("\n" if before else ", ")
        shown.append(f"{printable(name)} ", style="dim")
        if name in before and before[name] != value:
            shown.append_text(_value(before[name], style="red")).append(f" {ARROW} ")
        shown.append_text(_value(value, style="green"))
    return shown


def remedy(text: str | None) -> Text:
    """What to do, under what is wrong."""
    return Text(f"→ {printable(text)}", style="cyan") if text else Text("")


def _value(value: object, *, style: str) -> Text:
    return Text("(empty)", style="dim") if value in {None, ""} else cell(value, style=style)
