"""
What workers were, or will be, on every other day that Workday's log tells of: facts beside those of today.

They are kept before today's records are, so that whatever breaks off is asked for again (CC-04). What was entered later
than Workday's own clock is not believed before that moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from operator import itemgetter

from ml_connector.canonical.keys import AsOf, NativeRecord, RecordType, encode
from ml_connector.connectors.port import Connector, LogWindow, Query, Touched
from ml_connector.errors import RecordError
from ml_connector.snapshot.extract import Progress
from ml_connector.snapshot.extracts.store import Believed
from ml_connector.snapshot.translation import Translation
from ml_connector.storage.database import Database
from ml_connector.timeline.fact import Early, Fact, days_to_ask
from ml_connector.timeline.facts.store import FactStore

HORIZON = timedelta(days=400)
"""How far ahead is asked; what lies further is asked for when its day has come so near."""


class OtherDays:
    """Asks one connection's Workday for workers as of days that are not today; windows overlap by *overlap*."""

    def __init__(
        self, *, workday: Connector, database: Database, facts: FactStore, progress: Progress, overlap: timedelta
    ) -> None:
        self._workday, self._database, self._facts, self._progress = workday, database, facts, progress
        self._overlap = overlap

    def keep(
        self,
        translation: Translation,
        log: Mapping[str, Touched],
        *,
        as_of: AsOf,
        earliest: date,
        since: Believed | None,
    ) -> None:
        """Ask for workers as of every other day that the log tells of, and keep what they were, or will be, then."""
        self._note_early(log, as_of)
        today, wanted = as_of.effective_on, defaultdict[date, list[str]](list)
        ahead = earliest + timedelta(days=1)
        window = (as_of.entered_at + self._overlap, ahead)
        if since is not None:
            entered_from = datetime.fromisoformat(since.entered_at) - self._overlap
            window = (entered_from, min(date.fromisoformat(since.effective_on), ahead))
        known = self._facts.known_days(sorted(log))
        for wid, touched in sorted(log.items()):
            before = known.get(wid, ())
            days = days_to_ask(touched.entries, before, window=window, today=today, horizon=today + HORIZON)
            if any(earliest < day <= today for day, _ in touched.entries) and min(before, default=today) > earliest:
                # Of whom we see first what begins today somewhere: it has not begun everywhere.
                days |= {earliest}
            for day in days:
                wanted[day].append(wid)
        for day, wids in sorted(wanted.items()):
            self._keep_day(translation, wids, as_of=AsOf(day, as_of.entered_at))

    def free_early(self, asked: Collection[str], as_of: AsOf) -> None:
        """Forget what was told too early and the log tells no more, by its day: nothing else says that it is gone."""
        doubted = [each for each in self._facts.early(by=as_of.entered_at).values() if each.worker not in asked]
        still = set[tuple[str, date, datetime]]()
        for day in sorted({each.effective_on for each in doubted}):
            window = LogWindow(effective=(day, day))
            for touched in self._workday.read_touched(RecordType.WORKER, as_of=as_of, window=window):
                still |= {(touched.wid, *entry) for entry in touched.entries}
        gone = [each.worker for each in doubted if each[:3] not in still]
        self._facts.note_early([], of=gone, by=as_of.entered_at)

    def _note_early(self, log: Mapping[str, Touched], as_of: AsOf) -> None:
        """
        Keep of whom the log told what was entered later than Workday's own clock: not believed before that moment.

        Of a seat the log tells neither days nor moments, only that it changed.
        """
        later = {
            wid: max(after, key=itemgetter(1))
            for wid, touched in log.items()
            if (after := [entry for entry in touched.entries if entry[1] > as_of.entered_at])
        }
        # What was entered while we read is the next run's, and in no doubt.
        now = self._workday.now() if later else as_of.entered_at
        told = [Early(wid, day, moment, now) for wid, (day, moment) in sorted(later.items()) if moment > now]
        self._facts.note_early(told, of=sorted(log), by=as_of.entered_at)

    def _keep_day(self, translation: Translation, wids: Sequence[str], *, as_of: AsOf) -> None:
        count = 0
        for page in self._workday.read(Query(record_type=RecordType.WORKER, as_of=as_of, wids=tuple(wids))):
            told = list(self._translate(translation, page.records, as_of))
            with self._database.transaction() as tx:
                self._facts.append(tx, told)
            count += len(page.records)
            self._progress(f"reading workers as of {as_of.effective_on.isoformat()}", count, len(wids))

    def _translate(self, translation: Translation, natives: Sequence[NativeRecord], as_of: AsOf) -> Iterator[Fact]:
        for native in natives:
            # Whoever cannot be understood on another day is parked on that day, if it is so by then.
            with suppress(RecordError):
                key, record = translation.translate(native)
                yield Fact(key, as_of.effective_on, as_of.entered_at, encode(record).decode())
