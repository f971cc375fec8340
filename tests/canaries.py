"""
A searcher for planted secrets in everything a program leaves behind: files, databases, logs, outputs (trust A3-T1, F7).

It knows each spelling a secret may take and is written apart from the redactor, so that both cannot forget the same
one. A secret worth planting is random and holds `%&<>"'+/= é`.
"""

import base64
import codecs
import json
import secrets
import urllib.parse
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

AWKWARD = "%&<>\"'+/= é"


class Hit(NamedTuple):
    """One place a secret was found in."""

    where: str
    encoding: str
    offset: int


def plant() -> str:
    """A new canary: random at both ends, awkward in the middle."""
    return secrets.token_hex(8) + AWKWARD + secrets.token_hex(8)


def encodings(secret: str) -> dict[str, bytes]:
    """Every spelling under its name."""
    raw, wide = secret.encode(), secret.encode("utf-16-le")
    percent = urllib.parse.quote(secret, safe="")
    form = urllib.parse.urlencode({"": secret})[1:]
    compact = json.dumps(secret)[1:-1]
    marked = secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    quoted = marked.replace('"', "&quot;")
    found = {
        "raw": raw,
        "latin-1": secret.encode("latin-1", "replace"),
        "percent": percent.encode(),
        "percent, lower case": _lower_escapes(percent),
        "percent, path": urllib.parse.quote(secret).encode(),
        "form": form.encode(),
        "form, lower case": _lower_escapes(form),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "JSON": compact.encode(),
        "JSON, UTF-8": json.dumps(secret, ensure_ascii=False)[1:-1].encode(),
        "JSON, slashes": compact.replace("/", "\\/").encode(),
        "JSON in JSON": json.dumps(compact)[1:-1].encode(),
        "XML": marked.encode(),
        "XML, quotes": quoted.encode(),
        "XML, all quotes": quoted.replace("'", "&apos;").encode(),
        "HTML": quoted.replace("'", "&#x27;").encode(),
        "XML, ASCII": quoted.encode("ascii", "xmlcharrefreplace"),
        "UTF-16LE": wide,
        "UTF-16BE": secret.encode("utf-16-be"),
        "UTF-16LE, hex": wide.hex().encode(),
        "reversed": secret[::-1].encode(),
        "reversed bytes": raw[::-1],
        "Python bytes": repr(raw)[2:-1].encode(),
        "rot13": codecs.encode(secret, "rot13").encode(),
        "SQL": secret.replace("'", "''").encode(),
    }
    for shift in range(3):
        found[f"base64, shifted {shift}"] = _base64_core(raw, shift)
        found[f"base64url, shifted {shift}"] = base64_to_url(_base64_core(raw, shift))
        found[f"UTF-16LE, base64, shifted {shift}"] = _base64_core(wide, shift)
    return found | _inside_json(found)


def _inside_json(forms: dict[str, bytes]) -> dict[str, bytes]:
    """The forms that look different once they stand in a JSON text, such as a log line."""
    inside = {name: json.dumps(form.decode("utf-8", "replace"))[1:-1].encode() for name, form in forms.items()}
    return {f"{name}, in JSON": form for name, form in inside.items() if form != forms[name]}


def find_canary(secret: str, *sources: bytes | str | Path, users: Iterable[str] = ()) -> list[Hit]:
    """
    Search bytes, texts, files and whole folders for *secret* in every encoding.

    `Basic` pairs are found whoever the user is (their middle is one of the shifted forms); *users* adds the exact
    pairs.
    """
    needles = encodings(secret)
    for user in users:
        needles[f"Basic pair of {user}"] = base64.b64encode(f"{user}:{secret}".encode())
    hits = []
    for where, data in _contents(sources):
        for name, needle in needles.items():
            offset = data.find(needle)
            if offset >= 0:
                hits.append(Hit(where, name, offset))
    return hits


def base64_to_url(text: bytes) -> bytes:
    return text.translate(bytes.maketrans(b"+/", b"-_"))


def _contents(sources: Iterable[bytes | str | Path]) -> Iterable[tuple[str, bytes]]:
    for number, source in enumerate(sources):
        if isinstance(source, Path):
            for file in sorted(source.rglob("*")) if source.is_dir() else [source]:
                if file.is_file():
                    yield str(file), str(file).encode() + b"\0" + file.read_bytes()
        else:
            yield f"source {number}", source.encode() if isinstance(source, str) else source


def _lower_escapes(quoted: str) -> bytes:
    head, *rest = quoted.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in rest)]).encode()


def _base64_core(data: bytes, shift: int) -> bytes:
    """What of base64(shift bytes + data + anything) depends on *data* alone: whole six-bit groups inside it."""
    bits = 8 * shift
    first = -(-bits // 6)
    last = (bits + 8 * len(data)) // 6
    return base64.b64encode(b"\0" * shift + data + b"\0\0")[first:last]
