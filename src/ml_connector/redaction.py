"""
Takes secrets out of texts, before they are logged, kept or shown.

Redaction goes by type first (`Secret`, `Pay` and keys named like secrets), then by value in every spelling a registered
secret could take, then by shape (`Bearer …`, PEM keys, `wsse:Password`). The words of every error lose registered
secrets when it is made.
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from ml_connector.errors import clean_words_with
from ml_connector.secret import MASK, Pay, Secret

_MIN_CHARACTERS = 8  # masking a shorter value would mask ordinary words, and so reveal it

_WINDOW = 6  # characters of a spelling that are looked up at each place of a line: the cost does not grow with secrets

_NAMES = r"(?:password|passphrase|secret|private[_-]?key|api[_-]?key|access[_-]?token|refresh[_-]?token|assertion)"
_SECRET_NAME = re.compile(rf"(?i).*(?:{_NAMES}|authorization|cookie)\Z")
_NAME_MARKS = ("password", "passphrase", "secret", "key", "token", "assertion")
# Words one of which must occur (a cheap test), what a secret looks like there, what stays. No pattern may run twice
# over the same text: lines can be long.
_SHAPES: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = (
    (
        ("bearer", "basic"),
        re.compile(r"(?i)\b(bearer|basic)(\s{1,5}|%20|\+)[A-Za-z0-9._~+/%-]{8,}=*"),
        rf"\1\2{MASK}",
    ),
    (
        ("private key",),
        re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?"),
        MASK,
    ),
    (
        ("password",),
        re.compile(
            r"((?:<|&lt;)(?:[\w.-]{1,20}:)?Password\b(?:(?!&gt;)[^<>]){0,500}(?:>|&gt;))"
            r"(?:<!\[CDATA\[[^\]]*\]\]>|(?!&lt;)[^<])+"
        ),
        rf"\1{MASK}",
    ),
    (_NAME_MARKS, re.compile(rf"(?i)({_NAMES}=)[^&\s\"'<>]+"), rf"\1{MASK}"),
    (_NAME_MARKS, re.compile(rf'(?i)({_NAMES}\\?"\s{{0,5}}:\s{{0,5}}\\?")(?:[^"\\]|\\[^"])+'), rf"\1{MASK}"),
)


class Redactor:
    """Masks registered values in every spelling, and secrets it was never told of by their shape."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_window: dict[str, tuple[str, ...]] = {}

    def register(self, secret: Secret) -> None:
        """Mask this value from now on; one shorter than eight characters is left alone."""
        value = secret.reveal()
        if len(value) < _MIN_CHARACTERS:
            return
        with self._lock:
            grown = dict(self._by_window)  # readers hold no lock: they see the old table or the new one
            for spelling in spellings(value):
                same = {spelling, *grown.get(spelling[:_WINDOW], ())}
                # Longest first, or a short spelling would leave the rest of a longer one standing.
                grown[spelling[:_WINDOW]] = tuple(sorted(same, key=len, reverse=True))
            self._by_window = grown

    def redact(self, text: str) -> str:
        """The text without secrets."""
        text = self.mask_values(text)
        lowered = text.lower()
        for marks, pattern, replacement in _SHAPES:
            if any(mark in lowered for mark in marks):
                text = pattern.sub(replacement, text)
        return text

    def mask_values(self, text: str) -> str:
        """The text without registered values, whole or cut off after their middle; shapes are left alone."""
        table = self._by_window
        if not table:
            return text
        hits = [at for at in range(len(text) - _WINDOW + 1) if text[at : at + _WINDOW] in table]
        parts, done = [], 0
        for at in hits:
            length = max(_quoted(spelling, text, at) for spelling in table[text[at : at + _WINDOW]])
            if at >= done and length:
                parts += [text[done:at], MASK]
                done = at + length
        return "".join([*parts, text[done:]])

    def clean(self, value: Any) -> Any:
        """The same for anything a log line may hold; what is not a JSON value becomes its text."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, Secret | Pay):
            return MASK
        if isinstance(value, str):
            return self.redact(str(value))
        if isinstance(value, int | float):
            return value if self.redact(repr(value)) == repr(value) else MASK
        if isinstance(value, bytes | bytearray):
            return self.redact(bytes(value).decode("utf-8", errors="backslashreplace"))
        if isinstance(value, Mapping):
            return {self.redact(str(key)): self._clean_named(key, item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.clean(item) for item in value]
        return self.redact(repr(value))

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """As a structlog processor: the last one before the line is rendered."""
        return {self.redact(str(key)): self._clean_named(key, value) for key, value in event.items()}

    def _clean_named(self, key: object, value: Any) -> Any:
        if isinstance(key, str) and _SECRET_NAME.match(key) and not isinstance(value, bool | None):
            return MASK
        return self.clean(value)


def _quoted(spelling: str, text: str, at: int) -> int:
    """How many characters of *spelling* stand there: all, those before it was cut off in its second half, or 0."""
    if text.startswith(spelling, at):
        return len(spelling)
    there = text[at : at + len(spelling)]
    same = next((nth for nth, letter in enumerate(there) if letter != spelling[nth]), len(there))
    return same if same >= max(_MIN_CHARACTERS, len(spelling) / 2) else 0


def spellings(value: str) -> Iterator[str]:
    """Yield every way *value* may stand in a text: raw, percent, form, base64, hex, JSON, XML, UTF-16, escaped."""
    data, wide = value.encode(), value.encode("utf-16-le")
    plain = {value, value.replace("'", "''")}
    for safe in ("", "/"):
        for quoted in (quote(value, safe=safe), quote_plus(value, safe=safe)):
            plain |= {quoted, re.sub("%[0-9A-F]{2}", lambda hexes: hexes[0].lower(), quoted)}
    quotes = {'"': "&quot;", "'": "&apos;"}
    for marked in (escape(value), escape(value, {'"': "&quot;"}), escape(value, quotes), html.escape(value)):
        plain |= {marked, marked.replace("&#x27;", "&#39;"), marked.encode("ascii", "xmlcharrefreplace").decode()}
    plain |= {data.hex(), data.hex().upper(), wide.hex(), wide.hex().upper(), wide.decode("latin-1")}
    plain |= set(_base64_cores(data)) | set(_base64_cores(wide))
    plain |= {repr(data)[2:-1], data.decode("latin-1"), value.encode("ascii", "backslashreplace").decode()}
    narrow = value.encode("latin-1", errors="replace")  # read in the wrong encoding, é becomes � or ?
    plain |= {narrow.decode("utf-8", errors="replace"), value.encode("ascii", errors="replace").decode()}
    plain |= {wide.decode("utf-8", errors="replace")}
    escaped = plain | {form for text in plain for form in _json_forms(text)}
    escaped |= {form for text in escaped for form in _json_forms(text)}  # a JSON body quoted inside a JSON line
    yield from (text for text in escaped if len(text) >= _WINDOW)


def _json_forms(text: str) -> Iterator[str]:
    for ascii_only in (True, False):
        form = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield form
        yield form.replace("/", "\\/")


def _base64_cores(data: bytes) -> Iterator[str]:
    """
    The characters *data* alone decides, wherever it starts in a longer text; so `user:secret` pairs are found too.
    """
    for offset in range(3):
        whole = base64.b64encode(bytes(offset) + data).decode()
        first = (0, 2, 3)[offset]
        last = len(whole) if (offset + len(data)) % 3 == 0 else len(whole.rstrip("=")) - 1
        core = whole[first:last]
        yield core
        yield core.replace("+", "-").replace("/", "_")


redactor = Redactor()


def register_secret(secret: Secret) -> None:
    """Never let this value appear in a log line, in any spelling."""
    redactor.register(secret)


def redact(text: str) -> str:
    """
    The text as it may be logged or shown; for another system's words before anything else masks or shortens them.
    """
    return redactor.redact(text)


def mask_values(text: str) -> str:
    """The text without the secrets we know; words that only look like one stay."""
    return redactor.mask_values(text)


clean_words_with(mask_values)
