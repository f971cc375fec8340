"""
How much of what current workers and seats use is mapped, so that a gap is seen before it parks anybody (RD-06). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from ml_connector.errors import RecordError
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import Crosswalk, MappingRow

Standing = Literal["missing", "proposed", "mapped"]
_WORST_FIRST: tuple[Standing, ...] = ("missing", "proposed", "mapped")


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """One Workday code in use in a plant, and how many current workers use it: none where only seats do."""

    plant: str
    kind: Kind
    source: str
    workers: int


class CoverageLine(msgspec.Struct, frozen=True, kw_only=True):
    """Where one used code stands; *remedy* is the command that maps it, None when it is mapped."""

    plant: str
    kind: Kind
    source: str
    workers: int
    standing: Standing
    row: MappingRow | None = None
    remedy: str | None = None


class KindSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One kind at a glance: codes by standing, and how many uses by workers wait for a mapping."""

    kind: Kind
    mapped: int
    proposed: int
    missing: int
    workers_waiting: int


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """All used codes, what hurts most first, and a summary per kind that is in use."""

    lines: tuple[CoverageLine, ...]
    summary: tuple[KindSummary, ...]

    @property
    def complete(self) -> bool:
        """Whether every used code has an accepted row."""
        return all(line.standing == "mapped" for line in self.lines)


def cover(usages: Iterable[Usage], *, crosswalk: Crosswalk) -> Coverage:
    """Look every used code up and count. Usages of the same code in the same plant are added together."""
    workers: dict[tuple[str, Kind, str], int] = {}
    for usage in usages:
        used = (usage.plant, usage.kind, usage.source)
        workers[used] = workers.get(used, 0) + usage.workers
    lines = [_line(*used, workers=count, crosswalk=crosswalk) for used, count in workers.items()]
    lines.sort(key=lambda line: (_WORST_FIRST.index(line.standing), -line.workers, line.plant, line.kind, line.source))
    kinds = [kind for kind in Kind if any(line.kind == kind for line in lines)]
    return Coverage(lines=tuple(lines), summary=tuple(_summarise(kind, lines) for kind in kinds))


def _line(plant: str, kind: Kind, source: str, *, workers: int, crosswalk: Crosswalk) -> CoverageLine:
    row = crosswalk.find(kind, source=source, plant=plant)
    standing: Standing = "mapped"
    remedy = None
    if row is None or row.state != "accepted":
        standing = "missing" if row is None else "proposed"
        remedy = _remedy(plant, kind, source, crosswalk)
    return CoverageLine(
        plant=plant, kind=kind, source=source, workers=workers, standing=standing, row=row, remedy=remedy
    )


def _remedy(plant: str, kind: Kind, source: str, crosswalk: Crosswalk) -> str | None:
    try:
        crosswalk.resolve(kind, source=source, plant=plant)
    except RecordError as error:
        return error.remedy
    return None


def _summarise(kind: Kind, lines: Iterable[CoverageLine]) -> KindSummary:
    own = [line for line in lines if line.kind == kind]
    count = {standing: sum(line.standing == standing for line in own) for standing in _WORST_FIRST}
    return KindSummary(
        kind=kind,
        mapped=count["mapped"],
        proposed=count["proposed"],
        missing=count["missing"],
        workers_waiting=sum(line.workers for line in own if line.standing != "mapped"),
    )
