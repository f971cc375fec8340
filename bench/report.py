"""The tables: in the console, and as docs/benchmarks.md with a drawing."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.chart import Bar, draw_svg, draw_text
from bench.contest import OURS, Results
from bench.measure import Spread, Target, measure_scaling, spread
from bench.targets import DAYS, PACE, READ_REST, READ_SOAP, UPSERT

_PHASES = {
    "cold": "",
    "unchanged": "again, nothing changed",
    "changed": "again, 1 % changed",
    "whole": "again, all read, nothing changed",
    "read": "Workday read whole, from nothing",
    "pace": "",
}
_PEER_NOTE = {
    READ_SOAP: (
        "Every contestant is sent the same answers: about 34 kB of XML per worker, 100 workers a page. Ours reads all of "
        "them; the peers read the first ones, as many as stand above, for they take the same for each. “One core” is ours "
        "held to one core by the kernel, so that it is one process; otherwise it lets child processes translate on the "
        "other cores, whose CPU and start are in its CPU, and the peak is that of the largest process."
    ),
    READ_REST: (
        "Everybody reads the same pages of the staffing service, 100 workers each. The Singer tap and Airbyte's source hand "
        "records on and keep none: run alone, what they write goes to /dev/null. Beside them they stand as their users keep "
        "records: the tap piped into target-jsonl, a process of its own and the cheapest target there is; the source run by "
        "PyAirbyte, which keeps its records in DuckDB. “Values fitted to its schema” is the source with the choice "
        "`schema_normalization: Default`, which is off unless chosen. “REST + WQL” is what a tenant that grants more is read by: the WQL source of workers too, joined to the "
        "staffing service's, so that the records are the same as over SOAP; its answers are rendered while they are sent, so "
        "that the wall time holds the server's work."
    ),
    UPSERT: (
        "The peers send one request per worker that exists and two per worker that does not, and forget the answer. "
        "Ours is a whole first sync, over SOAP, and over REST with WQL: it reads both systems (positions, cost centers, job "
        "profiles and locations too), plans, writes its intent down before each write, sends employees and their attributes, "
        "reads back what was only accepted, and keeps the audit trail. So it is told per write too: *writes/s* are records "
        "written, however many requests that took. Ours and dlt's run again too, when nothing has changed: dlt sends every "
        "employee once more, as it did not keep what it was told; ours first reads once, unmeasured, what it wrote itself. Its "
        "process CPU and peak are those of all its runs here. Over REST, which keeps no log, it reads everybody each time."
    ),
    DAYS: (
        "A whole sync after the first one, over SOAP: a day on which nothing changed, one on which one worker in a hundred "
        "took another name, and one on which all is read again though nothing changed. Beside each day of changes, in the "
        "same process, Workday's workers, positions, job profiles, locations and cost centers, which such a day reads the "
        "changes of, are read into an empty store, with no Plex and no plan: that is what it is measured against."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Report:
    """All there is to print."""

    results: Results
    targets: list[Target]
    machine: str
    command: str
    measured_on: date
    workers: int
    soap_workers: int
    rest_workers: int
    write_workers: int
    sync_workers: int
    rounds: int


@dataclass(frozen=True)
class Line:
    """One line of a contest's table."""

    name: str
    rate: Spread
    cpu_ms: Spread
    process_cpu_s: Spread
    peak_mb: Spread
    writes: int
    write_rate: Spread


def lines_of(results: Results, contest: str) -> list[Line]:
    """Sum up a contest, the cheapest in CPU first."""
    lines = []
    for name, children in results.children[contest].items():
        for phase, words in _PHASES.items():
            found = results.phases(contest, name, phase)
            if not found or not found[0].workers:
                continue
            line = Line(
                f"{name}, {words}" if words else name,
                spread([each.rate for each in found]),
                spread([each.cpu_ms_each for each in found]),
                spread([child.cpu_s for child in children]),
                spread([child.peak_mb for child in children]),
                found[0].writes,
                spread([each.write_rate for each in found]),
            )
            lines.append(line)
    return sorted(lines, key=lambda line: line.cpu_ms.median)


def describe_machine() -> str:
    """Name processor, cores and what they do together, memory and Python; takes some seconds."""
    model = platform.processor() or platform.machine()
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = f"{platform.python_implementation()} {platform.python_version()}"
    cores = os.cpu_count() or 1
    at_once = ""
    if cores > 1:
        at_once = f" on which {cores} processes of plain computation do {measure_scaling(cores):.1f} × the work of one,"
    return f"{model}, {cores} cores,{at_once} {memory:.0f} GB of memory, {platform.system()}, {python}"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def print_report(report: Report, console: Console) -> None:
    """Print a table per contest with its bars, then the targets."""
    for contest in _contests(report):
        table = Table(title=contest, title_justify="left", show_edge=False, pad_edge=False)
        for index, head in enumerate(_HEADS):
            table.add_column(head, justify="right" if index else "left")
        lines = lines_of(report.results, contest)
        for line in lines:
            table.add_row(*_cells(line))
        console.print(table)
        for row in draw_text(_bars(lines)):
            console.print(row, highlight=False)
        for name, reason in report.results.missing[contest].items():
            console.print(f"{name}: {reason}", style="yellow", highlight=False)
        console.print()
    table = Table(title="Targets", title_justify="left", show_edge=False, pad_edge=False)
    for head in ("what", "wanted", "found", "verdict"):
        table.add_column(head)
    for target in report.targets:
        table.add_row(target.what, target.wanted, target.found, target.verdict)
    console.print(table)


def write_report(report: Report, path: Path) -> None:
    """Write the page, and beside it one drawing of all contests."""
    drawing = path.with_suffix(".svg")
    drawing.write_text(
        draw_svg({contest: _bars(lines_of(report.results, contest)) for contest in _contests(report)}),
        encoding="utf-8",
    )
    path.write_text(render_page(report, drawing=drawing.name), encoding="utf-8")


def render_page(report: Report, *, drawing: str) -> str:
    """Write the page as Markdown; *drawing* is the picture's address."""
    page = [
        "# Benchmarks",
        "",
        f"What reading and writing cost, beside what people write by hand or build from kits. Made by `{report.command}`",
        f"on {report.measured_on}; `make bench` writes this page anew.",
        "",
        f"**Machine:** {report.machine}. Systems: the sandbox on loopback, in one child process on the same cores.",
        "",
        _how(report),
        "",
        f"![CPU per worker, shorter is better]({drawing})",
        "",
    ]
    for contest in _contests(report):
        page += _section(report.results, contest)
    page += ["## Targets", "", "| what | wanted | found | |", "|---|---|---|---|"]
    page += [f"| {each.what} | {each.wanted} | {each.found} | {each.verdict} |" for each in report.targets]
    page += ["", "A ratio is the peer's cost over ours, round by round.", "", *_notes()]
    return "\n".join(page) + "\n"


def _how(report: Report) -> str:
    return (
        f"**How:** {report.rounds} rounds, contestants alternating, one at a time; each is a child process of its own. "
        f"{report.workers:,} workers where only read, {report.soap_workers:,} by ours over SOAP, "
        f"{report.rest_workers:,} over REST, {report.write_workers:,} where written, "
        f"{report.sync_workers:,} and half of them where days pass: cost per worker is what compares. "
        "*CPU* is user and system time of the work alone, *process CPU* of the whole process with its start. Median "
        "(smallest–largest). Figures of one run compare with each other and with nothing else; the server shares the "
        "cores, so CPU says more than the rate."
    )


def _section(results: Results, contest: str) -> list[str]:
    page = [f"## {contest}", ""]
    note = next((text for name, text in _PEER_NOTE.items() if contest.startswith(name)), None)
    if note is not None:
        page += [note, ""]
    page += ["| " + " | ".join(_HEADS) + " |", "|---" + "|---:" * (len(_HEADS) - 1) + "|"]
    page += ["| " + " | ".join(_cells(line)) + " |" for line in lines_of(results, contest)]
    page += [f"| {name}: {reason}" + " |" * len(_HEADS) for name, reason in results.missing[contest].items()]
    return [*page, ""]


def _notes() -> list[str]:
    return [
        "## Read this before quoting a figure",
        "",
        "- A bare script that reads REST and keeps rows as they come costs less than we do, and always will: it proves",
        "  no completeness, keeps no history, compares nothing and stops at the first 429. The gain here is in not",
        "  parsing and not writing what did not change, and in what happens on a bad day.",
        "- A first sync writes two records per worker and proves each; it is compared with scripts that do neither. The",
        "  sandbox takes 0.2 ms of its own core for a write, some 4,500 a second at the very most: eight times dlt's workers a",
        "  second, at two writes each, is more than it can answer. Per write is what compares. It used to look at every",
        "  employee for each new one (0.5 ms with 2,000 of them, 1.6 with 8,000), which is why large firms went slower.",
        "  Half of our CPU",
        "  goes into sending: a third of all is HTTP, a sixth the durable intent, the receipt, the baseline and two audit",
        "  events of each. They stay. Three things were tried: the writes of a second share their two transactions, where 64",
        "  did (a quarter more writes a second, kept); 4, 8 and 16 writers (8 write most, and are what is configured);",
        "  Workday read over REST (a tenth less CPU for the whole sync, but WQL is answered slowly here). What is left to try is",
        "  HTTP: 0.25 ms a call, of which Python's bare client would need half, without what tells sent from not sent.",
        "- Of a reading over SOAP, translating what is new is shared with child processes once it pays for their start, which",
        "  is at some 2,000 workers; what is known is not translated, so a reading in which nothing changed is one process's",
        "  work. The sandbox sends its pages from the same cores, so with two of them the rate is less than twice that of one.",
        "- A sync in which nothing changed asks Workday for its short lists, for its log since the last reading, and for five",
        "  workers and positions to see whether the log tells everything; of Plex, which keeps no log, every list of every",
        "  plant. What grows with the number of workers is the lists of employees, and what the pretended systems spend on",
        "  giving them and on looking through a log, which is in the rate and not in the CPU.",
        "- With two cores a first reading over SOAP keeps both busy nine tenths of the time; the rest is the child's start (0.12 s",
        "  until its first answer) and threads of one interpreter waiting for each other. What two cores do together is told at",
        "  the top: where that is half as much again as one, this figure is the machine's more than any other. Helped: comparing",
        "  memberships with what was read before instead of cutting and hashing them (41 to 30 µs), twice as many records a piece",
        "  (a twentieth), looking for garbage as seldom in the child as here, copying less of a chunk. Tried and left: sending records whole while a child is idle (3 % by the clock, 5 MB",
        "  more), unpacking in a thread of its own (dearer by a twentieth), other settings of the parser (nothing). At 999",
        "  workers a page it is a twentieth faster.",
        "- A reading in which nothing changed still receives, unpacks, splits and hashes 34 kB for each worker: of its 0.07 ms",
        "  0.017 are unpacking, 0.012 cutting, 0.009 the hash, 0.01 receiving. Helped: BLAKE3 for long records (20 to 8 µs; BLAKE2b",
        "  takes 38, and a faster hash that can be made to collide would let a change be hidden: docs/adr/0011), looking for the",
        "  ends of records from the back (11 to 5 µs). Unpacking in a thread of its own takes 12 µs off the main thread and lasts",
        "  longer by the clock, as the threads wake each other for the interpreter's lock; held to one core such a reading is a",
        "  tenth faster than with two.",
        "- A day with one worker in a hundred changed places only those again of whom anything changed. What still grows with the",
        "  number of workers: Plex's lists come whole and are hashed, and each place is held against what Plex shows now. It is",
        "  measured against reading Workday and nothing else, and does much more; the workers alone are two thirds of that",
        "  reading, and such a day about a third of them; of a whole first sync it is a twentieth. Helped, a quarter of it:",
        "  questions to the database that are built once and ask for two thousand at a time, names asked for a kind at a time",
        "  (asked for pairs, SQLite read every name there is), an index on what was done, one look at the database for a whole",
        "  plan, those alike counted together, of an employee in Plex only the badge decoded, rows of a list decoded a hundred",
        "  at a time. Where two cores are two threads of one, the day runs at the speed its neighbour leaves it, while the",
        "  full reading keeps both busy itself: then the day's share swings by a third.",
        "- Days pass for our program alone; the zeep script's rate is measured with fewer workers, and it costs the same for",
        "  each.",
        "- The Singer tap and Airbyte's source alone hand rows on as they came, and both are held against ours as they are:",
        "  the comparison that is hardest on us. Whoever wants the rows kept, as ours are, runs something more: a target takes",
        "  twice the CPU of the tap it reads from, PyAirbyte's cache half as much again as the source, and fitting values to the",
        "  declared schema, the kit's own normalising, three and a half times as much as not. Each of these is a target here",
        "  too, under the same figure. The manifest declares every property, as the connector builder infers them: that costs",
        "  nothing where values are not fitted, and without it nothing can be kept.",
        "- Ours refuses a key said twice, proves the list complete, translates, and keeps every record. Of its CPU per worker",
        "  over REST about a quarter is SQLite's, a quarter HTTP, unpacking and strict decoding, the rest translating and",
        "  proving. Kept of what was tried: a page is proved by writing it again (4.4 to 2.9 µs a worker), a worker is read by",
        "  its shape (12.9 to 7.6) and its texts with fewer looks at each (4.4 to 3.9), rows are handed to the driver as they are",
        "  (8.5 to 5.2), small ones kept more at a time and in the order of their key (11.5 to 9.2 with all that SQLite does for",
        "  them), a page's objects are not looked at while it is read (2). Not kept: decoding where pages are used instead of",
        "  where they arrive, one request at a time, payload hashes first in their index (0.8, for a migration), a table",
        "  without row ids: no less CPU, or more. Five times the rate of Airbyte's bare source would leave it some 0.017 ms:",
        "  HTTP and unpacking take 6 µs, a bare decoding 2, SQLite 6, and nothing is proved or translated yet.",
        "- There is no faster parser to install. `pugixml` 0.8 parses a worker in a tenth of lxml's time, but parsing is one",
        "  part in six of a read; and it takes what is no XML: an attribute twice, an unknown entity, bytes that are no UTF-8,",
        "  an undeclared prefix, control characters, `<` in an attribute, `]]>` in a text, a text after the end. To refuse",
        "  these another parser would have to look first (docs/adr/0009-one-xml-parser.md).",
        "",
        "## Again, here",
        "",
        "```sh",
        "make bench                                           # minutes",
        'make bench BENCH="--workers 10000 --write-workers 2000 --full"   # long: memory at 100,000 workers too',
        'make bench BENCH="--only days --sync-workers 2000"   # days of a smaller firm',
        'make bench BENCH="--only soap,rest --write="         # some parts, and no page written',
        "```",
        "",
        "The peers (`bench/peers/`, pinned in `bench/requirements/`) are installed into `bench/.venvs/` when first needed,",
        "the pages are kept in `bench/.pages/`; both may be deleted at any time.",
    ]


_HEADS = ("contestant", "workers/s", "CPU ms/worker", "process CPU s", "peak MB", "writes", "writes/s")


def _cells(line: Line) -> tuple[str, ...]:
    return (
        line.name,
        _say(line.rate, 0),
        _say(line.cpu_ms, 2),
        _say(line.process_cpu_s, 1),
        f"{line.peak_mb.high:.0f}",
        str(line.writes or "–"),
        _say(line.write_rate, 0) if line.writes else "–",
    )


def _say(figures: Spread, digits: int) -> str:
    median, low, high = (f"{each:,.{digits}f}" for each in (figures.median, figures.low, figures.high))
    return median if low == high else f"{median} ({low}–{high})"


def _bars(lines: list[Line]) -> list[Bar]:
    return [Bar(line.name, line.cpu_ms.median, ours=line.name.startswith(OURS)) for line in lines]


def _contests(report: Report) -> list[str]:
    timed = [contest for contest in report.results.children if contest != PACE]
    return [contest for contest in timed if lines_of(report.results, contest)]
