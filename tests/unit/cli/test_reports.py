"""What reports say in words: headcount as a table, what is due, codes that changed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from functools import partial

import msgspec
import pytest
from rich.console import Console

from ml_connector.cli.reports import (
    render_outcome,
    render_parked,
    render_plan,
    render_records,
    render_run,
    render_runs,
    run_answer,
)
from ml_connector.mapping.desired import THROUGH, Pending
from ml_connector.review.store import HoldInfo
from ml_connector.sync.report import ChangeInfo, HoldLine, PlanReport, RunReport, StayingLine
from ml_connector.sync.runs.store import RunInfo
from ml_connector.usecases.outcomes import RecordInfo
from ml_connector.usecases.waiting_list import ParkedInfo

WORKER = RecordInfo(
    type="employee", plant="101", key="1", label="Ada", status="applied", reason="new", remedy=None, last_run=3
)


def test_headcount_is_a_table_of_planned_beside_actual(capsys: pytest.CaptureFixture[str]) -> None:
    level = msgspec.structs.replace(
        WORKER, type="headcount", key="Welder in 4200-WLD", label="Welder in 4200-WLD", planned=3, actual=2, excluded=1
    )
    render_records([level])
    head, _rule, line = capsys.readouterr().out.splitlines()[:3]
    assert head.split() == ["plant", "position", "in", "department", "planned", "actual", "excluded", "status"]
    assert line.split() == ["101", "Welder", "in", "4200-WLD", "3", "2", "1", "applied"]


def test_other_records_are_told_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    render_records([WORKER])
    assert "planned" not in capsys.readouterr().out
    told = json.loads(msgspec.json.encode(WORKER))
    assert told == {
        "type": "employee", "plant": "101", "key": "1", "label": "Ada",
        "status": "applied", "reason": "new", "remedy": None, "last_run": 3,
    }  # fmt: skip


def test_ed_02_a_future_hire_without_a_plant_is_shown_by_number_and_name() -> None:
    pending = Pending(
        type="employee", plant="", key="000025", label="Ada Lee", on="2026-12-07", reason="future hire", begins=True
    )
    report = PlanReport(
        digest="d" * 64,
        connection="acme",
        as_of="2026-11-23",
        counts={"pending": 1},
        changes=(),
        holds=(),
        pending=(pending,),
        headcount=(),
        forecast_s=0,
    )
    console = Console(width=100, markup=False, highlight=False)
    with console.capture() as captured:
        render_plan(report, limit=None, console=console)
    assert "2026-12-07" in captured.get()
    assert "employee 000025 Ada Lee" in captured.get()


def plan_of(**told: object) -> PlanReport:
    """A plan with nothing in it but what is *told*."""
    empty = PlanReport(
        digest="d" * 64, connection="acme", as_of="2026-12-13", counts={}, changes=(), holds=(), pending=(),
        headcount=(), forecast_s=0,
    )  # fmt: skip
    return msgspec.structs.replace(empty, **told)


def test_ed_01_what_is_due_is_told_by_number_and_an_ending_by_the_end_of_its_day() -> None:
    ending = Pending(
        type="employee", plant="102", key="9a", label="Ada " + "Lee" * 99, on="2026-12-12", reason=THROUGH, source="25"
    )
    told = " ".join(shown(partial(render_plan, limit=None), plan_of(pending=(ending,))).split())
    assert "end of 2026-12-12 102 employee 25 Ada Lee" in told
    assert "Lee" * 30 not in told


def test_a_staffing_level_is_called_in_a_plan_as_everywhere() -> None:
    seat = ChangeInfo(
        system="plex", plant="101", type="headcount", key="Welder|Day|4200-WLD", label="Welder, Day, 4200-WLD",
        action="create", reason="new", before={}, after={},
    )  # fmt: skip
    told = shown(partial(render_plan, limit=None), plan_of(changes=(seat,)))
    assert "headcount Welder, Day, 4200-WLD" in told
    assert "|" not in told


@pytest.mark.parametrize(
    ("guard", "told"),
    [
        ("clock_back", "held 8ab6: Workday's clock, clock_back"),
        ("list_shrunk", "held 8ab6: the reading of worker records, list_shrunk"),
        ("population_drop", "held 8ab6: 1 worker record, population_drop"),
    ],
)
def test_cc_13_a_doubted_reading_counts_no_records(guard: str, told: str) -> None:
    hold = HoldLine(id="8ab6", guard=guard, type="worker", plant="", count=1, reason="", remedy="", releasable=True)
    assert told in shown(partial(render_plan, limit=None), plan_of(holds=(hold,)))


def test_a_filter_that_nothing_fits_is_answered_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    render_runs([], narrowed=True)
    render_records([])
    assert capsys.readouterr().out == "There is no such run.\nThere is no such record.\n"


def test_before_the_first_run_it_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    render_runs([])
    assert capsys.readouterr().out == "No run yet.\n"


@pytest.mark.parametrize(
    ("counts", "held", "told"),
    [
        ({}, 0, "Nothing to write: Plex is in step."),
        ({}, 1, "Nothing to write of what was compared; what is held above was not, and may hide changes."),
        ({"hold": 3}, 1, "Nothing may be written now: 3 changes held."),
        ({"create": 2}, 1, "Next: ml-connector apply dddddddddddd   (2 writes, ~1.0 s)"),
    ],
)
def test_cc_03_a_plan_is_in_step_only_where_all_was_compared(counts: dict[str, int], held: int, told: str) -> None:
    hold = HoldLine(
        id="8ab6f8eb0000",
        guard="unstable_extract",
        type="worker",
        plant="",
        count=1,
        reason="the reading does not add up",
        remedy="read it again later",
        releasable=False,
    )
    report = PlanReport(
        digest="d" * 64,
        connection="acme",
        as_of="2026-11-23",
        counts=counts,
        changes=(),
        holds=(hold,) * held,
        pending=(),
        headcount=(),
        forecast_s=1,
    )
    assert shown(partial(render_plan, limit=None), report).rstrip().endswith(told)


COUNTS = {"applied": 0, "noop": 2314}
REPORT = RunReport(run=8, plan="f" * 64, counts=COUNTS, watermark=None, duration_s=0.1, carried_out_in=7)


def shown(render: Callable[..., None], *told: object) -> str:
    out = io.StringIO()
    render(*told, console=Console(file=out, width=160))
    return out.getvalue()


def test_a_plan_applied_again_names_the_run_that_carried_it_out() -> None:
    assert "this plan was carried out in run 7" in shown(render_outcome, REPORT)
    assert run_answer(REPORT)["carried_out_in"] == 7


def waiting_for_stamping(number: int, **other: str) -> ParkedInfo:
    values = {
        "type": "employee",
        "key": f"2100{number}",
        "plant": "101",
        "label": f"Worker {number}",
        "code": "setup_missing",
        "reason": "setup_missing: Department='Stamping' does not exist in plant 101",
        "remedy": "add it to the department setup table of plant 101 in Plex",
        "since": f"2026-11-2{number}T08:00:00+00:00",
        "waiting_for": "department Stamping in plant 101",
    }
    return ParkedInfo(**{**values, **other})


def test_px_04_a_missing_setup_value_is_told_once_with_the_number_of_workers_behind_it() -> None:
    parked = [waiting_for_stamping(number) for number in range(1, 6)]
    other = waiting_for_stamping(6, plant="102", waiting_for="department Stamping in plant 102")
    text = shown(render_parked, [*parked[:2], other, *parked[2:]], [])
    assert text.count("5 employees wait for department Stamping in plant 101   since 2026-11-21 08:00 UTC") == 1
    assert text.count("add it to the department setup table") == 2
    assert "21001, 21002, 21003 and 2 more" in text
    assert "Worker 5" not in text
    assert "102 employee 21006 Worker 6" in text


def test_px_04_a_few_that_wait_alike_are_told_one_by_one_and_so_is_what_waits_for_nothing() -> None:
    few = [waiting_for_stamping(number) for number in range(1, 4)]
    assert all(f"employee {each.key} {each.label}" in shown(render_parked, few, []) for each in few)
    many = [msgspec.structs.replace(waiting_for_stamping(number), waiting_for=None) for number in range(1, 7)]
    assert all(f"employee {each.key} {each.label}" in shown(render_parked, many, []) for each in many)


def test_cc12_what_is_released_and_not_carried_out_is_told_and_no_emptiness_claimed() -> None:
    hold = HoldInfo(
        id="7c1e0000",
        guard="deactivate_over",
        type="employee",
        plant="",
        members=("a", "b"),
        reason="2 endings",
        remedy="ml-connector release 7c1e0000",
        state="released",
        releasable=True,
        created_at="2026-11-21T08:00:00+00:00",
        released_at="2026-11-21T09:00:00+00:00",
        released_by="mia",
    )
    text = shown(partial(render_parked, released=[hold]), [], [])
    assert "released 7c1e0000: 2 employee records, deactivate_over" in text
    assert "by mia, not carried out yet: 2 endings" in text
    assert "ml-connector sync" in text
    assert "Nothing else is parked" in text


def test_runs_stay_a_table_however_long_the_problem_of_one_is() -> None:
    run = RunInfo(
        id=7,
        kind="reevaluate",
        actor="mia",
        state="interrupted",
        started_at="2026-11-23T08:00:00+00:00",
        ended_at=None,
        plan="7ea989f28758",
        counts={},
        watermark="2026-11-23T08:00:00+00:00",
        problem="https://" + "x" * 300,
    )
    out = io.StringIO()
    render_runs([run, msgspec.structs.replace(run, id=8, problem=None)], console=Console(file=out, width=80))
    head, *lines = out.getvalue().splitlines()
    assert head.split() == ["run", "kind", "state", "started", "plan", "watermark", "what"]
    assert max(map(len, lines)) <= 80
    assert "x" * 121 not in "".join(lines)


def test_px02_a_run_shows_why_and_below_it_the_confirmation(capsys: pytest.CaptureFixture[str]) -> None:
    write = {"plant": "101", "type": "employee", "key": "1", "label": "Ada", "action": "update", "state": "applied"}
    written = [
        {**write, "reason": "changed in Workday", "outcome": "confirmed by reading back"},
        {**write, "reason": "not in Plex", "outcome": None},
    ]
    head = {"id": 7, "kind": "sync", "actor": "mia", "state": "done", "plan": None, "watermark": None, "problem": None}
    render_run({**head, "counts": {}, "writes": written})
    lines = [line.split("applied")[-1].strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[-3:] == ["changed in Workday", "confirmed by reading back", "not in Plex"]


def test_since_is_told_in_utc_and_by_which_clock() -> None:
    parked = ParkedInfo(
        type="employee",
        key="21001",
        plant="101",
        label="Ada",
        code="unmapped",
        reason="no mapping",
        remedy=None,
        since="2026-11-23T23:30:00-05:00",
        waiting_for=None,
    )
    assert "since 2026-11-24 04:30 UTC by this machine's clock" in shown(render_parked, [parked], [])


def test_rd03_who_is_still_in_an_inactive_cost_center_is_named_in_plan_and_run() -> None:
    people = tuple(f"Worker {number} ({number})" for number in range(23))
    line = StayingLine(plant="101", what="cost center CC4900", people=people)
    plan = PlanReport(
        digest="d" * 64, connection="acme", as_of="2026-11-23", counts={}, changes=(), holds=(), pending=(),
        headcount=(), forecast_s=0.0, staying=(line,),
    )  # fmt: skip
    run = RunReport(run=3, plan=None, counts={}, watermark=None, duration_s=0.1, staying=(line,))
    told = [io.StringIO(), io.StringIO()]
    render_plan(plan, limit=None, console=Console(file=told[0], width=1000))
    render_outcome(run, console=Console(file=told[1], width=1000))
    for text in (each.getvalue() for each in told):
        assert "Cost center CC4900 of plant 101 is inactive and still has 23 workers: Worker 0 (0), " in text
        assert "Worker 19 (19) and 3 more" in text
    (answer,) = json.loads(msgspec.json.encode(run_answer(run)))["staying"]
    assert answer == {"plant": "101", "what": "cost center CC4900", "people": list(people)}


@pytest.mark.parametrize(("other_day", "offered"), [(False, True), (True, False)])
def test_a_plan_for_another_day_offers_no_apply(other_day: bool, offered: bool) -> None:
    plan = PlanReport(
        digest="d" * 64, connection="acme", as_of="2026-12-24", counts={"create": 2}, changes=(), holds=(), pending=(),
        headcount=(), forecast_s=1.0,
    )  # fmt: skip
    told = io.StringIO()
    render_plan(plan, limit=None, other_day=other_day, console=Console(file=told, width=1000))
    assert ("ml-connector apply" in told.getvalue()) is offered
    assert "2 writes" in told.getvalue()


def test_cc06_what_only_a_full_comparison_found_is_told_in_words() -> None:
    told = shown(render_outcome, msgspec.structs.replace(REPORT, counts={"applied": 1, "drift_found_by_full": 2}))
    assert "2 records of Workday's had changed and its log did not tell" in told
    assert "drift_found_by_full" not in told
