"""
Two people who would be one Plex record: nothing is written of either, so that neither writes over the other (WP-01).

The ids that we make are each one person's own, so only a record that somebody chose can be another one's too. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from ml_connector.errors import RecordError
from ml_connector.mapping.record_ids import ids_made_of

Adopted = Mapping[tuple[str, str], str]


class Contest(NamedTuple):
    """The record *key* of a plant that was chosen for one person, *chooser*, and is another's, *owner*."""

    plant: str
    key: str
    chooser: str
    owner: str

    @property
    def people(self) -> tuple[str, str]:
        return self.chooser, self.owner


def find_owner(
    key: str, *, plant: str, adopted: Adopted, people: Iterable[str], tenant: str, plants: Collection[str]
) -> str | None:
    """Which of these people a Plex record of a plant belongs to, chosen or made for them; None for nobody's."""
    chosen = [one for (pcn, one), held in adopted.items() if (pcn, held) == (plant, key)]
    if not chosen and not may_be_made(key):
        return None
    living = set(people)
    made = (one for one in living if key in ids_made_of(one, tenant=tenant, plants=plants).values())
    holding = (one for one in made if adopted.get((plant, one), key) == key)
    return next((one for one in chosen if one in living), None) or next(holding, None)


def find_contests(adopted: Adopted, *, people: Iterable[str], tenant: str, plants: Collection[str]) -> list[Contest]:
    """
    Every record that is two people's: chosen for one of them, and made for the other, who has no other one there.

    Nobody but *people* is anybody: who chose a record and was joined to somebody since claims none.
    """
    claimed: dict[str, list[tuple[str, str]]] = {}
    for (plant, person), key in adopted.items():
        if may_be_made(key) and key not in ids_made_of(person, tenant=tenant, plants=plants).values():
            claimed.setdefault(key, []).append((plant, person))
    if not claimed:
        return []
    living = set(people)
    return sorted(
        Contest(plant, key, chooser, owner)
        for owner in living
        for key in claimed.keys() & ids_made_of(owner, tenant=tenant, plants=plants).values()
        for plant, chooser in claimed[key]
        if chooser in living and adopted.get((plant, owner), key) == key
    )


def tell_contest(contest: Contest, *, numbers: Mapping[str, str]) -> RecordError:
    """
    Say that two people would be one record, and how to tell which of them it is; *numbers* are theirs, where known.
    """
    chooser, owner = (numbers.get(one, one) for one in contest.people)
    return RecordError(
        f"workers {chooser} and {owner} would be one Plex employee of plant {contest.plant} ({contest.key}): "
        f"it is {owner}'s, and was chosen for {chooser}; nothing is written of either",
        code="record_of_two",
        waiting_for=f"a decision on whose Plex record of plant {contest.plant} it is",
        remedy=(
            f"ml-connector links unlink {chooser} --plant {contest.plant}   "
            f"or, if they are one person: ml-connector links relink {chooser} --to {owner}"
        ),
    )


def may_be_made(key: str) -> bool:
    """Only a name-based UUID, version 5, can be an id that we make."""
    return key[14:15] == "5"
