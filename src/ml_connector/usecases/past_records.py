"""Which Plex records were a worker's on a day that is past, by what was known then of who is who."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from ml_connector.asof.store import PastStore
from ml_connector.asof.view import HeldRecord
from ml_connector.asof.whose import Whose
from ml_connector.bootstrap import App
from ml_connector.canonical.keys import RecordType
from ml_connector.canonical.workforce import mark_number
from ml_connector.timeline.identity import CONTINGENT, EMPLOYEE
from ml_connector.timeline.links.store import LinkStore
from ml_connector.usecases.own_records import find_made_ids
from ml_connector.usecases.subjects import find_bearers


def find_people(app: App, links: LinkStore, worker: str) -> tuple[list[str], str | None]:
    """
    The people whom a number or WID names or named, and the profile of the first that it stands on.

    Of several who is active comes first, as `explain` has it.
    """
    joined, profile, bearers = links.joined(), links.profile(worker), find_bearers(app, worker)
    named = [each.key for each in bearers] + ([] if profile is None else [profile.wid])
    people = [joined.get(wid, wid) for wid in named]
    return list(dict.fromkeys(people)), next(iter(named), None)


def find_ids_then(app: App, whose: Whose, ends: Mapping[str, datetime]) -> set[str]:
    """The ids we made for all who were known to be the same person when the day ended."""
    return _ids_made(app, {wid for end in ends.values() for wid in whose.profiles(before=end)})


def theirs_then(
    app: App, links: LinkStore, whose: Whose, told: Sequence[HeldRecord], *, ends: Mapping[str, datetime], named: str
) -> list[HeldRecord]:
    """Of the records a person has or had, those that were theirs by what was known when the plant's day ended."""
    found = []
    for plant, end in ends.items():
        profiles = whose.profiles(before=end)
        made, numbers = _ids_made(app, profiles), {named, *links.numbers(sorted(profiles))}
        here = [record for record in told if record.plant == plant]
        theirs = {it.key for it in here if it.type == RecordType.EMPLOYEE and it.last.evidence.source in numbers}
        found += [record for record in here if record.key in made | theirs]
    return found


def left_by_joins(
    app: App,
    whose: Whose,
    told: Sequence[HeldRecord],
    *,
    ends: Mapping[str, datetime],
    chosen: Mapping[str, datetime],
) -> dict[tuple[str, str], datetime]:
    """By plant and id, the records that a join left to nobody, and when; one that was chosen for somebody is theirs."""
    found = {}
    for plant, end in ends.items():
        theirs = {key for key, at in chosen.items() if at < end}
        for wid in whose.profiles(before=end):
            left_at = whose.left_at(wid, before=end)
            behind = set() if left_at is None else _ids_made(app, [wid]) - theirs
            for record in told:
                if left_at is not None and record.plant == plant and record.key in behind and record.last.at < left_at:
                    found[plant, record.key] = left_at
    return found


def find_ids_ever(app: App, past: PastStore, links: LinkStore, person: str) -> set[str]:
    """The ids of every Plex record a person has, or had."""
    aliases = [name for link in links.list(person=person) for name in link.aliases]
    numbers = [mark_number(name.kind, name.value) for name in aliases if name.kind in {EMPLOYEE, CONTINGENT}]
    own, joined = _ids_of(app, links, person), links.joined()
    found = past.keys_of(numbers) - own
    # A number that was given again stands in the changes of both who bore it.
    others = {joined.get(each.key, each.key) for each in find_bearers(app, *numbers)} - {person} if found else set()
    return (own | found).difference(*(_ids_of(app, links, other) for other in others))


def _ids_of(app: App, links: LinkStore, person: str) -> set[str]:
    """The ids a person's records have by what we make of their WIDs, and by what somebody chose."""
    return _ids_made(app, {person, *links.followers(person)}) | set(links.adopted(person=person).values())


def _ids_made(app: App, people: Iterable[str]) -> set[str]:
    return {key for one in people for key in find_made_ids(app, one).values()}
