"""
Checks an exported audit trail without the program that wrote it. One file, standard library only.

    python verifier.py EXPORT.jsonl [--key-file FILE] [--anchor FILE]

Exit codes: 0 nothing was altered · 1 something was (the first bad event is named) · 2 it could not be checked.
Without the key a wholly rewritten trail with fresh hashes passes; without anchors, so does an older copy of it.
Make the export after copying the anchors: anchors younger than the export look like events that were cut off.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

FORMAT = "ml-connector-audit/1"
GENESIS = "0" * 64
HASHED = (
    *("at", "action", "actor", "object", "run", "plan"),
    *("fields", "before_hash", "after_hash", "reason", "outcome", "detail"),
)  # in this order
SEAL_LENGTH = 32
KEY_LOST = "key.lost"  # the first event under a new key; its hash covers everything before it
_KNOWN = frozenset(("seq", *HASHED, "hash", "seal"))


@dataclass(frozen=True)
class TrailVerdict:
    """What was found: *first_bad* is the number of the first event that is not as it was written."""

    ok: bool
    events: int
    first_bad: int | None
    anchored: bool
    problem: str | None
    sealed_from: int | None = None
    """The first event whose seal was checked: 1, or where a lost key was replaced; None without the key."""


class Unreadable(Exception):  # noqa: N818 - there is no verdict at all
    """The files cannot be checked: missing, cut off, or of another kind."""


class Anchor(NamedTuple):
    """What was written down outside: after so many events the last hash was this."""

    events: int
    hash: str
    seal: str


class Head(NamedTuple):
    """The trail's own account of itself: how many events, the last hash, the seal over both."""

    events: int
    hash: str
    seal: str


class Tampered(Exception):  # noqa: N818 - a finding
    """Stops the walk at the first finding."""

    def __init__(self, problem: str, *, first_bad: int | None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.first_bad = first_bad


def verify(
    events: Iterable[dict[str, Any]],
    *,
    head: Callable[[], Head | None],
    anchors: Iterable[Anchor] = (),
    key: bytes | None = None,
    sealed_from: int = 1,
) -> TrailVerdict:
    """
    Walk the events once, in order, keeping nothing but the last hash; *head* is asked for at the end.

    Seals before *sealed_from* (see `key_changed_at`) were made with a key that is lost and are not looked at.
    """
    walk = _Walk(iter(anchors), key, sealed_from)
    try:
        walk.begin()
        for event in events:
            walk.step(event)
        walk.finish(head())
    except Tampered as found:
        return TrailVerdict(
            ok=False, events=walk.count, first_bad=found.first_bad, anchored=False, problem=found.problem
        )
    sealed = None if key is None else sealed_from
    return TrailVerdict(
        ok=True, events=walk.count, first_bad=None, anchored=walk.anchored, problem=None, sealed_from=sealed
    )


def key_changed_at(events: Iterable[dict[str, Any]], *, key: bytes | None) -> int:
    """
    The number of the last event that tells of a lost key and is sealed with *key*; 1 when there is none.

    Only who holds the key can make one, and its hash covers every event before it: those cannot be changed unseen
    after it, even though their own seals can no longer be checked.
    """
    found = 1
    if key is not None:
        for event in events:
            number, digest = event.get("seq"), event.get("hash")
            expected = seal("event", int(str(number)), str(digest), key) if str(number).isdecimal() else ""
            if event.get("action") == KEY_LOST and _same(event.get("seal"), expected[:SEAL_LENGTH]):
                found = int(str(number))
    return found


class _Walk:
    """Where we are in the trail, and the anchor that comes next."""

    def __init__(self, anchors: Iterator[Anchor], key: bytes | None, sealed_from: int) -> None:
        self.count = 0
        self.anchored = False
        self._last = GENESIS
        self._anchors = anchors
        self._anchor: Anchor | None = None
        self._agreed = 0
        self._key, self._sealed_from = key, sealed_from

    def begin(self) -> None:
        self._anchor = next(self._anchors, None)

    def step(self, event: dict[str, Any]) -> None:
        expected = self.count + 1
        if event.get("seq") != expected:
            raise Tampered(
                f"event {expected} is missing; number {event.get('seq')} stands in its place", first_bad=expected
            )
        if set(event) - _KNOWN:
            raise Tampered(f"event {expected} holds something that is not part of it", first_bad=expected)
        if event.get("hash") != event_hash(event, previous=self._last):
            raise Tampered(f"event {expected} or its place in the chain was altered", first_bad=expected)
        checked = self._key is not None and expected >= self._sealed_from
        if checked and not _same(
            event.get("seal"), seal("event", expected, event["hash"], self._key or b"")[:SEAL_LENGTH]
        ):
            raise Tampered(f"event {expected} was not written by the program", first_bad=expected)
        self.count, self._last = expected, event["hash"]
        while self._anchor is not None and self._anchor.events <= self.count:
            self._compare(self._anchor)

    def _compare(self, anchor: Anchor) -> None:
        checked = self._key is not None and anchor.events >= self._sealed_from
        if checked and not _same(anchor.seal, seal("anchor", anchor.events, anchor.hash, self._key or b"")):
            raise Tampered(f"the anchor after event {anchor.events} was altered", first_bad=None)
        if anchor.events < self.count:
            raise Tampered(f"the anchors go back to event {anchor.events}: an older trail took over", first_bad=None)
        if anchor.hash != self._last:
            raise Tampered(
                f"the trail was rewritten between event {self._agreed + 1} and event {anchor.events}: "
                "the anchor outside says otherwise",
                first_bad=self._agreed + 1,
            )
        self.anchored, self._agreed = True, anchor.events
        self._anchor = next(self._anchors, None)

    def finish(self, head: Head | None) -> None:
        if self._anchor is not None:
            raise Tampered(
                f"the trail ends at event {self.count}, and the anchor outside knows event {self._anchor.events}: "
                "events were cut off, or an older copy was put back",
                first_bad=self.count + 1,
            )
        if head is None:
            if self.count:
                raise Tampered(f"the head of the trail is missing after event {self.count}", first_bad=self.count + 1)
            return
        if self._key is not None and not _same(head.seal, seal("head", head.events, head.hash, self._key)):
            raise Tampered("the head of the trail was not written by the program", first_bad=None)
        if head.events > self.count:
            raise Tampered(f"events {self.count + 1} to {head.events} were cut off", first_bad=self.count + 1)
        if head.events < self.count:
            raise Tampered(f"event {head.events + 1} was added behind the head", first_bad=head.events + 1)
        if head.hash != self._last:
            raise Tampered("the events are not those the head was sealed over", first_bad=self.count or None)


def event_hash(event: dict[str, Any], *, previous: str) -> str:
    """SHA-256 over number, previous hash and every field, each with its length in front; `-` for an absent one."""
    digest = hashlib.sha256()
    for value in (event.get("seq"), previous, *(event.get(name) for name in HASHED)):
        if value is None:
            digest.update(b"-")
        else:
            data = str(value).encode("utf-8", "surrogatepass")
            digest.update(b"+" + str(len(data)).encode() + b":")
            digest.update(data)
    return digest.hexdigest()


def seal(kind: str, number: int, digest: str, key: bytes) -> str:
    """HMAC-SHA256 over kind, number and hash."""
    return hmac.new(key, f"{kind}:{number}:{digest}".encode(), hashlib.sha256).hexdigest()


def _same(given: object, expected: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), expected.encode())


def read_anchors(path: Path, *, size: int | None = None) -> Iterator[Anchor]:
    """
    Yield the anchors in the order they were written; a last line without its end was never completed.

    *size* leaves out what was added after the file had so many bytes.
    """
    with path.open("rb") as file:
        read = 0
        for number, line in enumerate(file, start=1):
            read += len(line)
            if not line.endswith(b"\n") or (size is not None and read > size):
                return
            try:
                item = json.loads(line)
                yield Anchor(int(item["events"]), str(item["hash"]), str(item["seal"]))
            except (ValueError, KeyError, TypeError, RecursionError):
                raise Tampered(f"line {number} of the anchors is no anchor", first_bad=None) from None


class Export:
    """An export file: a first line that says what it is, the events, and the head as the last line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.head: Head | None = None

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield the events; `head` is known once they are through."""
        with self._path.open(encoding="utf-8", newline="\n") as file:
            first = _parse(file.readline())
            if first is None or first.get("format") != FORMAT:
                raise Unreadable(f"{self._path} is no audit export")
            for seq, line in enumerate(file, start=1):
                item = _parse(line)
                if item is None or self.head is not None:
                    raise Tampered(f"line {seq + 1} of the export does not belong there", first_bad=seq)
                if "head" in item:
                    self.head = _head(item["head"], seq)
                else:
                    yield item


def verify_export(path: Path, *, key: bytes | None = None, anchor: Path | None = None) -> TrailVerdict:
    """
    Check one export file.

    Raises:
        Unreadable: there is nothing that could be checked.
    """
    export = Export(path)
    anchors = read_anchors(anchor) if anchor is not None else iter(())
    try:
        sealed_from = _key_changed_in(path, key=key)
        return verify(export.events(), head=lambda: export.head, anchors=anchors, key=key, sealed_from=sealed_from)
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"cannot be read: {error}") from None


def _key_changed_in(path: Path, *, key: bytes | None) -> int:
    try:
        return key_changed_at(Export(path).events(), key=key)
    except Tampered:  # told by the walk itself, with the number
        return 1


def _parse(line: str) -> dict[str, Any] | None:
    try:
        item = json.loads(line, object_pairs_hook=_no_twins)
    except (ValueError, RecursionError):
        return None
    return item if isinstance(item, dict) else None


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two entries of one name could show one thing to a person and another to us."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _head(item: Any, seq: int) -> Head:
    try:
        return Head(int(item["events"]), str(item["hash"]), str(item["seal"]))
    except (KeyError, TypeError, ValueError):
        raise Tampered("the head of the export is not readable", first_bad=seq) from None


def _read_key(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        raise Unreadable(f"{path} holds no key in hex") from None


def main(arguments: list[str] | None = None) -> int:
    """Check the file named on the command line and say what was found."""
    parser = argparse.ArgumentParser(description="Check an exported audit trail.")
    parser.add_argument("export", type=Path)
    parser.add_argument("--key-file", type=Path, help="the head key in hex: also check who wrote it")
    parser.add_argument("--anchor", type=Path, help="anchors kept elsewhere: also check that it is all of it")
    options = parser.parse_args(arguments)
    try:
        verdict = verify_export(options.export, key=_read_key(options.key_file), anchor=options.anchor)
    except Unreadable as problem:
        sys.stderr.write(f"cannot be checked: {problem}\n")
        return 2
    if not verdict.ok:
        where = f"first bad event {verdict.first_bad}: " if verdict.first_bad is not None else ""
        sys.stdout.write(f"ALTERED: {where}{verdict.problem}\n")
        return 1
    since = (
        f" from event {verdict.sealed_from} on (the key before it was lost)" if (verdict.sealed_from or 1) > 1 else ""
    )
    notes = [
        f"seals checked{since}"
        if options.key_file
        else "seals not checked (no --key-file): a rewritten trail would pass",
        "anchored" if verdict.anchored else "not anchored (no --anchor): an older copy would pass",
    ]
    sys.stdout.write(f"ok: {verdict.events} events, {'; '.join(notes)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
