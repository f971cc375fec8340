"""
Tables, bars and changes for people, on standard output. Imports Rich, so it is imported inside commands only.

Every cell goes through `printable`: no text of another system can colour, move or forge anything on the terminal.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from ml_connector.cli.words import printable

BAR = 24
_LONG_WORD, _GAP = 18, 3
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


class Sheet:
    """
    A table without walls that folds long cells instead of cutting them.

    Where the terminal is too narrow for its columns to hold a word each, every row is a block, a line for each column.
    Of the columns *broken* words may be broken, so that one long word does not make blocks of all rows.
    """

    def __init__(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[object]],
        *,
        right: Sequence[str] = (),
        broken: Sequence[str] = (),
    ) -> None:
        self._columns, self._right, self._broken = columns, right, broken
        self._rows = [[value if isinstance(value, Text) else cell(value) for value in row] for row in rows]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        left = options.max_width - self._least()
        if left < 0:
            yield from self._blocks()
            return
        made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
        for number, name in enumerate(self._columns):
            made.add_column(
                name,
                justify="right" if name in self._right else "left",
                overflow="fold",
                no_wrap=name not in self._broken and self._is_of_words(number),  # or it is made narrower than its word
                max_width=_longest(name) + left if name in self._broken else None,
            )
        for row in self._rows:
            made.add_row(*row)
        yield made

    def _least(self) -> int:
        """How wide the table is with a word in each column; of a very long one only the beginning."""
        widths = [
            _longest(name)
            if name in self._broken
            else max([_longest(name), *(_longest(row[number].plain) for row in self._rows)])
            for number, name in enumerate(self._columns)
        ]
        return sum(widths) + _GAP * (len(widths) - 1)

    def _is_of_words(self, number: int) -> bool:
        """Whether each cell of the column is a single word, none of them a very long one."""
        texts = [self._columns[number], *(row[number].plain for row in self._rows)]
        return all(len(text.split()) < 2 and cell_len(text) <= _LONG_WORD for text in texts)

    def _blocks(self) -> Iterator[Table | Text]:
        for number, row in enumerate(self._rows):
            if number:
                yield Text("")
            block = Table(box=None, pad_edge=False, show_header=False)
            block.add_column(style="dim")
            block.add_column(overflow="fold")
            for name, value in zip(self._columns, row, strict=True):
                block.add_row(name, value)
            yield block


def _longest(text: str) -> int:
    return min(_LONG_WORD, max(map(cell_len, text.split()), default=0))


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    right: Sequence[str] = (),
    broken: Sequence[str] = (),
) -> Sheet:
    """Rows under columns, those named in *right* set to the right; words of those named in *broken* may be broken."""
    return Sheet(columns, rows, right=right, broken=broken)


def hanging(text: Text, *, console: Console, indent: int = 4) -> Text:
    """The text over as many lines as it needs, those after the first set in."""
    lines = text.wrap(console, max(_LONG_WORD, console.width - indent))
    return Text("\n" + " " * indent).join(lines)


def stacked(*lines: object) -> Text:
    """A cell of several lines."""
    return Text("\n").join(cell(line) for line in lines)


def bars(counts: Mapping[str, int], *, console: Console) -> Table:
    """A small bar plot: one line per name, longest first given order kept."""
    names = max((cell_len(printable(name)) for name in counts), default=0)
    digits = max((len(f"{count:,}") for count in counts.values()), default=0)
    room = max(1, min(BAR, console.width - names - digits - 4))
    block = "█" if console.encoding.lower().startswith("utf") else "#"
    most = max(counts.values(), default=0)
    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column()
    made.add_column(justify="right")
    made.add_column()
    for name, count in counts.items():
        length = max(1, round(room * count / most)) if count else 0
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
