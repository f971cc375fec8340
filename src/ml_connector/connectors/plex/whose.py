"""
Whose records a plant's data sources show. Pure.

By the resource API the request says which plant is meant; a web-service user of the data sources brings its own PCN
along, so two that were swapped answer well, and for the wrong plant.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping


def find_foreign(people: Mapping[str, Collection[str]], shown: Mapping[str, Collection[str]]) -> dict[str, str]:
    """
    The plants of which none of the employees that their data sources have *shown* are among their *people*, though
    another plant's are; by that plant. Pure.
    """
    found = {}
    by_plant = {plant: {key.lower() for key in keys} for plant, keys in people.items()}  # UUIDs, spelled either way
    for plant, spelled in shown.items():
        keys = {key.lower() for key in spelled}
        if keys and not keys.intersection(by_plant.get(plant, ())):
            whose = next((other for other in sorted(by_plant) if keys.intersection(by_plant[other])), None)
            if whose is not None:
                found[plant] = whose
    return found


def set_user(plant: str, other: str) -> str:
    """What to do where the user for a plant turns out to be another one's."""
    return (
        f"the web-service user of plant {plant} belongs to PCN {other}: "
        f"ml-connector credentials set plex {plant}/username   and   plex {plant}/password"
    )
