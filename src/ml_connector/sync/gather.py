"""
Reading both sides whole before anything is decided.

What cannot be read is held, by type and plant, with the permission or the setting to ask for; the rest goes on. Only
the workers themselves are indispensable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from ml_connector.canonical.keys import AsOf, NativeRecord, RecordType
from ml_connector.canonical.workforce import Worker
from ml_connector.connectors.port import Connector, Pages, Query
from ml_connector.connectors.workday.maintenance import expecting_maintenance
from ml_connector.errors import AuthenticationError, ConfigurationError, IncompleteReadError, StalePlanError
from ml_connector.mapping import plex as plex_mapping
from ml_connector.mapping import workday as workday_mapping
from ml_connector.mapping.coming import has_ended
from ml_connector.mapping.fill import grant_nothing_shown
from ml_connector.mapping.people import label
from ml_connector.review.store import Parked
from ml_connector.settings.model import Connection
from ml_connector.settings.plex import Plant
from ml_connector.snapshot.extract import Extract, Progress, Reader
from ml_connector.snapshot.extracts.store import ExtractStore, Scope
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.snapshot.translation import Translation
from ml_connector.sync.ahead import AT_ONCE, ReadAhead
from ml_connector.sync.allowance import NAMED
from ml_connector.sync.belief import Moment, no_workers, population_drop, shrunken_list
from ml_connector.sync.capture import Capture
from ml_connector.sync.change import Hold, make_hold
from ml_connector.sync.parking import park_fault, park_not_shown
from ml_connector.sync.policy import Approvals

WORKDAY_TYPES = (
    RecordType.COST_CENTER,
    RecordType.JOB_PROFILE,
    RecordType.LOCATION,
    RecordType.POSITION,
    RecordType.WORKER,
)
PLEX_TYPES = (
    RecordType.COST_CENTER,
    RecordType.DEPARTMENT,
    RecordType.POSITION,
    RecordType.BUILDING,
    RecordType.HEADCOUNT,
    RecordType.EMPLOYEE,
    RecordType.EMPLOYEE_ATTRIBUTES,
)


class Gathered(msgspec.Struct, kw_only=True):
    """
    Both sides as read: extractions by (side, type, plant), what is held unread, and what could not be understood.

    *looked_at* is when it was read by our own clock. *not_given* are the types Workday's surface does not give at all:
    nobody can mend that, so it is no hold. *doubted* are the extractions that a guard holds. *missed* counts, by type,
    what a whole comparison found changed and no window of Workday's log had told of (CC-06).
    """

    as_of: AsOf
    looked_at: datetime
    today: dict[str, date]
    extracts: dict[tuple[str, str, str], Extract] = {}
    doubted: dict[tuple[str, str, str], Extract] = {}
    holds: list[Hold] = []
    parked: list[Parked] = []
    missed: dict[str, int] = {}
    not_given: frozenset[str] = frozenset()

    @property
    def look(self) -> Moment:
        """When it was read, by both clocks."""
        return Moment(self.as_of.entered_at, self.looked_at)

    @property
    def missed_in_all(self) -> int | None:
        """How much a whole comparison found that no log had told of; None where this reading was none."""
        return sum(self.missed.values()) if self.missed else None

    def readable(self, side: str, kind: str, plant: str = "") -> bool:
        return (side, kind, plant) in self.extracts


def local_days(at: datetime, zones: Mapping[str, ZoneInfo]) -> dict[str, date]:
    """Say which day it is at each plant at one instant, whatever its clocks were set to in the night before."""
    return {plant: at.astimezone(zone).date() for plant, zone in zones.items()}


def plant_days(plants: Sequence[Plant], at: datetime) -> dict[str, date]:
    """Say which day it is in each plant, by its own zone, at one instant."""
    return local_days(at, {plant.pcn: ZoneInfo(plant.time_zone) for plant in plants})


class Gatherer:
    """Reads one connection's two systems into the snapshot store."""

    def __init__(
        self,
        *,
        name: str,
        connection: Connection,
        workday: Connector,
        plex: Connector,
        reader: Reader,
        capture: Capture,
        snapshots: SnapshotStore,
        extracts: ExtractStore,
        progress: Progress,
        clock: Callable[[], datetime],
        check_moment: Callable[[datetime], None] = lambda _moment: None,
    ) -> None:
        """*clock* is ours, for when Workday cannot be asked; *check_moment* may refuse the time Workday tells."""
        self._capture = capture
        self._clock, self._check_moment = clock, check_moment
        self._name = name
        self._connection = connection
        self._workday = workday
        self._plex = plex
        self._reader = reader
        self._snapshots, self._extracts = snapshots, extracts
        self._progress = progress

    def gather(self, *, as_of: date | None, approvals: Approvals, whole: bool = False) -> Gathered:
        """
        Read what Workday changed since last time, or everything with *whole* or as of another day, and all of Plex.

        Raises:
            AuthenticationError: a system does not know us. PermissionError_: workers may not be read at all.
            UnavailableError, RateLimitError: a system is away.
        """
        entered_at, looked_at = self._take_moment()
        today = {pcn: as_of or day for pcn, day in plant_days(self._connection.plex.plants, entered_at).items()}
        # Asked as of the latest local date, then decided plant by plant (TZ-02).
        moments = AsOf(effective_on=max(today.values()), entered_at=entered_at)
        gathered = Gathered(as_of=moments, looked_at=looked_at, today=today)
        with self._reader.noting_together(), self._ahead(today) as plex:
            self._gather(gathered, plex, approvals, whole=whole, other_day=as_of is not None)
        return gathered

    def _ahead(self, plants: Iterable[str]) -> ReadAhead:
        """Plex's lists in the order they will be wanted, asked for while Workday is read."""
        queries = [_plex_query(kind, plant) for plant in plants for kind in PLEX_TYPES]
        return ReadAhead(self._plex, queries, at_once=min(AT_ONCE, self._connection.plex.writers))

    def _gather(self, gathered: Gathered, plex: Pages, approvals: Approvals, *, whole: bool, other_day: bool) -> None:
        given = {info.type for info in self._workday.discover()}
        gathered.not_given = frozenset(kind.value for kind in WORKDAY_TYPES if kind not in given)
        with expecting_maintenance(self._clock):
            for kind in WORKDAY_TYPES:
                if kind not in gathered.not_given:
                    self._from_workday(gathered, kind, approvals, whole=whole, other_day=other_day)
        for plant in gathered.today:
            for kind in PLEX_TYPES:
                self._from_plex(gathered, plex, kind, plant, approvals)

    def read_again(self, kind: str, plant: str) -> Extract:
        """
        Bring one plant's records of one type up to date; without a plant, Workday's.

        Raises:
            StalePlanError: the list is suddenly empty or much shorter; it is not believed (CC-13).
            ApprovalRequiredError: the time Workday tells is not believed.
            MLConnectorError: it cannot be read now.
        """
        extract = (
            self._read_plex(self._plex, RecordType(kind), plant) if plant else self._read_workday_now(RecordType(kind))
        )
        limit = self._connection.sync.guard.deactivate_over
        hold = shrunken_list(kind, plant, now=extract.total, before=extract.before, limit=limit)
        if hold is not None:
            self._extracts.disbelieve(extract.id)
            system = "plex" if plant else "workday"
            raise StalePlanError(f"{hold.reason}; nothing was sent", remedy=f"ml-connector ping {system}")
        return extract

    def _read_workday_now(self, kind: RecordType) -> Extract:
        entered_at, _looked_at = self._take_moment()
        days = plant_days(self._connection.plex.plants, entered_at).values()
        moments, earliest = AsOf(effective_on=max(days), entered_at=entered_at), min(days)
        with expecting_maintenance(self._clock):
            read = self._capture.read(kind, self._translation(), as_of=moments, earliest=earliest, whole=True)
            return read.extract

    def _take_moment(self) -> tuple[datetime, datetime]:
        """What time it is by Workday's clock, if it may be believed, and by ours."""
        with expecting_maintenance(self._clock):
            entered_at, looked_at = self._workday.now().astimezone(UTC), self._clock()
        self._check_moment(entered_at)
        return entered_at, looked_at

    def _translation(self) -> Translation:
        preferred = self._connection.workday.use_preferred_name
        return Translation(
            translate=partial(workday_mapping.to_kept, use_preferred_name=preferred),
            key_of=workday_mapping.describe_native,
            name_of=workday_mapping.name_native,
            variant="preferred" if preferred else "legal",
            shorten=workday_mapping.shorten_native,
        )

    def _from_workday(
        self, gathered: Gathered, kind: RecordType, approvals: Approvals, *, whole: bool, other_day: bool
    ) -> None:
        translation = self._translation()

        def read() -> Extract:
            if other_day:
                return self._capture.read_other_day(kind, translation, as_of=gathered.as_of)
            earliest = min(gathered.today.values())
            extract, missed = self._capture.read(
                kind, translation, as_of=gathered.as_of, earliest=earliest, whole=whole
            )
            if missed is not None:
                gathered.missed[kind.value] = missed
            return extract

        extract = _try_read(gathered, read, kind=kind.value, plant="", indispensable=kind is RecordType.WORKER)
        if extract is not None and self._believable(gathered, extract, approvals):
            gathered.extracts["workday", kind.value, ""] = extract

    def _from_plex(self, gathered: Gathered, plex: Pages, kind: RecordType, plant: str, approvals: Approvals) -> None:
        read = partial(self._read_plex, plex, kind, plant)
        extract = _try_read(gathered, read, kind=kind.value, plant=plant, indispensable=False)
        if extract is not None:
            believed = self._believable(gathered, extract, approvals)
            (gathered.extracts if believed else gathered.doubted)["plex", kind.value, plant] = extract

    def _read_plex(self, plex: Pages, kind: RecordType, plant: str) -> Extract:
        return self._reader.extract(
            plex,
            scope=Scope(self._name, "plex", kind.value, plant),
            query=_plex_query(kind, plant),
            translation=Translation(
                translate=partial(_translate_plex, plant=plant),
                key_of=lambda _native: None,
                name_of=lambda _native: None,
            ),
            progress=self._progress,
        )

    def _believable(self, gathered: Gathered, extract: Extract, approvals: Approvals) -> bool:
        """Compare with last time (CC-11, CC-13); what came but cannot be understood is parked either way."""
        scope = extract.scope
        gathered.parked += park_faults(extract, self._snapshots)
        limit = self._connection.sync.guard.deactivate_over
        if scope.side == "workday" and scope.type == RecordType.WORKER:
            vanished = self._snapshots.vanished(scope, extract_id=extract.id)
            unseen = sorted(set(vanished) - {fault.key for fault in extract.faults})
            drop = self._drop(extract, unseen, limit=limit)
            # Who was asked about by name before many more were gone is no part of that question, and its answer is none to theirs.
            asked = set(unseen) - set(drop.members if drop else ())
            gathered.parked += self._not_shown(scope, sorted(asked), today=min(gathered.today.values()))
            if drop is not None and not approvals.cover(drop):
                gathered.holds.append(drop)
                # Who is shown goes on; until a person answers, the last believed population stays the measure.
                self._extracts.disbelieve(extract.id)
            if extract.total:
                return True
            if not extract.before:
                gathered.holds.append(no_workers(grant_nothing_shown("worker", "it", self._connection.workday)))
                self._extracts.disbelieve(extract.id)
                return False
        # Of an increment, what was not asked for is not gone.
        gone = 0
        if extract.before and extract.whole:
            gone = len(self._snapshots.gone(scope, extract_id=extract.id, doubted=False))
        hold = shrunken_list(scope.type, scope.plant, now=extract.total, before=extract.before, limit=limit, gone=gone)
        if hold is None or approvals.cover(hold):
            return True
        gathered.holds.append(hold)
        self._extracts.disbelieve(extract.id)
        return False

    def _drop(self, extract: Extract, unseen: Sequence[str], *, limit: str) -> Hold | None:
        """The question about all who were there at the last believed reading; only a whole reading shows who is not."""
        if not extract.before or not extract.whole:
            return None
        new = sorted(set(unseen).intersection(self._snapshots.gone(extract.scope, extract_id=extract.id)))
        some = self._snapshots.find(extract.scope, keys=new[:NAMED], of=Worker)
        named = [f"{label(worker)} ({worker.known_as})" for worker in some.values()]
        return population_drop(new, before=extract.before, limit=limit, named=sorted(named))

    def _not_shown(self, scope: Scope, unseen: Sequence[str], *, today: date) -> list[Parked]:
        """Workers seen before and not now, too few for a guard: each is a question for a person (CC-11)."""
        gone = self._snapshots.find(scope, keys=unseen, of=Worker)
        contingent = self._connection.sync.contingent_workers
        return [
            park_not_shown(worker)
            for worker in gone.values()
            if not has_ended(worker, today=today) and (contingent or worker.worker_type == "employee")
        ]


def park_faults(extract: Extract, snapshots: SnapshotStore) -> list[Parked]:
    """What came and cannot be understood, workers under the name they were last read by."""
    scope, known = extract.scope, dict[str, Worker]()
    if extract.faults and (scope.side, scope.type) == ("workday", RecordType.WORKER):
        known = snapshots.find(scope, keys=[fault.key for fault in extract.faults], of=Worker)
    return [park_fault(scope, fault, worker=known.get(fault.key)) for fault in extract.faults]


def _plex_query(kind: RecordType, plant: str) -> Query:
    return Query(record_type=kind, plant=plant)


def _translate_plex(native: NativeRecord, *, plant: str) -> tuple[str, Any]:
    record = plex_mapping.to_plant_record(native, plant=plant)
    return record.key, record


def _try_read(
    gathered: Gathered, read: Callable[[], Extract], *, kind: str, plant: str, indispensable: bool
) -> Extract | None:
    try:
        return read()
    except AuthenticationError:
        raise
    except ConfigurationError as error:
        if indispensable:
            raise
        guard, problem = "not_readable", error.message
        remedy = error.remedy or "ml-connector ping"
    except IncompleteReadError as error:
        guard, problem = "unstable_extract", error.message
        remedy = error.remedy or "the next run reads again; if it stays, narrow the data source or raise its row limit"
    gathered.holds.append(
        make_hold(
            guard,
            kind=kind,
            plant=plant,
            members=[f"{guard}|{kind}|{plant}"],
            reason=f"{kind} of {'plant ' + plant if plant else 'Workday'}: {problem}",
            remedy=remedy.replace("{", "{{").replace("}", "}}"),
            releasable=False,
        )
    )
    return None
