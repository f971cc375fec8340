"""
Text that is safe to print, whoever wrote it.

Names, codes and error texts come from other systems: what a terminal would obey instead of show is escaped.
"""

from __future__ import annotations

import sys
import unicodedata

_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_BIDIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_TAGS = range(0xE0000, 0xE0080)


def printable(value: object) -> str:
    """Show control characters, ANSI sequences, direction marks and lone surrogates as `\\x1b`, `\\u202e`, …"""
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def printable_json(text: str) -> str:
    """The same of a JSON text, which stays the same JSON: only within its strings can stand what is escaped."""
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(
        _as_json(character) if _is_obeyed(character) and character != "\n" else character for character in text
    )


def shown_json(text: str) -> str:
    """A JSON text as standard output gets it: what a terminal would obey is escaped, and a file gets it as it is."""
    return printable_json(text) if sys.stdout.isatty() else text


def plural(count: int, noun: str) -> str:
    """Write a count with its noun: `1 worker`, `2 workers`, `1,200 entries`."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith("ry") else f"{count:,} {noun}s"


def duration(seconds: float) -> str:
    """Write a duration as people say it: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 4 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def _shown(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii") if _is_obeyed(character) else character


def _is_obeyed(character: str) -> bool:
    return unicodedata.category(character) in _UNPRINTABLE or character in _BIDIRECTIONAL or ord(character) in _TAGS


def _as_json(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
