"""`explain`: what is told of a person is what the plan decides."""

from __future__ import annotations

from tests.explained import decided, explained, told
from tests.rehearsal import Rehearsal, record

DAYS = 2


def test_whatever_is_explained_is_what_the_plan_decides(tmp_path):
    """Of everybody, on each of two days: the same verbs, fields and reasons; and nothing once it is carried out."""
    made = Rehearsal(record(16, days=DAYS), url=f"sqlite:///{tmp_path}/mlc.db")
    made.prepare()
    seen = 0
    for day in range(DAYS):
        made.day = day
        with made.alive() as life:
            report = life.plan()
            people = told(explained(made, life))
            assert people == decided(life, report)
            seen += len(people["changes"])
            life.sync()
    with made.alive() as life:
        after = told(explained(made, life))
        assert after["changes"] == [], "what was written counts, though no reading shows it yet"
        assert after == decided(life, life.plan())
    assert seen > 30
