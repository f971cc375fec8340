"""The arithmetic and the drawing behind `make bench`; the figures themselves are asserted nowhere."""

from __future__ import annotations

import gzip
import re
from datetime import date
from pathlib import Path

import pytest
from bench.chart import Bar, draw_svg, draw_text
from bench.contest import DLT, OURS_DAYS, OURS_ONE_CORE, OURS_SOAP, OURS_SYNC, ZEEP, Results
from bench.measure import Child, Phase, Spread, ratio, spread
from bench.report import Report, lines_of, render_page
from bench.rewrite import changed_pages, rename
from bench.targets import HELP, READ_SOAP, UPSERT, days_of, judge


def child(*, peak_mb: float = 50, process_cpu_s: float = 2, **phases: Phase) -> Child:
    return Child(phases={name: [each] for name, each in phases.items()}, cpu_s=process_cpu_s, peak_mb=peak_mb)


def phase(cpu_s: float, *, workers: int = 100, writes: int = 0, calls: int = 0) -> Phase:
    return Phase(workers=workers, writes=writes, wall_s=2 * cpu_s, cpu_s=cpu_s, calls=calls)


@pytest.fixture
def results() -> Results:
    made = Results()
    made.children[READ_SOAP][OURS_SOAP.name] = [child(cold=phase(1)), child(cold=phase(2)), child(cold=phase(1))]
    made.children[READ_SOAP][OURS_ONE_CORE.name] = [child(cold=phase(2)), child(cold=phase(2)), child(cold=phase(1))]
    made.children[READ_SOAP][ZEEP.name] = [child(cold=phase(24)), child(cold=phase(60)), child(cold=phase(26))]
    made.children[UPSERT][OURS_SYNC.name] = [child(cold=phase(10))]
    for workers, calls in ((100, 9), (200, 9)):
        again, day = phase(3, workers=workers), phase(0.2, workers=workers, writes=workers // 100, calls=calls)
        made.children[days_of(workers)][OURS_DAYS.name] = [
            child(cold=phase(10, workers=workers), unchanged=again, changed=day, read=phase(2, workers=workers))
        ]
    made.children["Memory, 10 workers, 100 a page"][OURS_SOAP.name] = [child(peak_mb=99, cold=phase(1))]
    made.children[HELP][HELP] = [child(process_cpu_s=each) for each in (0.3, 0.5, 0.2)]
    made.missing[UPSERT][DLT.name] = "cannot be installed here: no such package"
    return made


def verdicts(results: Results, *, pace: tuple[float, int] | None = None) -> dict[str, tuple[str, str]]:
    return {each.what: (each.found, each.verdict) for each in judge(results, pace=pace)}


def test_a_spread_is_median_and_ends() -> None:
    assert spread([3, 1, 2]) == Spread(2, 1, 3)


def test_a_ratio_compares_only_what_ran_in_the_same_round() -> None:
    assert ratio([1, 2], [10, 40, 9000]) == Spread(15, 10, 20)


def test_rates_are_per_worker() -> None:
    assert (phase(0.5).rate, phase(0.5).cpu_ms_each) == (100, 5)


def test_targets_are_judged_by_the_median(results: Results) -> None:
    found = verdicts(results)
    assert found["SOAP read in one process against the zeep script, CPU"] == ("26.0 × (12.0–30.0)", "met")
    assert found["SOAP read with all cores against the zeep script, rate"] == ("26.0 × (24.0–30.0)", "not met")
    assert found["CPU of a sync with nothing changed, of a first one"] == ("0.30 × (0.30–0.30)", "not met")
    assert found["Writes of such a day"] == ("2", "met")
    day = "CPU of a day with one worker in a hundred changed, of reading all of Workday"
    assert found[day] == ("0.10 × (0.10–0.10)", "met")
    assert found["Workday calls of such days, 100 and 200 workers"] == ("9 and 9", "met")
    assert found["Peak memory of the reading process, 10 workers, 100 a page"] == ("99 MB", "met")
    assert found["CPU of ml-connector --help"] == ("0.30 s (0.20–0.50)", "met")


def test_a_first_sync_is_compared_per_worker_and_per_write(results: Results) -> None:
    results.children[UPSERT] = {
        OURS_SYNC.name: [child(cold=phase(1, writes=200))],
        DLT.name: [child(cold=phase(4, writes=100))],
    }
    found = verdicts(results)
    assert found["First sync over SOAP against dlt's custom destination, rate"] == ("4.0 × (4.0–4.0)", "not met")
    assert found["First sync over SOAP against dlt's custom destination, writes a second"] == ("8.0 × (8.0–8.0)", "met")


def test_what_was_not_measured_is_neither_met_nor_missed(results: Results) -> None:
    assert verdicts(results)["First sync over SOAP against dlt's custom destination, rate"] == ("–", "not measured")
    assert set(verdicts(Results()).values()) == {("–", "not measured")}


def test_a_day_of_a_larger_firm_that_asks_more_often_is_told(results: Results) -> None:
    more = child(changed=phase(1, workers=200, writes=2, calls=11))
    results.children[days_of(200)][OURS_DAYS.name] = [more]
    assert verdicts(results)["Workday calls of such days, 100 and 200 workers"] == ("9 and 11", "not met")


@pytest.mark.parametrize(
    ("pace", "verdict"), [((0.995, 0), "met"), ((0.98, 0), "not met"), ((1.0, 1), "not met"), (None, "not measured")]
)
def test_pace_counts_refusals_too(pace: tuple[float, int] | None, verdict: str) -> None:
    (found,) = [each for each in judge(Results(), pace=pace) if each.what.startswith("Paced writes")]
    assert found.verdict == verdict


def test_lines_are_sorted_by_cost_and_name_their_phase(results: Results) -> None:
    assert [line.name for line in lines_of(results, days_of(200))] == [
        "ml-connector, sync, again, 1 % changed",
        "ml-connector, sync, Workday read whole, from nothing",
        "ml-connector, sync, again, nothing changed",
        "ml-connector, sync",
    ]


def test_the_page_says_who_is_missing_and_why(results: Results) -> None:
    report = Report(
        results=results,
        targets=judge(results, pace=None),
        machine="a machine",
        command="make bench",
        measured_on=date(2026, 11, 24),
        workers=100,
        soap_workers=100,
        rest_workers=100,
        write_workers=100,
        sync_workers=100,
        rounds=3,
    )
    page = render_page(report, drawing="benchmarks.svg")
    assert "dlt, REST: cannot be installed here: no such package" in page
    tables = [line for line in page.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in tables} == {5, 8}


def test_bars_are_as_long_as_their_figures() -> None:
    bars = [Bar("a & b", 10, ours=True), Bar("c", 5, ours=False)]
    assert [row.count("█") for row in draw_text(bars)] == [40, 20]
    drawn = draw_svg({"title": bars})
    assert "a &amp; b" in drawn
    first, second = (float(width) for width in re.findall(r'width="([\d.]+)" height="15"', drawn))
    assert first == 2 * second


def test_a_changed_page_has_so_many_other_names_and_nothing_else() -> None:
    worker = b"<wd:Worker><wd:Last_Name>A</wd:Last_Name><wd:Last_Name>A</wd:Last_Name></wd:Worker>"
    page = b"<head>" + 3 * worker + b"</head>"
    renamed, left = rename(page, 2)
    assert (renamed.count(b">XA<"), left) == (4, 0)
    assert renamed.replace(b">XA<", b">A<") == page
    assert rename(page, 5)[1] == 2


def test_changed_pages_are_as_before_afterwards(tmp_path: Path) -> None:
    page = tmp_path / "soap-100-1.gz"
    page.write_bytes(before := gzip.compress(b"<wd:Worker><wd:Last_Name>A</wd:Last_Name></wd:Worker>"))
    with changed_pages(tmp_path, 100, 1):
        assert b">XA<" in gzip.decompress(page.read_bytes())
    assert (page.read_bytes(), list(tmp_path.iterdir())) == (before, [page])
