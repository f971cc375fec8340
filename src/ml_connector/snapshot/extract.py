"""
Reading one record type of one system: whole, every page or nothing is believed; or only what changed since.

A few pages are one transaction. Records that come as the very same bytes as last time are not parsed again. A record
that cannot be understood becomes a `Untranslatable` and its page goes on (one bad record never stops or loses its
page).
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from functools import cached_property, partial

import msgspec

from ml_connector.canonical.keys import AsOf, RecordType
from ml_connector.canonical.once import Once
from ml_connector.connectors.port import NativeRecord, Pages, Query
from ml_connector.errors import IncompleteReadError
from ml_connector.heap import give_back
from ml_connector.snapshot.children import OBJECTS_BETWEEN_LOOKS, Line
from ml_connector.snapshot.extracts.store import ANOTHER_DAY, AsBefore, Believed, ExtractStore, Scope
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.snapshot.translation import (
    HASH_BYTES,
    Came,
    Row,
    Translation,
    Untranslatable,
    payload_hash,
    shorten_all,
    translate_all,
)
from ml_connector.storage.database import Database, Transaction

TRIES = 3
# Kept in one transaction: so many records, or so many bytes of what is kept of them. What waits is memory.
_AT_ONCE, _BYTES_AT_ONCE = 3000, 800_000
_PIECE = 50  # records sent to a child at once: what waits is memory
# Where nothing is other than before nothing has to be written: so many records wait for the first that is, as 20 bytes
# each.
_WAITING = 200_000
# After so many records memory that is free in between is given back.
_GIVE_BACK_AFTER = 1000
# Asking for all that is known costs half of asking for it page by page; so much of it may be in memory.
_MOST_AT_ONCE = 20_000
# Translating so many bytes takes a core longer than starting a child process costs: some 2,000 workers over SOAP.
PAYS_FOR_CHILDREN = 64 << 20

Progress = Callable[[str, int, int | None], None]
Keep = Callable[[Transaction, Sequence[Row]], None]


class Extract(msgspec.Struct, frozen=True, kw_only=True):
    """
    One complete extraction: *total* as counted, *before* as the one before counted (None: there was none).

    *id* is what its records are read by. *content_id* is the same for extractions in a row that saw exactly the same
    records. *changed* are the keys of records that are other than before, or new, where there was a before. *whole*
    tells a whole extraction from one that reads only what changed.
    """

    id: int
    content_id: int
    scope: Scope
    total: int
    before: int | None
    whole: bool = True
    changed: frozenset[str] = frozenset()
    faults: tuple[Untranslatable, ...] = ()


def keep_nothing(_tx: Transaction, _rows: Sequence[Row]) -> None:
    """Nobody else wants to know which records are new."""


def add_nothing(_extract_id: int) -> None:
    """Nothing is to be kept beside the records."""


class Reader:
    """Reads a connector's record types into the snapshot store."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._store, self._extracts = SnapshotStore(database), ExtractStore(database)
        self._clock = clock
        self._notes: list[AsBefore] | None = None

    @contextmanager
    def noting_together(self) -> Iterator[None]:
        """
        Write down at the end, at one stroke, which lists came as they had come before; if it ends otherwise, nothing.
        """
        self._notes = []
        try:
            yield
            self._extracts.note_as_before(self._notes)
        finally:
            self._notes = None

    def extract(
        self,
        connector: Pages,
        *,
        scope: Scope,
        query: Query,
        translation: Translation,
        progress: Progress,
        keep: Keep = keep_nothing,
        last: Callable[[int], None] = add_nothing,
        settled: bool = True,
    ) -> Extract:
        """
        Read everything *query* asks for; *keep* is given the records that are new or other, in the same transaction.

        *last* is done once all is kept, with the extraction's id, and before it counts: if that breaks off, all is read
        again. Nothing is ever built on a reading that is not *settled*, as one of another day than today.

        Raises:
            IncompleteReadError: three extractions in a row did not add up (CC-03).
        """
        for attempt in range(1, TRIES + 1):
            try:
                return self._read_once(connector, scope, query, translation, progress, keep, last, settled=settled)
            except IncompleteReadError as error:
                if attempt == TRIES:
                    raise
                progress(f"{scope.side} {scope.type}: the reading does not add up, starting again ({error})", 0, None)
        raise AssertionError("unreachable")

    def read_changed(
        self,
        connector: Pages,
        *,
        scope: Scope,
        query: Query,
        base: Believed,
        translation: Translation,
        progress: Progress,
        keep: Keep = keep_nothing,
        then: Callable[[], Collection[str]] = tuple,
    ) -> Extract:
        """
        Read only what *query* names, on top of the complete extraction *base*; what is not given any more stays as
        known.

        *then* is asked, once these are kept, which others have to be read because of them; all of it counts together.

        Raises:
            IncompleteReadError: what came does not add up; nothing counts, and the next one reads it again.
        """
        number = self._start(scope, query.as_of, translation.version, base_id=base.id)
        opened = _Opened(lambda: number)
        content_id, total = None, base.total
        try:
            with closing(_Desk(self._database, self._store, scope, opened, translation, base, keep)) as desk:
                _take_named(connector, query, desk, progress)
                _take_named(connector, msgspec.structs.replace(query, wids=tuple(sorted(then()))), desk, progress)
            faults = self._faults(scope, base.id)
            total = self._store.count(scope, extract_id=base.id) + len(faults)
            content_id = base.content_id if desk.same and total == base.total else number
        finally:
            self._extracts.finish(number, at=self._clock(), total=total, content_id=content_id)
        return Extract(
            id=base.id,
            content_id=content_id,
            scope=scope,
            total=total,
            before=base.total,
            whole=False,
            changed=frozenset(desk.changed),
            faults=faults,
        )

    def _read_once(
        self,
        connector: Pages,
        scope: Scope,
        query: Query,
        translation: Translation,
        progress: Progress,
        keep: Keep,
        last: Callable[[int], None],
        *,
        settled: bool,
    ) -> Extract:
        where = f" of plant {scope.plant}" if scope.plant else ""
        before = self._extracts.last_believed(scope)
        opened = _Opened(partial(self._start, scope, query.as_of, translation.version if settled else ANOTHER_DAY))
        content_id, count = None, 0
        try:
            with closing(_Desk(self._database, self._store, scope, opened, translation, before, keep)) as desk:
                for page in connector.read(query):
                    count += len(page.records)
                    desk.take(page.records, left=page.total - count)
                    progress(f"reading {scope.side} {RecordType(scope.type).plural}{where}", count, page.total)
                    del page  # or the next one would come to stand beside it
                if before is not None and settled and desk.is_as_before(count):
                    last(before.id)
                    return self._as_before(scope, before, translation.version, query.as_of)
                desk.finish()
            number = opened.number
            faults = self._faults(scope, number)
            distinct = self._store.count(scope, extract_id=number) + len(faults)
            if distinct != count:
                raise IncompleteReadError(f"{scope.side} {scope.type}: {count} rows but {distinct} distinct keys")
            same = desk.same and before is not None and count == before.total
            content_id = before.content_id if before is not None and same else number
            last(number)
        except BaseException:
            self._extracts.finish(opened.number, at=self._clock(), total=count, content_id=None)
            raise
        self._extracts.finish(number, at=self._clock(), total=count, content_id=content_id)
        return Extract(
            id=number,
            content_id=content_id,
            scope=scope,
            total=count,
            before=before.total if before else None,
            changed=frozenset(desk.changed),
            faults=faults,
        )

    def _as_before(self, scope: Scope, before: Believed, variant: str, as_of: AsOf | None) -> Extract:
        """
        Note that a whole reading saw exactly what is kept: it builds on the one that saw it first, and adds nothing.
        """
        moments = (as_of.effective_on.isoformat(), as_of.entered_at.isoformat()) if as_of else ("", "")
        note = AsBefore(scope, before, self._clock(), variant, *moments)
        if self._notes is None or as_of:
            self._extracts.note_as_before([note])
        else:
            self._notes.append(note)
        return Extract(
            id=before.id,
            content_id=before.content_id,
            scope=scope,
            total=before.total,
            before=before.total,
            whole=False,
        )

    def _start(self, scope: Scope, as_of: AsOf | None, variant: str, base_id: int | None = None) -> int:
        return self._extracts.start(
            scope,
            at=self._clock(),
            effective_on=as_of.effective_on.isoformat() if as_of else "",
            entered_at=as_of.entered_at.isoformat() if as_of else "",
            variant=variant,
            base_id=base_id,
        )

    def _faults(self, scope: Scope, extract_id: int) -> tuple[Untranslatable, ...]:
        return tuple(map(_FAULT.decode, self._store.faults(scope, extract_id=extract_id)))


_FAULT = msgspec.json.Decoder(Untranslatable)


class _Opened:
    """An extraction that is opened when the first of it is kept: one that keeps nothing needs none."""

    def __init__(self, start: Callable[[], int]) -> None:
        self._start = start

    @cached_property
    def number(self) -> int:
        return self._start()


class _Desk:
    """
    Where one extraction's pages are told apart, translated and kept, beside the arrival of the next ones.

    All of it in one thread: none of these steps lets go of the interpreter's lock for long, and handing records from
    thread to thread cost a fifth more than it won. Where much is new, child processes translate some of it.

    *same* is whether all of it, so far, is as the complete extraction *before* has it, *changed* the keys of what is
    not.
    """

    def __init__(
        self,
        database: Database,
        store: SnapshotStore,
        scope: Scope,
        opened: _Opened,
        translation: Translation,
        before: Believed | None,
        hand_on: Keep,
    ) -> None:
        self._before = before
        self._is_empty: bool | None = None
        self._index: dict[str, int] | None = None
        self.same = before is not None
        self.changed: set[str] = set()
        self._database, self._store, self._scope, self._opened = database, store, scope, opened
        self._translation, self._hand_on = translation, hand_on
        self._known, self._known_count = bytearray(HASH_BYTES * min(before.total if before else 0, _WAITING)), 0
        self._until_given_back = _GIVE_BACK_AFTER
        self._rows: list[Row] = []
        self._faults: list[Untranslatable] = []
        self._bytes = 0
        # What is alive now outlives the reading, and a page's objects go with their page: looking at either again and
        # again costs a tenth of the whole.
        gc.freeze()
        self._looks = gc.get_threshold()
        gc.set_threshold(OBJECTS_BETWEEN_LOOKS, *self._looks[1:])
        work = partial(translate_all, translation)
        self._line = Line[list[Came], list[Row | Untranslatable]](work, shorten=partial(shorten_all, translation))

    def take(self, natives: Sequence[NativeRecord], *, left: int) -> None:
        """
        Sort one page into known and new, and have translated what is new; what was taken is kept from time to time.

        *left* records are still to come, as far as is known.
        """
        hashes = [payload_hash(native.payload, variant=self._translation.variant) for native in natives]
        known = self._find_known(hashes, to_come=len(hashes) + max(left, 0))
        new = [Came(native, digest) for native, digest in zip(natives, hashes, strict=True) if digest not in known]
        self.same &= all(map(self._is_current, known.values()))
        hashes_known, at = b"".join(map(bytes.fromhex, known)), HASH_BYTES * self._known_count
        self._known[at : at + len(hashes_known)] = hashes_known
        self._known_count += len(known)
        if new:
            size = sum(len(came.native.payload) for came in new)
            if self._translation.shorten is not None and left * size // len(natives) >= PAYS_FOR_CHILDREN:
                self._line.start_children()
            piece = _PIECE if self._line.has_children else len(new)
            for start in range(0, len(new), piece):
                self._line.put(new[start : start + piece])
        self._sort(self._line.done())
        most = _WAITING if self._is_nothing_new else _AT_ONCE
        if self._known_count + len(self._rows) + len(self._faults) >= most or self._bytes >= _BYTES_AT_ONCE:
            self._keep()
        self._until_given_back -= len(natives)
        if self._until_given_back <= 0:
            self._until_given_back = _GIVE_BACK_AFTER
            give_back()

    def is_as_before(self, count: int) -> bool:
        """
        Whether the *count* records taken are exactly those of the extraction before, and nothing of them is kept yet.
        """
        self._sort(self._line.rest())
        everybody = self._before is not None and self._known_count == count == self._before.total
        if not (everybody and self._is_nothing_new):
            return False
        once = Once(count)
        once.add(bytes(self._known[at : at + HASH_BYTES]) for at in range(0, HASH_BYTES * count, HASH_BYTES))
        return once.holds

    @property
    def _is_nothing_new(self) -> bool:
        return self.same and not self._rows and not self._faults

    def finish(self) -> None:
        """Wait for what is being translated, and keep everything that is not kept yet."""
        self._sort(self._line.rest())
        self._keep()

    def close(self) -> None:
        """End the child processes, whatever they are at."""
        self._line.close()
        gc.set_threshold(*self._looks)
        gc.unfreeze()

    def _sort(self, translated: Iterable[list[Row | Untranslatable]]) -> None:
        for batch in translated:
            for each in batch:
                if isinstance(each, Row):
                    self._rows.append(each)
                    self._bytes += len(each.body)
                else:
                    self._faults.append(each)

    def _keep(self) -> None:
        if self._rows or self._known_count or self._faults:
            number = self._opened.number
            with self._database.transaction() as tx:
                known = memoryview(self._known)[: HASH_BYTES * self._known_count]
                self._store.touch(tx, self._scope, payload_hashes=known, extract_id=number)
                known.release()
                # Whoever is handed them can still see what they were.
                self._hand_on(tx, self._others(tx))
                self._store.save_page(tx, self._scope, rows=self._rows, extract_id=number)
                self._store.save_faults(
                    tx,
                    self._scope,
                    found={fault.key: msgspec.json.encode(fault).decode() for fault in self._faults},
                    cleared=[row.key for row in self._rows],
                    extract_id=number,
                )
        self._known_count, self._rows, self._faults, self._bytes = 0, [], [], 0

    def _find_known(self, hashes: Sequence[str], *, to_come: int) -> dict[str, int]:
        if self._is_empty:
            return {}
        if self._index is not None:
            # Taken out of it, so that it is no longer held twice; what comes twice is no list anyway.
            return {each: self._index.pop(each) for each in hashes if each in self._index}
        with self._database.reading() as tx:
            if self._is_empty is None:  # a first reading begins with nothing to ask for, unless one broke off
                self._is_empty = self._before is None and not self._store.holds_any(tx, self._scope)
            if self._is_empty:
                return {}
            if self._before is not None and self._before.total // 2 <= to_come <= _MOST_AT_ONCE:
                self._index = self._store.all_known(tx, self._scope)  # most of it is asked for: all of it at once
                return self._find_known(hashes, to_come=to_come)
            return self._store.find_known(tx, self._scope, payload_hashes=hashes)

    def _is_current(self, seen_by: int) -> bool:
        """Whether the extraction before, or what it builds on, has the record so, and no extraction that broke off."""
        return self._before is not None and self._before.id <= seen_by <= self._before.number

    def _others(self, tx: Transaction) -> list[Row]:
        """Which of the records that came as other bytes say something else than what is kept."""
        if self._before is None:
            return self._rows
        kept = self._store.kept(tx, self._scope, keys=[row.key for row in self._rows])
        others = [
            row
            for row in self._rows
            if (old := kept.get(row.key)) is None or old.body != row.body or not self._is_current(old.seen_by)
        ]
        self.changed.update(row.key for row in others)
        self.changed.update(fault.key for fault in self._faults)
        self.same &= not self.changed
        return others


def _take_named(connector: Pages, query: Query, desk: _Desk, progress: Progress) -> None:
    """Keep what *query* names, if it names anything."""
    count = 0
    for page in connector.read(query) if query.wids else ():
        count += len(page.records)
        desk.take(page.records, left=len(query.wids) - count)
        progress(f"reading changed {query.record_type.plural}", count, len(query.wids))
    desk.finish()
