"""Single histories: those a law once failed on, and those that need a moment inside a run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from ml_connector.sandbox.http import Request, Response
from tests.laws.firm import found
from tests.laws.history import VERBS, NumberedDesk, Step, hired_in, take
from tests.laws.verdict import at_work, check_truth
from tests.rehearsal import Answer


def move_hire_ahead(desk: NumberedDesk, who: str, pick: int) -> None:
    """Let somebody who has begun turn out to begin in some days."""
    entry, on = desk.world.workers[who].newest("Hire Employee"), desk.on + timedelta(days=pick)
    jobs = tuple(msgspec.structs.replace(job, since_on=on) for job in entry.changes["jobs"])
    desk.correct(who, "Hire Employee", {"hire_on": on, "jobs": jobs}, on=on)


def test_ed03_a_hire_that_moves_ahead_ends_the_record_until_its_day():
    """ED-03, ED-01: nobody is at work in Plex before the first day, and the record that comes back is the same."""
    hired = Step(1, 100, "hire", "DET", 3, VERBS["hire"].do)
    moved = Step(3, 101, "the hire moves ahead", hired_in(100), 4, move_hire_ahead)
    with found([hired, moved]) as firm:
        seen = []
        for _day in range(9):
            firm.next_day()
            report = firm.sync()
            check_truth(firm)
            seen.append((f"101 {hired_in(100)}" in at_work(firm), report.counts["pending"]))
        rows = [row for row in firm.plex()["employees"] if row["badgeNumber"] == hired_in(100)]
    assert seen == [(True, 0)] * 2 + [(False, 1)] * 4 + [(True, 0)] * 3
    assert len(rows) == 1


def test_cc04_the_watermark_is_workdays_time_before_the_first_page():
    """CC-02, CC-04: whoever is hired while we read is not in what we read, nor before the watermark, nor lost."""
    hired = Step(0, 100, "hire", "DET", 3, VERBS["hire"].do)
    with found([Step(1, 90, "hire", "TOL", 3, VERBS["hire"].do)]) as firm:
        firm.next_day()  # with a change, so that a plan is drawn up
        entered: list[Any] = []

        def hire_while_it_reads(request: Request, answer: Answer) -> Response:
            said = answer(request)
            if b"Get_Workers_Request" in request.body and not entered:
                take(hired, firm.tenant)
                entered.append(firm.tenant.now())
            return said

        firm.workday, firm.rehearsal.spoil = {"page_size": 20}, hire_while_it_reads
        report = firm.sync()
        assert datetime.fromisoformat(report.watermark) < entered[0]
        assert hired_in(100) not in str(sorted(at_work(firm)))
        firm.sync()
        check_truth(firm)


def test_up02_many_hires_that_were_taken_back_are_no_missing_section():
    """UP-02: who never came has neither job nor organizations, however many they are, and holds nobody up."""
    hired = [Step(1, 100 + n, "hire", "DET", n, VERBS["hire"].do) for n in range(9)]
    called_off = [Step(2, 100 + n, "rescind", hired_in(100 + n), n, VERBS["rescind a hire"].do) for n in range(8)]
    with found([*hired, *called_off]) as firm:
        for _day in range(3):
            firm.next_day()
        assert firm.sync().counts["held"] == 0
        check_truth(firm)
