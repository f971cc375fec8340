"""
What changed in Workday since it was read last: three questions instead of everything (CC-01).

    entered in the window         whatever day it takes effect on
    became effective in it        entered long ago, and due by now
    as of every other day told    what lies ahead, and what a late entry or a correction changed in the past

All are asked as of the same two moments (CC-02). Days other than today are kept first and today's records last, with
the moment the next window begins at: whatever breaks off is asked for again, and nothing is lost (CC-04). Once a day
all is read anew, and what nothing had told of is counted (CC-06).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from typing import NamedTuple

import msgspec

from ml_connector.canonical.keys import AsOf, NativeRecord, RecordType, encode
from ml_connector.canonical.workforce import Worker
from ml_connector.connectors.port import Connector, LogWindow, Query, Touched
from ml_connector.errors import RecordError
from ml_connector.settings.forms import parse_interval_s
from ml_connector.settings.sync import Sync
from ml_connector.snapshot.extract import Extract, Keep, Progress, Reader, add_nothing, keep_nothing
from ml_connector.snapshot.extracts.store import Believed, ExtractStore, Scope
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.snapshot.translation import Row, Translation
from ml_connector.storage.database import Database, Transaction
from ml_connector.sync.missed import Missed
from ml_connector.sync.other_days import HORIZON, OtherDays
from ml_connector.sync.teams import Managed, find_leavers, find_teams, is_taken
from ml_connector.timeline.calendar import last_due, windows
from ml_connector.timeline.fact import Fact
from ml_connector.timeline.facts.store import FactStore
from ml_connector.timeline.reference import ReferenceFact, is_given_away
from ml_connector.timeline.references.store import ReferenceStore

_SAMPLE = 5
# Reference data is few, and much of it in no log: it is read whole each time and compared by content (CC-15).
_BY_INCREMENTS = frozenset({RecordType.WORKER.value, RecordType.POSITION.value})
_CODES = frozenset({RecordType.COST_CENTER, RecordType.JOB_PROFILE, RecordType.LOCATION})


class _Dated(msgspec.Struct):
    effective_on: date | None = None


_WORKER = msgspec.json.Decoder(Worker).decode
_DATED = msgspec.json.Decoder(_Dated).decode


class Captured(NamedTuple):
    """An extraction and, of a whole one, how many changes it found that nothing explains (CC-06)."""

    extract: Extract
    missed: int | None = None


class Capture:
    """Reads one connection's Workday into the snapshots and the timeline, by increments where Workday has a log."""

    def __init__(
        self,
        *,
        connection: str,
        sync: Sync,
        workday: Connector,
        database: Database,
        reader: Reader,
        snapshots: SnapshotStore,
        extracts: ExtractStore,
        facts: FactStore,
        progress: Progress,
    ) -> None:
        self._connection, self._sync = connection, sync
        self._workday, self._database, self._reader = workday, database, reader
        self._snapshots, self._facts, self._progress = snapshots, facts, progress
        self._extracts = extracts
        self._references = ReferenceStore(database, connection)
        self._overlap = timedelta(seconds=parse_interval_s(sync.overlap))
        self._days = OtherDays(
            workday=workday, database=database, facts=facts, progress=progress, overlap=self._overlap
        )

    def read(self, kind: RecordType, translation: Translation, *, as_of: AsOf, earliest: date, whole: bool) -> Captured:
        """
        Read what changed of one type since the last believed reading; everything with *whole*, or when it is time.

        *earliest* is the day it is in the plant furthest west; that of *as_of* is the latest (TZ-02, TZ-03).
        """
        scope = Scope(self._connection, "workday", kind.value)
        everything = partial(self._everything, scope, translation, as_of=as_of, earliest=earliest)
        base = self._extracts.to_build_on(scope, variant=translation.version)
        since = self._extracts.last_believed(scope, settled=True)
        if since is None or not since.entered_at or kind.value not in self._logged:
            return everything(base=base, since=None, log={})
        if datetime.fromisoformat(since.entered_at) - self._overlap > as_of.entered_at:
            # Workday was put back, and a person said it may (CC-04): no window leads from there to now.
            return everything(base=base, since=None, log={})
        log = self._ask_log(kind, since, as_of)
        if base is None or date.fromisoformat(base.effective_on) > as_of.effective_on:
            # Where the latest day went back, as the plant furthest east is gone, what holds on it was read too early.
            return everything(base=None, since=since, log=log)
        daily = last_due(self._sync.full_compare, at=as_of.entered_at)
        due = whole or datetime.fromisoformat(base.whole_at) < daily or len(log) > base.total // 2
        if due or self._gave_code_away(base):
            return everything(base=base, since=since, log=log)
        self._days.keep(translation, log, as_of=as_of, earliest=earliest, since=since)
        extract = self._reader.read_changed(
            self._workday,
            scope=scope,
            query=Query(record_type=kind, as_of=as_of, wids=tuple(sorted(log))),
            base=base,
            translation=translation,
            progress=self._progress,
            keep=self._keeper(kind, as_of, asked=log),
            then=partial(self._find_teams, scope, base, log),
        )
        if self._agrees(extract, translation, as_of=as_of):
            return Captured(extract)
        return everything(base=base, since=since, log=log)

    def _gave_code_away(self, base: Believed) -> bool:
        """
        Whether a code names another object than when *base* was read.

        Who was kept with that code may be meant by either, and no log tells of them.
        """
        by = datetime.fromisoformat(base.entered_at)
        codes = {(each.type, each.key) for each in self._references.told_since(by)}
        return any(is_given_away(self._references.of(*code), by=by) for code in sorted(codes))

    def _find_teams(self, scope: Scope, base: Believed, log: Collection[str]) -> set[str]:
        """
        Of whom no log tells, though their manager left their seat since *base* was read, or somebody may have taken it.
        """
        if scope.type != RecordType.WORKER or not log:
            return set()
        managers, taken = self._find_seats(scope, base, log)
        if not managers and not taken:
            return set()
        held = self._snapshots.read(scope, of=Managed, extract_id=base.id)
        return find_teams(held, managers, vacant=taken) - set(log)

    def _find_seats(self, scope: Scope, base: Believed, log: Collection[str]) -> tuple[set[str], bool]:
        """Who left their seat since *base* was read, by typed id; and whether anybody took one."""
        now, then = self._snapshots.find(scope, keys=sorted(log), of=Worker), self._known_then(base, sorted(log))
        return find_leavers(then, now), is_taken(then, now)

    def _known_then(self, base: Believed, workers: Sequence[str]) -> dict[str, Worker]:
        """
        What an earlier reading knew of workers: what a run learnt that was cut off after it is as new to us as to it.
        """
        on, by = date.fromisoformat(base.effective_on), datetime.fromisoformat(base.entered_at)
        return {worker: _WORKER(body) for worker, body in self._facts.bodies(workers, on=on, by=by).items()}

    def _agrees(self, extract: Extract, translation: Translation, *, as_of: AsOf) -> bool:
        """
        Whether a few records, read as if nothing were known, say what is kept, and there are as many as are kept.

        What no log tells shows here: a permission taken away, people no longer shown to us (CC-11, UP-02). Then
        everything is read, and the guards see it.
        """
        kind, natives, total = RecordType(extract.scope.type), list[NativeRecord](), extract.total
        for page in self._workday.read(Query(record_type=kind, as_of=as_of, limit=_SAMPLE)):
            natives, total = [*natives, *page.records], page.total
        told: dict[str, str] = {}
        for native in natives:
            with suppress(RecordError):
                key, record = translation.translate(native)
                told[key] = encode(record).decode()
        with self._database.reading() as tx:
            kept = self._snapshots.kept(tx, extract.scope, keys=sorted(told))
        return total == extract.total and all(key in kept and kept[key].body == body for key, body in told.items())

    def read_other_day(self, kind: RecordType, translation: Translation, *, as_of: AsOf) -> Extract:
        """Read everything as of a day that is not today; nothing of it is built on, and nothing kept as a fact."""
        scope, query = Scope(self._connection, "workday", kind.value), Query(record_type=kind, as_of=as_of)
        return self._reader.extract(
            self._workday, scope=scope, query=query, translation=translation, progress=self._progress, settled=False
        )

    def _everything(
        self,
        scope: Scope,
        translation: Translation,
        *,
        as_of: AsOf,
        earliest: date,
        base: Believed | None,
        since: Believed | None,
        log: Mapping[str, Touched],
    ) -> Captured:
        """
        Read the whole; where *base* was known before, count what changed and nothing explains (CC-06).

        *log* is what Workday's log tells since the reading *since*, whether or not that can be built on.
        """
        kind = RecordType(scope.type)
        asked = log
        if kind is RecordType.WORKER and scope.type in self._logged:
            ahead = LogWindow(effective=(earliest + timedelta(days=1), as_of.effective_on + HORIZON))
            asked = _unite([*self._workday.read_touched(kind, as_of=as_of, window=ahead), *log.values()])
            self._days.free_early(asked, as_of)
        self._days.keep(translation, asked, as_of=as_of, earliest=earliest, since=since)
        behind = base is None and self._is_behind(scope, as_of=as_of, since=since)
        missed, keep = Missed(kind, log), self._keeper(kind, as_of, asked=asked)
        compares = base is not None and scope.type in self._logged
        extract = self._reader.extract(
            self._workday,
            scope=scope,
            query=Query(record_type=kind, as_of=as_of),
            translation=translation,
            progress=self._progress,
            keep=self._noting(scope, missed, keep) if compares else keep,
            last=partial(self._catch_up, scope, as_of, keep) if behind else add_nothing,
        )
        if base is None or not compares:
            return Captured(extract)
        leavers, taken = self._find_seats(scope, base, log) if missed.is_in_doubt else (set[str](), False)
        return Captured(extract, missed.count(leavers=leavers, taken=taken))

    def _is_behind(self, scope: Scope, *, as_of: AsOf, since: Believed | None) -> bool:
        """Whether records may be kept of which no fact says that they hold on this day."""
        went_back = since is not None and date.fromisoformat(since.effective_on) > as_of.effective_on
        return went_back or self._extracts.looked_elsewhere(scope)

    def _catch_up(self, scope: Scope, as_of: AsOf, keep: Keep, extract_id: int) -> None:
        """
        Make facts of what a look at another day saw first: to the reading after it, it is nothing new. All is read for
        it.
        """
        kind = RecordType(scope.type)
        if kind not in _CODES | {RecordType.WORKER}:
            return
        for batch in self._snapshots.bodies(scope, extract_id=extract_id):
            keys = [key for key, _body in batch]
            known = (
                self._references.bodies(kind.value, keys)
                if kind in _CODES
                else self._facts.bodies(keys, on=as_of.effective_on, by=as_of.entered_at)
            )
            news = [Row(key, "", body) for key, body in batch if known.get(key) != body]
            if news:
                with self._database.transaction() as tx:
                    keep(tx, news)

    def _ask_log(self, kind: RecordType, since: Believed, as_of: AsOf) -> dict[str, Touched]:
        asked = windows(
            entered_at=datetime.fromisoformat(since.entered_at),
            effective_on=date.fromisoformat(since.effective_on),
            now=as_of.entered_at,
            today=as_of.effective_on,
            overlap=self._overlap,
        )
        return _unite(each for window in asked for each in self._workday.read_touched(kind, as_of=as_of, window=window))

    def _keeper(self, kind: RecordType, as_of: AsOf, *, asked: Collection[str]) -> Keep:
        """Makes facts of workers and codes that are new or other than they were."""
        if kind in _CODES:
            return self._keep_codes(kind, as_of)
        if kind is not RecordType.WORKER:
            return keep_nothing

        def keep(tx: Transaction, rows: Sequence[Row]) -> None:
            others = [row.key for row in rows if row.key not in asked]
            self._facts.carry(tx, others, after=as_of.effective_on, entered_at=as_of.entered_at)
            self._facts.append(tx, [Fact(row.key, as_of.effective_on, as_of.entered_at, row.body) for row in rows])

        return keep

    def _keep_codes(self, kind: RecordType, as_of: AsOf) -> Keep:
        """A code is as it is from the day Workday says, else from the day it was read."""

        def keep(tx: Transaction, rows: Sequence[Row]) -> None:
            told = [(row, _DATED(row.body).effective_on or as_of.effective_on) for row in rows]
            facts = [ReferenceFact(kind.value, row.key, day, as_of.entered_at, row.body) for row, day in told]
            self._references.append(tx, facts)

        return keep

    def _noting(self, scope: Scope, missed: Missed, keep: Keep) -> Keep:
        """Compare what is other than before with what it was, and then do as *keep* does."""

        def note(tx: Transaction, rows: Sequence[Row]) -> None:
            kept = self._snapshots.kept(tx, scope, keys=[row.key for row in rows])
            for row in rows:
                missed.add(row.key, before=kept[row.key].body if row.key in kept else None, now=row.body)
            keep(tx, rows)

        return note

    @cached_property
    def _logged(self) -> frozenset[str]:
        """
        The types read by increments; asked once, and only where Workday is read, as a surface may have to be asked.
        """
        return frozenset(info.type for info in self._workday.discover() if info.has_log) & _BY_INCREMENTS


def _unite(told: Iterable[Touched]) -> dict[str, Touched]:
    """By record, all that any of several windows told: what fits none but its own it need not tell twice."""
    entries = defaultdict[str, list[tuple[date, datetime]]](list)
    for each in told:
        entries[each.wid] += each.entries
    return {wid: Touched(wid, tuple(dict.fromkeys(several))) for wid, several in entries.items()}
