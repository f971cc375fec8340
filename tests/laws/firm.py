"""
A manufacturer that lives through a history, with our program beside it: the real clients, stores and runs, in one
process.

Workday and Plex are called instead of connected to, and the first evening (everybody in Plex) is worked out once.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from ml_connector.mapping.crosswalk import MappingRow
from ml_connector.sandbox.plex.tables import Tables
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox
from ml_connector.settings.sync import GUARDED, Sync
from tests.laws.history import DAYS, START, WORKERS, Step, dawn, found_tenant, take
from tests.memory import find_memory
from tests.rehearsal import START as REHEARSED
from tests.rehearsal import Life, Recording, Rehearsal, Spoil, Wire, call_workday, no_boundary
from tests.world import AT_ONCE, accepted_rows

# Whether a guard trips depends on how much happened since the last look: that is its purpose, and no law's.
UNGUARDED = {"guard": {f"{verb}_over": "max(9999, 100%)" for verb in GUARDED}, "contingent_workers": True}
# Everything is compared anew once a week, so that on the other days only what changed is read.
UNGUARDED |= {"full_compare": "weekly Sunday 02:00 UTC", **AT_ONCE}
_QUIESCENCE = 5
_LATE_H = 13.5  # 21:30 in Workday's zone: midnight has passed in Detroit and not in Chicago


Seen = Callable[[Any], Any]


def as_it_is(connector: Any) -> Any:
    """Nothing stands between our program and a client."""
    return connector


def nothing(firm: Firm) -> None:
    """Nobody looks on."""


class Evening(NamedTuple):
    """Where a history begins: our database, Plex, and the seconds that have passed."""

    database: bytes
    plex: dict[str, Tables]
    seconds: float


class _Lived(Rehearsal):
    """A rehearsal whose Workday is alive."""

    def __init__(self, *args: Any, connector: Callable[[Wire], Any], answer: Any, seen: Seen, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connector, self._answer, self._seen = connector, answer, seen
        self.spoil: Spoil | None = None

    def connect(self, wire: Wire) -> Any:
        return self._seen(super().connect(wire))

    def workday(self, boundary: Callable[[], None]) -> Any:
        wire = Wire(self._answer, boundary=boundary)
        if self.spoil is not None:
            wire.spoil = self.spoil
        return self._connector(wire)


class Firm:
    """
    One manufacturer on one day after the other.

    *seen* may stand between our program and both its clients, *spoil* on the wire to Workday; *workday* and *sync* are
    settings; *late* looks at night; *plants* leaves out all others; *fresh* begins before the first sync instead of
    after it.
    """

    def __init__(
        self,
        folder: Path,
        steps: Sequence[Step] = (),
        *,
        start: date = START,
        fresh: bool = False,
        seen: Seen = as_it_is,
        spoil: Spoil | None = None,
        mapping: Sequence[MappingRow] | None = None,
        workday: dict[str, Any] | None = None,
        sync: dict[str, Any] | None = None,
        late: bool = False,
        plants: Collection[str] = (),
    ) -> None:
        self.steps, self.start, self.day, self._late = steps, start, 0, late
        self.workday = workday or {}
        self.tenant = found_tenant(start)
        sandbox = WorkdaySandbox(self.tenant)
        self.rehearsal = _Lived(
            Recording(WORKERS, (), list(accept_mapping(start) if mapping is None else mapping)),
            url=f"sqlite:///{folder / 'mlc.db'}",
            connector=lambda wire: seen(call_workday(sandbox, wire=wire, **self.workday)),
            answer=sandbox.answer,
            seen=seen,
            writers=1,
        )
        self.rehearsal.spoil = spoil
        plex = self.rehearsal.settings.plex
        kept = tuple(plant for plant in plex.plants if plant.pcn in (plants or {each.pcn for each in plex.plants}))
        self.rehearsal.settings = self.rehearsal.settings.model_copy(
            update={
                "sync": Sync.model_validate(UNGUARDED | (sync or {})),
                "plex": plex.model_copy(update={"plants": kept}),
            }
        )
        self.rehearsal.clock.seconds = (start - REHEARSED.date()).total_seconds()
        self._file = folder / "mlc.db"
        self._stack: ExitStack | None = None
        self._life: Life | None = None
        if fresh and mapping is not None:
            self.rehearsal.prepare()
        else:
            self.put(first_morning(start) if fresh else first_evening(start))
        self.enter()

    def put(self, evening: Evening) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_bytes(evening.database)
        self.rehearsal.put_plex(evening.plex)
        self.rehearsal.clock.seconds = evening.seconds

    def keep(self) -> Evening:
        self.die()
        self.rehearsal.plex_state()
        return Evening(self._file.read_bytes(), self.rehearsal.keep_plex(), self.rehearsal.clock.seconds)

    def share(self, other: Firm) -> None:
        """Write to another one's Plex, on its clock: two connections of one manufacturer."""
        self.rehearsal.plex, self.rehearsal.clock = other.rehearsal.plex, other.rehearsal.clock

    # Time

    def next_day(self) -> None:
        """A night passes, and what the history has for the new day is entered."""
        self.day += 1
        self.rehearsal.clock.sleep(86_400)
        dawn(self.tenant, self.start + timedelta(days=self.day), hours=_LATE_H if self._late else 0)
        self.enter()

    def live(self, *, every: int = 1, after: Callable[[Firm], None] = nothing) -> Firm:
        """
        Live to the end of the history with a sync every so many days, and then until nothing is left to do.

        *after* looks on when a sync is over.
        """
        while self.day < DAYS - 1:
            self.next_day()
            if self.day % every == 0:
                self.sync()
                after(self)
        self.come_to_rest()
        after(self)
        return self

    def enter(self) -> None:
        """Enter what the history has for today."""
        for step in self.steps:
            if step.day == self.day:
                take(step, self.tenant)

    # Our program

    def begin(self, *, boundary: Callable[[], None] = no_boundary) -> Life:
        """The process that is alive, or a new one."""
        if self._life is None:
            self._stack = ExitStack()
            self._life = self._stack.enter_context(self.rehearsal.alive(boundary=boundary))
        return self._life

    def die(self) -> None:
        """Whatever is not in the database or in Plex is gone."""
        if self._stack is not None:
            self._stack.close()
        self._stack = self._life = None

    def sync(self) -> Any:
        return self.begin().sync()

    def come_to_rest(self) -> None:
        """Sync until a run writes nothing; there is always one soon."""
        for _ in range(_QUIESCENCE):
            before = self.writes
            self.sync()
            self.rehearsal.clock.sleep(60)
            if self.writes == before:
                return
        raise AssertionError(f"still writing after {_QUIESCENCE} runs without a change")

    @property
    def writes(self) -> int:
        return len(self.begin().wire.writes)

    def newest_plan(self) -> tuple[str, str]:
        """The newest plan's digest, which stands for its bytes, and up to when Workday was read for it."""
        newest = self.begin().tools.store.newest_plan()
        return (newest.digest, newest.watermark) if newest else ("", "")

    def plex(self) -> dict[str, Any]:
        return self.rehearsal.plex_state()

    def ours(self) -> dict[str, Any]:
        self.die()
        return self.rehearsal.kept_state()


@functools.cache
def accept_mapping(start: date, *, spoil: Spoil | None = None) -> tuple[MappingRow, ...]:
    """Every mapping that can be proposed, accepted."""
    sandbox = WorkdaySandbox(found_tenant(start))
    wire = Wire(sandbox.answer)
    wire.spoil = spoil or wire.spoil
    connector = call_workday(sandbox, wire=wire)
    rehearsal = Rehearsal(Recording(WORKERS, (), []), url="sqlite://")
    return tuple(accepted_rows(connector, rehearsal.connect(Wire(rehearsal.plex.answer))))


@functools.cache
def first_morning(start: date) -> Evening:
    """Before the first sync: the mapping is accepted."""
    with found(start=start, fresh=True, mapping=accept_mapping(start)) as firm:
        return firm.keep()


@functools.cache
def first_evening(start: date) -> Evening:
    """After the first sync: everybody is in Plex."""
    with found(start=start, fresh=True) as firm:
        firm.come_to_rest()
        return firm.keep()


@contextmanager
def found(steps: Sequence[Step] = (), **options: Any) -> Iterator[Firm]:
    """A manufacturer for the length of the block, in memory where there is room for it."""
    with tempfile.TemporaryDirectory(prefix="mlc-law-", dir=find_memory()) as folder:
        firm = Firm(Path(folder), steps, **options)
        try:
            yield firm
        finally:
            firm.die()
