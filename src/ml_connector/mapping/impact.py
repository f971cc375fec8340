"""
Whom a change of the crosswalk moves, before it is made. Pure.

Counted are people, each once: by what they use today, on every day on which the change begins or ends to count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Literal

import msgspec

from ml_connector.mapping.crosswalk import Crosswalk, MappingRow
from ml_connector.mapping.reference_data import Use

Effect = Literal["lost", "rerouted", "gained"]
_WORST_FIRST: tuple[Effect, ...] = ("lost", "rerouted", "gained")


class Impact(msgspec.Struct, frozen=True, kw_only=True):
    """
    What happens to the people of one plant: *rerouted* from one answer to another, *gained* a first one, *lost* the
    only one.
    """

    plant: str
    rerouted: int = 0
    gained: int = 0
    lost: int = 0

    def __str__(self) -> str:
        told = [
            f"re-routes {_people(self.rerouted)}" if self.rerouted else "",
            f"maps {_people(self.gained)} for the first time" if self.gained else "",
            f"leaves {_people(self.lost)} without a mapping" if self.lost else "",
        ]
        return f"{', '.join(word for word in told if word)} in plant {self.plant}"


def count_impact(
    people: Iterable[Collection[Use]],
    *,
    before: Crosswalk,
    after: Crosswalk,
    days: Mapping[str, Collection[date]],
) -> list[Impact]:
    """
    Count per plant those of *people*, each told by what they use, for whom some answer differs on one of the *days*.
    """

    @cache
    def effect_on(use: Use) -> Effect | None:
        plant, kind, source = use
        effects = set()
        for day in days.get(plant, ()):
            old = before.find(kind, source=source, plant=plant, on=day)
            new = after.find(kind, source=source, plant=plant, on=day)
            effects.add(_effect(_accepted(old), _accepted(new)))
        return next((effect for effect in _WORST_FIRST if effect in effects), None)

    counts: Counter[tuple[str, Effect]] = Counter()
    for uses in people:
        for plant in {plant for plant, _, _ in uses}:
            effects = {effect_on(use) for use in uses if use[0] == plant}
            worst = next((effect for effect in _WORST_FIRST if effect in effects), None)
            if worst is not None:
                counts[plant, worst] += 1
    return [
        Impact(plant=plant, **{effect: counts[plant, effect] for effect in _WORST_FIRST})
        for plant in sorted({plant for plant, _ in counts})
    ]


def days_of_change(today: Mapping[str, date], changed: Iterable[MappingRow]) -> dict[str, list[date]]:
    """The days on which rows begin, or have just ended, from today on: what is past moves nobody any more."""
    turns = set()
    for row in changed:
        turns |= {row.effective_on} if row.effective_on else set()
        turns |= {row.ends_on + timedelta(days=1)} if row.ends_on else set()
    return {plant: [day, *sorted(turn for turn in turns if turn > day)] for plant, day in today.items()}


def _effect(old: dict[str, str] | None, new: dict[str, str] | None) -> Effect | None:
    if old == new:
        return None
    if old is None:
        return "gained"
    return "lost" if new is None else "rerouted"


def _accepted(row: MappingRow | None) -> dict[str, str] | None:
    return row.target if row is not None and row.state == "accepted" else None


def _people(count: int) -> str:
    return f"{count} worker{'' if count == 1 else 's'}"
