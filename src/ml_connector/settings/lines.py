"""
On which line of a TOML file a key stands. Pure, and for pointing people there only: the file is read by `tomllib`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")


def find_line(text: str, path: Path) -> int | None:
    """The line of the key, or of the nearest table around it that stands in the file; None where nothing of it does."""
    best, found = 0, None
    for line, own in _keys(text):
        if len(own) > best and path[: len(own)] == own:
            best, found = len(own), line
    return found


def _keys(text: str) -> Iterator[tuple[int, Path]]:
    """Every header and key of the file with its line; entries of an array of tables are counted from 0."""
    table: Path = ()
    counts: dict[Path, int] = {}
    for line, words in enumerate(text.splitlines(), start=1):
        header, key = _HEADER.match(words), _KEY.match(words)
        if header is not None:
            names = _resolve(_parts(header[2]), counts)
            if header[1] == "[[":
                counts[names] = counts.get(names, -1) + 1
                names = (*names, counts[names])
            table = names
            yield line, table
        elif key is not None:
            yield line, (*table, *_parts(key[1]))


def _resolve(names: Path, counts: dict[Path, int]) -> Path:
    """A header below an entry of an array of tables means the last entry."""
    own: Path = ()
    for name in names[:-1]:
        own = (*own, name)
        own = (*own, counts[own]) if own in counts else own
    return (*own, *names[-1:])


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))
