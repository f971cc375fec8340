"""
As of which days Workday is asked: each plant lives by its own, and nothing that comes between makes us forget one.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.workforce import Name, Worker
from ml_connector.sandbox.tenant import facts as workday
from ml_connector.snapshot.extracts.store import Scope
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.timeline.fact import Fact, as_known
from ml_connector.timeline.references.store import ReferenceStore
from tests.fuse import CrashError
from tests.laws.firm import Firm, found
from tests.laws.history import START, dawn
from tests.laws.verdict import at_work, check_truth

NIGHT_H = 13.5  # half past nine in Workday's zone: midnight has passed in Detroit and not in Chicago


def day(number: int) -> date:
    return START + timedelta(days=number)


def someone_in_chicago(firm: Firm) -> workday.Worker:
    return min(firm.tenant._desk("test").plain_workers(location="HQ"), key=lambda worker: worker.key)


def move(firm: Firm, worker: workday.Worker, *, on: date) -> None:
    """Let somebody of the head office go to another cost center of it."""
    center = "CC7300" if worker.primary_job.cost_center == "CC7100" else "CC7100"
    firm.tenant._desk("test").move_to(worker, cost_center=center, on=on)


def place(firm: Firm, worker: workday.Worker) -> tuple[str, str]:
    return at_work(firm)[f"100 {worker.key}"]


def facts_of(firm: Firm, worker: workday.Worker) -> list[Fact]:
    return firm.begin().tools.facts.of([worker.wid])[worker.wid]


def last_name(firm: Firm, worker: workday.Worker, *, on: date) -> str:
    """What our facts say of somebody on a day."""
    fact = as_known(facts_of(firm, worker), on=on, by=firm.tenant.now())
    assert fact is not None
    name = msgspec.json.decode(fact.body, type=Worker).name
    assert isinstance(name, Name)
    return str(name.family)


def compare(firm: Firm) -> Any:
    return firm.begin().syncer.sync(whole=True, progress=lambda *_: None)


def look_ahead(firm: Firm) -> None:
    firm.begin().syncer.plan(as_of=firm.tenant.today + timedelta(days=9), progress=lambda *_: None)


def break_off(firm: Firm) -> None:
    """Leave a whole reading of the workers that never came to its end."""
    scope, at = Scope("acme", "workday", RecordType.WORKER.value), firm.rehearsal.clock.now()
    firm.begin().tools.extracts.start(scope, at=at, variant="3|legal", entered_at="9999")


def hold_back(firm: Firm) -> None:
    """Have a guard hold the newest reading of the workers."""
    extracts = firm.begin().tools.extracts
    read = extracts.last_believed(Scope("acme", "workday", RecordType.WORKER.value))
    assert read is not None
    extracts.disbelieve(read.number)


def other_settings(firm: Firm) -> None:
    """What was read under other settings is built on by nobody."""
    kept = firm.rehearsal.settings
    other = kept.workday.model_copy(update={"use_preferred_name": not kept.workday.use_preferred_name})
    firm.die()
    firm.rehearsal.settings = kept.model_copy(update={"workday": other})


def live_in_chicago(firm: Firm) -> None:
    """Every plant turns out to be in Chicago's zone."""
    plex = firm.rehearsal.settings.plex
    plants = tuple(plant.model_copy(update={"time_zone": "America/Chicago"}) for plant in plex.plants)
    firm.die()
    firm.rehearsal.settings = firm.rehearsal.settings.model_copy(
        update={"plex": plex.model_copy(update={"plants": plants})}
    )


def test_tz03_the_very_first_sync_moves_nobody_before_the_day_of_their_plant() -> None:
    with found(fresh=True) as firm:
        worker = someone_in_chicago(firm)
        dawn(firm.tenant, day(0), hours=NIGHT_H)
        firm.come_to_rest()
        before = place(firm, worker)
    with found(fresh=True) as firm:
        move(firm, worker, on=day(1))
        dawn(firm.tenant, day(0), hours=NIGHT_H)
        firm.come_to_rest()
        assert place(firm, worker) == before, "it is still the day before in Chicago"
        firm.next_day()
        firm.come_to_rest()
        assert place(firm, worker) != before
        check_truth(firm)


def test_tz03_where_the_latest_day_goes_back_nothing_of_the_day_ahead_is_done() -> None:
    """The plant furthest east is gone, or its zone was wrong: what was read as of its day holds nowhere yet."""
    with found(late=True) as firm:
        worker = someone_in_chicago(firm)
        before = place(firm, worker)
        move(firm, worker, on=day(2))
        firm.next_day()
        firm.sync()
        assert place(firm, worker) == before
        live_in_chicago(firm)
        report = firm.sync()
        assert place(firm, worker) == before, "tomorrow has begun nowhere any more"
        assert "drift_found_by_full" not in report.counts, "and nothing of it was missed"
        firm.next_day()
        firm.sync()
        assert place(firm, worker) != before


@pytest.mark.parametrize("between", [break_off, hold_back, other_settings, look_ahead])
def test_ed10_a_late_entry_holds_from_its_own_day_whatever_came_between_two_readings(between: Any) -> None:
    """ED-10, CC-01: what cannot be built on is no reason not to ask what was entered since."""
    with found() as firm:
        worker = someone_in_chicago(firm)
        firm.next_day()
        firm.sync()
        known = facts_of(firm, worker)
        move(firm, worker, on=day(-9))
        between(firm)
        firm.next_day()
        firm.sync()
        news = [fact for fact in facts_of(firm, worker) if fact not in known]
        assert min(fact.effective_on for fact in news) == day(-9)


def test_ed10_a_look_at_another_day_takes_nothing_from_what_is_known_of_today() -> None:
    """ED-10, M-9: what changed is known from its day on, also when a look ahead was the first to see it."""
    with found() as firm:
        worker, silent = sorted(firm.tenant._desk("test").plain_workers(location="HQ"), key=lambda it: it.key)[:2]
        firm.next_day()
        firm.sync()
        firm.tenant._desk("test").change_name(worker)
        firm.tenant._desk("test").marry(silent, last_name="Otherwise")
        look_ahead(firm)
        firm.sync()
        assert last_name(firm, worker, on=day(1)) == f"{worker.last_name}-Ray"
        assert last_name(firm, worker, on=day(0)) == worker.last_name
        assert last_name(firm, silent, on=day(1)) == "Otherwise", "no log told of it"
        count = len(facts_of(firm, worker))
        look_ahead(firm)
        firm.sync()
        assert len(facts_of(firm, silent)) == 2, "what is as it was is no news"
        assert len(facts_of(firm, worker)) == count


def test_ed10_a_crash_after_a_look_at_another_day_loses_nothing_of_what_it_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    """ED-10, CC-04: the reading that makes facts of it counts with them, or not at all."""

    bodies = SnapshotStore.bodies

    def die(store: SnapshotStore, scope: Scope, *, extract_id: int) -> Any:
        if scope.type == RecordType.WORKER:
            raise CrashError
        return bodies(store, scope, extract_id=extract_id)

    with found() as firm:
        silent = someone_in_chicago(firm)
        firm.tenant._desk("test").marry(silent, last_name="Otherwise")
        look_ahead(firm)
        with monkeypatch.context() as patch:
            patch.setattr(SnapshotStore, "bodies", die)
            with pytest.raises(CrashError):
                firm.sync()
        firm.die()
        firm.sync()
        assert last_name(firm, silent, on=firm.tenant.today) == "Otherwise"


def test_rd11_a_look_at_another_day_takes_nothing_from_what_is_known_of_a_code() -> None:
    with found() as firm:
        firm.tenant._desk("test").rename("CC4100", name="Presses")
        look_ahead(firm)
        firm.sync()
        references = ReferenceStore(firm.begin().database, "acme")
        facts = references.of("cost_center", "CC4100")
        assert "Presses" in facts[-1].body
        look_ahead(firm)
        firm.sync()
        assert references.of("cost_center", "CC4100") == facts


@pytest.mark.parametrize("between", [break_off, hold_back, other_settings])
def test_ed10_only_after_a_look_at_another_day_all_that_is_known_is_read_again(
    between: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ED-10: what was kept of today was made facts of as it came; comparing everybody anew is for news that was not."""
    again = list[str]()
    bodies = SnapshotStore.bodies

    def count(store: SnapshotStore, scope: Scope, *, extract_id: int) -> Any:
        again.append(scope.type)
        return bodies(store, scope, extract_id=extract_id)

    with found() as firm:
        monkeypatch.setattr(SnapshotStore, "bodies", count)
        between(firm)
        firm.next_day()
        firm.sync()
        assert again == []
        look_ahead(firm)
        firm.sync()
        assert "worker" in again
        again.clear()
        between(firm)
        firm.sync()
        assert again == [], "caught up once"


class Strict:
    """A Workday that tells of a record only what fits the window it was asked for, and not all it has of it."""

    def __init__(self, connector: Any) -> None:
        self._connector = connector

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    def read_touched(self, record_type: RecordType, *, as_of: Any, window: Any) -> Any:
        for touched in self._connector.read_touched(record_type, as_of=as_of, window=window):
            fitting = tuple(entry for entry in touched.entries if _fits(entry, window))
            yield msgspec.structs.replace(touched, entries=fitting)


def _fits(entry: Any, window: Any) -> bool:
    on, at = entry
    if window.effective is not None:
        return bool(window.effective[0] <= on <= window.effective[1])
    return bool(window.entered[0] <= at <= window.entered[1])


@pytest.mark.parametrize("sync", [Firm.sync, compare])
def test_cc01_what_two_windows_tell_of_one_worker_is_taken_together(sync: Any) -> None:
    """CC-01: a change that is due today does not hide one that was entered late, whatever a window's answer holds."""
    with found(seen=Strict) as firm:
        worker = someone_in_chicago(firm)
        move(firm, worker, on=day(2))
        move(firm, worker, on=day(4))
        firm.next_day()
        sync(firm)
        known = facts_of(firm, worker)
        move(firm, worker, on=day(-9))
        firm.next_day()
        sync(firm)
        news = [fact for fact in facts_of(firm, worker) if fact not in known]
        assert min(fact.effective_on for fact in news) == day(-9)
        assert {day(2), day(4)} <= {fact.effective_on for fact in news}
