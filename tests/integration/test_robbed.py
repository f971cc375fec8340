"""Whoever lost the right to write keeps nothing that the run which took over could stumble on (trust A1-T5)."""

import pytest

from ml_connector.audit.event import AuditAction
from ml_connector.errors import UnavailableError
from ml_connector.storage.database import open_database
from ml_connector.sync.intent import Outcome
from ml_connector.sync.lease.store import LEASE_S, leases
from ml_connector.sync.run import open_run
from tests.rehearsal import Rehearsal, record

WORKERS = 12


@pytest.fixture
def rehearsal(tmp_path):
    made = Rehearsal(record(WORKERS), url=f"sqlite:///{tmp_path}/mlc.db")
    made.prepare()
    return made


def silent(*_told):
    pass


def rob(life):
    """Another run takes over, as it may once a lease has run out."""
    life.tools.leases.take(at=life.tools.clock())


def robbed_at(life, stage):
    """A progress that loses the lease as soon as this stage is told."""
    left = [stage]

    def progress(told, *_counts):
        if left and told.startswith(left[0]):
            left.clear()
            rob(life)

    return progress


def kept(life):
    """What the other run must find as it left it."""
    newest = life.tools.store.newest_plan()
    plan = None if newest is None else (newest.digest, newest.state, life.tools.store.counts(newest.id))
    noops = len(life.tools.trail.list(1_000, action=AuditAction.DECISION_NOOP))
    return plan, noops, life.tools.links.any()


def check_refused(life, act):
    """It says that it was robbed, of its own run too, and nothing else is other than before."""
    before = kept(life)
    with pytest.raises(UnavailableError, match="another run took over"):
        act()
    assert kept(life) == before
    (run,) = life.tools.runs.runs(limit=1)
    assert (run.state, run.problem) == ("failed", "another run took over this connection while this one was paused")


def test_a1_t5_who_lost_the_lease_while_planning_supersedes_nobodys_plan(rehearsal):
    with rehearsal.alive() as life:
        life.sync()
        believed = rehearsal.kept_state()
        rehearsal.day = 1
        check_refused(life, lambda: life.syncer.sync(progress=robbed_at(life, "comparing")))
        found = rehearsal.kept_state()
    for name in ("baseline", "parked", "hold", "worker_fill"):
        assert found[name] == believed[name]


def test_a1_t5_who_lost_the_lease_while_reading_writes_down_nobody(rehearsal):
    with rehearsal.alive() as life:
        check_refused(life, lambda: life.syncer.plan(progress=robbed_at(life, "reading")))
        assert not life.tools.links.any()


def test_a1_t5_who_lost_the_lease_moves_no_watermark(rehearsal):
    with rehearsal.alive() as life:
        while life.sync().counts["applied"]:
            rehearsal.clock.sleep(60)
        check_refused(life, lambda: life.syncer.sync(progress=robbed_at(life, "reading")))


@pytest.mark.parametrize("verb", ["send", "finish"])
def test_a1_t5_who_lost_the_lease_says_nothing_of_a_plan(rehearsal, verb):
    def carry_on():
        with open_run(life.tools, "sync", progress=silent) as run:
            rob(life)
            getattr(run, verb)(stored)

    with rehearsal.alive() as life:
        life.plan()
        stored = life.tools.store.newest_plan()
        check_refused(life, carry_on)


def leave(life, state):
    """Every write of a first sync is left in *state*, and Plex has nothing of it."""
    life.plan()
    intents = life.tools.store.intents()
    with life.database.transaction() as tx:
        sent = life.tools.store.mark_sending(tx, intents, run=1, at=life.tools.clock())
        if state != "sending":
            told = [Outcome(intent=intent, state=state) for intent in sent]
            life.tools.store.record(tx, told, run=1, at=life.tools.clock())
    return len(sent)


@pytest.mark.parametrize("state", ["sending", "accepted"])
def test_a1_t5_the_lease_is_kept_while_thousands_of_writes_are_looked_up(rehearsal, state):
    """Nobody may take over from a run that is busy, however slowly Plex lets it ask."""
    watched, left = open_database(rehearsal.url), []

    def slowly(request, answer):
        with watched.reading() as tx:
            (row,) = tx.execute(leases.select()).all()
        left.append(row.expires_at > life.tools.clock().isoformat())
        rehearsal.clock.sleep(LEASE_S / 4)
        return answer(request)

    with rehearsal.alive() as life:
        count = leave(life, state)
        life.wire.spoil = slowly
        with open_run(life.tools, "sync", progress=silent) as run:
            run.recover()
    watched.close()
    assert len(left) >= count
    assert all(left)


def test_a1_t5_the_lease_is_kept_while_plex_may_be_at_work_on_what_a_killed_run_sent(rehearsal, monkeypatch):
    """However long an answer may take: the wait is longer than any lease."""
    plex = rehearsal.settings.plex.model_copy(update={"timeout_s": 2.0 * LEASE_S})
    rehearsal.settings = rehearsal.settings.model_copy(update={"plex": plex})
    watched, left, sleep = open_database(rehearsal.url), [], rehearsal.clock.sleep

    def wait(seconds):
        sleep(seconds)
        with watched.reading() as tx:
            (row,) = tx.execute(leases.select()).all()
        left.append(row.expires_at > rehearsal.clock.now().isoformat())

    with rehearsal.alive() as life:
        leave(life, "sending")
    monkeypatch.setattr(rehearsal.clock, "sleep", wait)
    with rehearsal.alive() as life, open_run(life.tools, "sync", progress=silent) as run:
        before = rehearsal.clock.seconds
        run.recover()
    watched.close()
    assert rehearsal.clock.seconds - before >= 3 * plex.timeout_s
    assert all(left)


def test_a1_the_end_of_a_plan_and_of_its_run_are_one_step(rehearsal, monkeypatch):
    """Where the end cannot be written, the plan is not done either, and the run is not left as if it went on."""
    with rehearsal.alive() as life:
        end, tries = life.tools.runs.end_run, []

        def end_at_second(*given, **how):
            tries.append(how["state"])
            if len(tries) == 1:
                raise UnavailableError("the database is away")
            end(*given, **how)

        monkeypatch.setattr(life.tools.runs, "end_run", end_at_second)
        with pytest.raises(UnavailableError, match="database is away"):
            life.sync()
        (run,) = life.tools.runs.runs(limit=1)
        newest = life.tools.store.newest_plan()
        assert (tries, run.state, run.problem) == (["done", "failed"], "failed", "the database is away")
        assert (newest.state, set(life.tools.store.counts(newest.id))) == ("applying", {"applied"})
        assert life.sync().counts["applied"] == 0
