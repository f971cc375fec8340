"""The past as our tables keep it, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from ml_connector.asof import store as past_store
from ml_connector.asof.store import PastStore
from ml_connector.audit.store import AuditTrail
from ml_connector.sync.runs.store import runs

AT = datetime(2026, 11, 23, 15, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def past_of(database, looks):
    """A past of runs that looked at these moments of our clock, the n-th of them n minutes behind Workday's."""
    common = {"connection": "acme", "kind": "sync", "actor": "ada", "state": "done", "started_at": AT.isoformat()}
    rows = [
        {**common, "looked_at": at and at.isoformat(), "entered_at": at and (at + number * MINUTE).isoformat()}
        for number, at in enumerate(looks, start=1)
    ]
    with database.transaction() as tx:
        tx.execute(insert(runs), rows)
    return PastStore(database, "acme", trail=AuditTrail(database, seal_key=b"k" * 32, anchor_file=None))


def test_m_9_a_moment_is_told_by_the_newest_run_that_had_looked_by_then(database):
    """Also where a run that began earlier looked later, or our clock was put back between two."""
    past = past_of(database, [AT, AT + 9 * MINUTE, None, AT + 4 * MINUTE])
    moments = {str(minutes): AT + minutes * MINUTE for minutes in (-1, 0, 3, 4, 20)}
    ahead = {name: (at - moments[name]) / MINUTE for name, at in past.heard(moments).items()}
    assert ahead == {"-1": 0, "0": 1, "3": 1, "4": 4, "20": 4}


def test_m_9_of_however_many_moments_is_asked_each_run_is_read_once(database, monkeypatch):
    past, parsed = past_of(database, [AT + number * MINUTE for number in range(50)]), list[str]()

    class Counted(datetime):
        @classmethod
        def fromisoformat(cls, text: str) -> datetime:
            parsed.append(text)
            return datetime.fromisoformat(text)

    monkeypatch.setattr(past_store, "datetime", Counted)
    past.heard({str(number): AT + number * MINUTE for number in range(40)})
    looks = [text for text in parsed if text.endswith(":00+00:00")]
    assert len(looks) < 5 * 50
