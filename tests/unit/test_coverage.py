"""Coverage: what current workers use, and what of it is mapped."""

from __future__ import annotations

from ml_connector.mapping.claim import Kind
from ml_connector.mapping.coverage import Usage, cover
from ml_connector.mapping.crosswalk import Crosswalk, MappingRow


def job(source: str, *, state: str = "accepted", plant: str = "101") -> MappingRow:
    return MappingRow(kind=Kind.JOB_PROFILE, plant=plant, source=source, target={"position": "P"}, state=state)


def use(source: str, workers: int, *, kind: Kind = Kind.JOB_PROFILE, plant: str = "101") -> Usage:
    return Usage(plant=plant, kind=kind, source=source, workers=workers)


CROSSWALK = Crosswalk([job("MAPPED"), job("SUGGESTED", state="proposed"), job("ANYWHERE", plant="*")])


def test_rd_06_what_hurts_most_comes_first() -> None:
    usages = [use("MAPPED", 90), use("SUGGESTED", 5), use("GONE", 1), use("LOST", 7), use("ANYWHERE", 2, plant="102")]
    coverage = cover(usages, crosswalk=CROSSWALK)

    assert [(line.source, line.standing, line.workers) for line in coverage.lines] == [
        ("LOST", "missing", 7),
        ("GONE", "missing", 1),
        ("SUGGESTED", "proposed", 5),
        ("MAPPED", "mapped", 90),
        ("ANYWHERE", "mapped", 2),
    ]
    assert not coverage.complete


def test_rd_06_the_summary_counts_codes_and_the_workers_behind_gaps() -> None:
    usages = [use("MAPPED", 90), use("SUGGESTED", 5), use("LOST", 7), use("DET", 4, kind=Kind.LOCATION)]
    jobs, places = cover(usages, crosswalk=CROSSWALK).summary

    assert (jobs.kind, jobs.mapped, jobs.proposed, jobs.missing, jobs.workers_waiting) == ("job_profile", 1, 1, 1, 12)
    assert (places.kind, places.missing, places.workers_waiting) == ("location", 1, 4)


def test_rd_07_every_gap_carries_the_command_that_closes_it() -> None:
    lost, suggested, mapped = cover([use("LOST", 1), use("SUGGESTED", 1), use("MAPPED", 1)], crosswalk=CROSSWALK).lines

    assert (lost.remedy or "").startswith("ml-connector mapping set job_profile LOST --plant 101")
    assert "--accept-proposed" in (suggested.remedy or "")
    assert mapped.remedy is None


def test_rd_12_the_same_code_in_two_plants_is_two_lines() -> None:
    coverage = cover([use("MAPPED", 3), use("MAPPED", 2), use("MAPPED", 4, plant="102")], crosswalk=CROSSWALK)

    assert [(line.plant, line.standing, line.workers) for line in coverage.lines] == [
        ("102", "missing", 4),
        ("101", "mapped", 5),
    ]


def test_nothing_used_is_complete() -> None:
    coverage = cover([], crosswalk=CROSSWALK)

    assert coverage.complete
    assert coverage.summary == ()
