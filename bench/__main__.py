"""
`python -m bench`: our reading and writing beside what people write by hand or build from kits, on this machine.

Nothing here is asserted anywhere: a figure depends on the machine, and only figures of one run compare.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from rich.console import Console

from bench import contest, control, targets
from bench.contest import OURS_PACE, OURS_SOAP, Results, compete, served
from bench.measure import run_child
from bench.report import Report, describe_machine, print_report, write_report


def main() -> None:
    options = _parse()
    console = Console(width=max(118, Console().width))  # no column of a figure is ever wrapped
    say = partial(console.print, style="dim", highlight=False)
    results, pace = Results(), None
    for wanted in options.only.split(","):
        if wanted == "soap":
            _read_soap(results, options, say)
        elif wanted == "rest":
            _read_rest(results, options, say)
        elif wanted == "upsert":
            _upsert(results, options, say)
        elif wanted == "days":
            _live_days(results, options, say)
        elif wanted == "memory":
            _measure_memory(results, options, say)
        elif wanted == "help":
            _measure_help(results)
        elif wanted == "pace":
            pace = _measure_pace(results, options, say)
        else:
            sys.exit(f"bench: there is no part {wanted}; there are {_PARTS}")
    report = Report(
        results=results,
        targets=targets.judge(results, pace=pace),
        machine=describe_machine(),
        command="make bench" + (f' BENCH="{" ".join(sys.argv[1:])}"' if sys.argv[1:] else ""),
        measured_on=datetime.now(UTC).date(),
        workers=options.workers,
        soap_workers=options.soap_workers,
        rest_workers=options.rest_workers,
        write_workers=options.write_workers,
        sync_workers=options.sync_workers,
        rounds=options.rounds,
    )
    print_report(report, console)
    if options.write:
        write_report(report, Path(options.write))
        say(f"written to {options.write}")


_PARTS = "soap,rest,upsert,days,memory,help,pace"


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--workers", type=int, default=1000, help="workers in the other readings (1000)")
    parser.add_argument("--soap-workers", type=int, default=10_000, help="workers read over SOAP by ours (10000)")
    parser.add_argument("--rest-workers", type=int, default=10_000, help="workers read over REST (10000)")
    parser.add_argument(
        "--write-workers", type=int, default=2000, help="workers in the readings that also write (2000)"
    )
    parser.add_argument("--sync-workers", type=int, default=10_000, help="workers in the days of a sync (10000)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each contestant (3)")
    parser.add_argument("--seconds", type=int, default=65, help="length of the paced writing (65)")
    parser.add_argument("--full", action="store_true", help="memory at 100,000 workers too; takes long")
    parser.add_argument("--only", default=_PARTS, help=f"parts, with commas between: {_PARTS}")
    parser.add_argument("--write", default="docs/benchmarks.md", help="where the report goes; empty for nowhere")
    return parser.parse_args()


def _read_soap(results: Results, options: argparse.Namespace, say: contest.Say) -> None:
    """Ours reads everybody; the peers, who take the same for each, the first of the same pages."""
    first = {"workers": min(options.workers, options.soap_workers)}
    peers = [replace(peer, order=first) for peer in (contest.SPLIT, contest.XMLTODICT, contest.ZEEP)]
    compete(
        results,
        targets.READ_SOAP,
        [OURS_SOAP, contest.OURS_ONE_CORE, *peers],
        rounds=options.rounds,
        serve=partial(served, options.soap_workers),
        fresh=False,
        say=say,
    )


def _read_rest(results: Results, options: argparse.Namespace, say: contest.Say) -> None:
    compete(
        results,
        targets.READ_REST,
        [
            contest.OURS_STAFFING,
            contest.OURS_REST,
            contest.REQUESTS,
            contest.SINGER,
            contest.SINGER_KEPT,
            contest.AIRBYTE,
            contest.AIRBYTE_FIT,
            contest.AIRBYTE_KEPT,
            contest.DLT,
        ],
        rounds=options.rounds,
        serve=partial(served, options.rest_workers),
        fresh=False,
        say=say,
    )


def _upsert(results: Results, options: argparse.Namespace, say: contest.Say) -> None:
    compete(
        results,
        targets.UPSERT,
        [contest.OURS_SYNC, contest.OURS_REST_SYNC, contest.XMLTODICT, contest.ZEEP, contest.REQUESTS, contest.DLT],
        rounds=options.rounds,
        serve=partial(served, options.write_workers),
        fresh=True,
        say=say,
        write=True,
    )


def _live_days(results: Results, options: argparse.Namespace, say: contest.Say) -> None:
    """Days on which nothing and little changed, for a firm of the whole size and one of half of it."""
    for workers in (options.sync_workers // 2, options.sync_workers):
        compete(
            results,
            targets.days_of(workers),
            [contest.OURS_DAYS],
            rounds=1,
            serve=partial(served, workers),
            fresh=True,
            say=say,
        )


def _measure_memory(results: Results, options: argparse.Namespace, say: contest.Say) -> None:
    for workers in (10_000, 100_000) if options.full else (10_000,):
        for page_size in (100, 999):
            compete(
                results,
                f"Memory, {workers:,} workers, {page_size} a page",
                [OURS_SOAP],
                rounds=1,
                serve=partial(served, workers),
                fresh=False,
                say=say,
                page_size=page_size,
                change=False,
            )


def _measure_help(results: Results) -> None:
    program = Path(sys.executable).parent / "ml-connector"
    results.children[targets.HELP][targets.HELP] += [run_child([str(program), "--help"]) for _ in range(5)]


def _measure_pace(results: Results, options: argparse.Namespace, say: contest.Say) -> tuple[float, int] | None:
    """Write for a little over a minute; give the share of the budget used in the first 60 s, and the refusals."""
    budget = 600
    with served(200, calls_per_minute=budget) as place:
        compete(
            results,
            targets.PACE,
            [OURS_PACE],
            rounds=1,
            serve=lambda: nullcontext(place),
            fresh=False,
            say=say,
            calls_per_minute=budget,
            seconds=options.seconds,
        )
        arrived = control.ask(place["control"] + "/requests?system=plex")
    calls = [each for each in arrived if "/mdm/" in each["path"]]
    if options.seconds < 60 or not calls:
        return None
    began = datetime.fromisoformat(calls[0]["at"])
    within = [each for each in calls if (datetime.fromisoformat(each["at"]) - began).total_seconds() < 60]
    return len(within) / budget, sum(each["status"] == 429 for each in arrived)


if __name__ == "__main__":
    main()
