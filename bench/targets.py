"""What was promised, held against what was measured. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.contest import (
    AIRBYTE,
    AIRBYTE_FIT,
    AIRBYTE_KEPT,
    DLT,
    OURS_DAYS,
    OURS_ONE_CORE,
    OURS_REST_SYNC,
    OURS_SOAP,
    OURS_STAFFING,
    OURS_SYNC,
    SINGER,
    SINGER_KEPT,
    SPLIT,
    XMLTODICT,
    ZEEP,
    Results,
)
from bench.measure import Phase, Target, ratio, spread

READ_SOAP = "Read and keep, SOAP"
READ_REST = "Read and keep, REST"
UPSERT = "Read and upsert to Plex"
PACE = "Paced writes"
HELP = "ml-connector --help"
DAYS = "Days of a sync"


def days_of(workers: int) -> str:
    """The contest of a firm of so many."""
    return f"{DAYS}, {workers:,} workers"


def judge(results: Results, *, pace: tuple[float, int] | None) -> list[Target]:
    """
    List every promise. *pace* is the share of the budget reached and the number of refusals for pace.

    One core's work is compared by CPU, all cores' by rate: a rate holds what is done side by side, and the waiting.
    """
    soap, zeep = results.phases(READ_SOAP, OURS_SOAP.name), results.phases(READ_SOAP, ZEEP.name)
    same_read = results.phases(READ_SOAP, OURS_SOAP.name, "unchanged")
    rest, first = results.phases(READ_REST, OURS_STAFFING.name), results.phases(UPSERT, OURS_SYNC.name)
    upserted, over_rest = results.phases(UPSERT, DLT.name), results.phases(UPSERT, OURS_REST_SYNC.name)
    bare, alone = results.phases(READ_SOAP, SPLIT.name), results.phases(READ_SOAP, OURS_ONE_CORE.name)
    return [
        _times("SOAP read in one process against the zeep script, CPU", alone, zeep, 25),
        _times("SOAP read with all cores against the zeep script, rate", soap, zeep, 45, by=_wall_s),
        _times(
            "SOAP read in one process against the xmltodict script, CPU",
            alone,
            results.phases(READ_SOAP, XMLTODICT.name),
            5,
        ),
        _share("CPU of a SOAP read in one process, of a bare split and pick of the same bytes", alone, bare, 1.3),
        _times("SOAP read with nothing changed against the zeep script, rate", same_read, zeep, 110, by=_wall_s),
        *(
            _times(f"REST read against {what}, rate", rest, results.phases(READ_REST, peer.name), wanted, by=_wall_s)
            for what, peer, wanted in (
                ("the Singer SDK tap", SINGER, 2.7),
                ("the same tap, kept by its target", SINGER_KEPT, 2.7),
                ("Airbyte's source", AIRBYTE, 5),
                ("the same source, values fitted to its schema", AIRBYTE_FIT, 5),
                ("the same source, kept by PyAirbyte", AIRBYTE_KEPT, 5),
            )
        ),
        _times("First sync over REST against dlt's custom destination, rate", over_rest, upserted, 8, by=_wall_s),
        _times(
            "First sync over REST against dlt's custom destination, writes a second",
            over_rest,
            upserted,
            8,
            by=_wall_s_a_write,
        ),
        _times("First sync over SOAP against dlt's custom destination, rate", first, upserted, 8, by=_wall_s),
        _times(
            "First sync over SOAP against dlt's custom destination, writes a second",
            first,
            upserted,
            8,
            by=_wall_s_a_write,
        ),
        _times(
            "Sync over SOAP again, nothing changed, against dlt's custom destination run again, rate",
            results.phases(UPSERT, OURS_SYNC.name, "unchanged"),
            results.phases(UPSERT, DLT.name, "unchanged"),
            8,
            by=_wall_s,
        ),
        *_days(results, zeep=zeep),
        *_memory(results),
        _help(results),
        _pace(pace),
    ]


def _days(results: Results, *, zeep: Sequence[Phase]) -> list[Target]:
    """What days cost on which nothing, and on which little changed; judged by the firm of the most workers."""
    firms = [contest for contest in results.children if contest.startswith(DAYS)]
    first, again, changed, read = (
        results.phases(firms[-1], OURS_DAYS.name, phase) if firms else []
        for phase in ("cold", "unchanged", "changed", "read")
    )
    first = first * len(again)
    return [
        _times("Sync with nothing changed against the zeep script's read, rate", again, zeep, 110, by=_wall_s),
        _share("CPU of a sync with nothing changed, of a first one", again, first, 0.2),
        _count("Writes of a sync with nothing changed", again, [0] * len(again)),
        _share("CPU of a day with one worker in a hundred changed, of reading all of Workday", changed, read, 0.3),
        _count("Writes of such a day", changed, [phase.workers // 100 for phase in changed]),
        _calls(results, firms),
    ]


def _calls(results: Results, firms: Sequence[str]) -> Target:
    """
    Each day asks as often, whatever the size of the firm: but for a page, as a hundred more have changed where one in a
    hundred does, and a window of the log reaches back into the day before.
    """
    days = {firm: results.phases(firm, OURS_DAYS.name, "changed") for firm in firms}
    asked = [[phase.calls for phase in each] for each in days.values()]
    sizes = " and ".join(f"{each[0].workers:,}" for each in days.values() if each)
    return Target(
        what=f"Workday calls of such days, {sizes or '–'} workers",
        wanted="equal, or one page of changed workers more",
        found=" and ".join(", ".join(map(str, each)) for each in asked) or "–",
        met=all(abs(one - other) <= 1 for one, other in zip(asked[0], asked[-1], strict=True))
        if len(asked) > 1
        else None,
    )


def _wall_s(phase: Phase) -> float:
    return 1 / phase.rate


def _wall_s_a_write(phase: Phase) -> float:
    return 1 / phase.write_rate


def _times(
    what: str,
    ours: Sequence[Phase],
    theirs: Sequence[Phase],
    wanted: float,
    *,
    by: Callable[[Phase], float] = lambda phase: phase.cpu_ms_each,
) -> Target:
    if not ours or not theirs:
        return Target(what=what, wanted=f"≥ {wanted:g} ×", found="–", met=None)
    costs = [list(map(by, side)) for side in (ours, theirs)]
    found = ratio(*costs)
    said = f"{found.median:.1f} × ({found.low:.1f}–{found.high:.1f})"
    return Target(what=what, wanted=f"≥ {wanted:g} ×", found=said, met=found.median >= wanted)


def _share(what: str, some: Sequence[Phase], whole: Sequence[Phase], most: float) -> Target:
    """Compare CPU per worker."""
    wanted = f"≤ {most:g} ×"
    if not some or not whole:
        return Target(what=what, wanted=wanted, found="–", met=None)
    found = ratio([each.cpu_ms_each for each in whole], [each.cpu_ms_each for each in some])
    said = f"{found.median:.2f} × ({found.low:.2f}–{found.high:.2f})"
    return Target(what=what, wanted=wanted, found=said, met=found.median <= most)


def _count(what: str, phases: Sequence[Phase], wanted: Sequence[int]) -> Target:
    found = [phase.writes for phase in phases]
    words = ", ".join(str(number) for number in sorted(set(wanted))) or "–"
    return Target(
        what=what, wanted=words, found=", ".join(map(str, found)) or "–", met=found == list(wanted) if found else None
    )


def _memory(results: Results) -> list[Target]:
    targets = []
    for contest, by_name in results.children.items():
        if contest.startswith("Memory"):
            peaks = [child.peak_mb for child in by_name[OURS_SOAP.name]]
            what = contest.replace("Memory", "Peak memory of the reading process")
            found, met = ("–", None) if not peaks else (f"{max(peaks):.0f} MB", max(peaks) <= 100)
            targets.append(Target(what=what, wanted="≤ 100 MB", found=found, met=met))
    return targets


def _help(results: Results) -> Target:
    cpu = [child.cpu_s for child in results.children[HELP][HELP]]
    if not cpu:
        return Target(what=f"CPU of {HELP}", wanted="< 0.4 s", found="–", met=None)
    found = spread(cpu)
    said = f"{found.median:.2f} s ({found.low:.2f}–{found.high:.2f})"
    return Target(what=f"CPU of {HELP}", wanted="< 0.4 s", found=said, met=found.median < 0.4)


def _pace(pace: tuple[float, int] | None) -> Target:
    what, wanted = f"{PACE}: share of the budget in one minute, refusals", "≥ 99 %, 0"
    if pace is None:
        return Target(what=what, wanted=wanted, found="–", met=None)
    share, refused = pace
    return Target(what=what, wanted=wanted, found=f"{100 * share:.1f} %, {refused}", met=share >= 0.99 and not refused)
