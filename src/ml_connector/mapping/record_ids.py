"""
Which Plex record is a person's in a plant: the one somebody chose, or the one whose id we make of both (PX-01). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, partial

from ml_connector.mapping.plex import employee_uuid

_LATELY = 1_000
"""So many people's ids are kept: of one worker they are asked for plant by plant, of a manager by each of theirs."""


def ids_made_of(person: str, *, tenant: str, plants: Iterable[str]) -> dict[str, str]:
    """The id we make for a person, by plant; a transfer takes it along."""
    return {plant: employee_uuid(tenant, plant=plant, person=person) for plant in plants}


class RecordIds:
    """The ids of employees, by plant and person, for one tenant and what Plex holds now."""

    def __init__(
        self,
        *,
        tenant: str,
        plants: Sequence[str],
        adopted: Mapping[tuple[str, str], str],
        homes: Mapping[str, Sequence[str]],
    ) -> None:
        """*adopted* and *homes* as `Projection` is given them."""
        self._adopted, self._homes = adopted, homes
        self._made_of = lru_cache(maxsize=_LATELY)(partial(ids_made_of, tenant=tenant, plants=plants))

    def of(self, plant: str, person: str) -> str:
        """
        The id of a person's employee in a plant: chosen, or the plant's own of this person (PX-01).

        A transfer takes an id along, so a person's record may carry the id of another plant, and that id is then no
        other record's: all of this follows from what Plex holds, whatever our own database remembers.
        """
        chosen = self._adopted.get((plant, person))
        if chosen is not None:
            return chosen
        ids = self.each(person)
        here = next((key for key in ids.values() if plant in self._homes.get(key, ())), None)
        return here or self._free(ids, ids[plant])

    def _free(self, ids: Mapping[str, str], key: str) -> str:
        """
        An id for a new record: where one's own is in another plant, the id of that plant, and so on.

        No two plants come to the same one: each id is taken along by one record at most.
        """
        for _ in ids:
            homes = self._homes.get(key)
            if homes is None or homes[0] not in ids:
                break
            key = ids[homes[0]]
        return key

    def each(self, person: str) -> dict[str, str]:
        """The id a person would have for themselves in each plant."""
        return self._made_of(person)
