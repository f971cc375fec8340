"""
One person behind several Workday profiles, and one Plex record per plant behind one person (WP-01).

    universal id   decides where the tenant gives one: a conversion or a rehire has a new WID and the same universal id
    WID            never changes and is never given again
    typed id       `employee 1001` is not `contingent 1001`; it can be edited, so it comes last

Names and e-mail addresses decide nothing, ever. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from msgspec import UnsetType

from ml_connector.canonical.workforce import Worker
from ml_connector.errors import RecordError

UNIVERSAL, WID, EMPLOYEE, CONTINGENT = "universal", "wid", "employee", "contingent"
_NONE: Mapping[str, Collection[str]] = {}


class Alias(NamedTuple):
    """One name Workday knows a profile by: *kind* is universal, wid, employee or contingent."""

    kind: str
    value: str


class NameOwner(NamedTuple):
    """Whom a name belongs to; *decided* by a person, not by us, so nothing overrules it."""

    person: str
    decided: bool = False


class Seen(NamedTuple):
    """Whom a name was found to belong to, and the WID of the profile it stood on."""

    person: str
    profile: str


class Identified(NamedTuple):
    """A profile with the person it belongs to; *how* tells the alias that decided, None where nobody was known."""

    worker: Worker
    person: str
    how: Alias | None


def aliases_of(worker: Worker) -> tuple[Alias, ...]:
    """Every name of a profile, the most reliable first."""
    universal = worker.universal_id
    first = (Alias(UNIVERSAL, universal),) if isinstance(universal, str) else ()
    return (*first, Alias(WID, worker.key), Alias(worker.worker_type, worker.employee_id))


def identify(
    worker: Worker,
    known: Mapping[Alias, NameOwner],
    *,
    settled: bool,
    universals: Mapping[str, Collection[str]] = _NONE,
) -> Identified:
    """
    Say which person a profile belongs to; somebody new is known by the profile's own WID.

    *universals* are the universal ids of people: whose is another than the profile's own is somebody else, though a
    number that was given again says the same of both.

    *settled* says that people were linked before: only then a rehire whom nobody knows is a question, since on the
    first day everybody is new.

    Raises:
        RecordError: two of its names belong to two people, or a rehire matches nobody (ED-12).
    """
    names = aliases_of(worker)
    own = known.get(Alias(WID, worker.key))
    if own is not None and own.decided:
        return Identified(worker, own.person, Alias(WID, worker.key))
    told = [(name, known[name].person) for name in names if name in known]
    told = [(name, person) for name, person in told if not _is_anothers(worker, name, universals.get(person, ()))]
    strong = {person for name, person in told if name.kind in {UNIVERSAL, WID}}
    if len(strong) > 1:
        raise RecordError(
            f"its universal id and its WID belong to two people ({', '.join(sorted(strong))})",
            code="identity_conflict",
            waiting_for="a decision on who it is",
            remedy=f"ml-connector links relink {worker.key} --to WORKER   (whose record it is)",
        )
    if told:
        how, person = told[0]
        return Identified(worker, person, how)
    if settled and worker.rehire is True:
        raise RecordError(
            "it is a rehire, and no earlier record of this person is known",
            code="possible_rehire",
            waiting_for="a decision on who it is",
            remedy=(
                f"ml-connector links relink {worker.key} --to WORKER   (the earlier record), "
                f"or ml-connector links relink {worker.key} --new"
            ),
        )
    return Identified(worker, worker.key, None)


def _is_anothers(worker: Worker, name: Alias, universals: Collection[str]) -> bool:
    """Whether a number stays with somebody whom another universal id tells apart from this profile (WP-01)."""
    typed, own = name.kind in {EMPLOYEE, CONTINGENT}, worker.universal_id
    return typed and isinstance(own, str) and bool(universals) and own not in universals


def news_of(identified: Iterable[Identified], known: Mapping[Alias, NameOwner]) -> dict[Alias, Seen]:
    """The names not written down yet; a typed id that belongs to somebody else stays theirs."""
    news: dict[Alias, Seen] = {}
    for each in identified:
        for name in aliases_of(each.worker):
            if name not in known:
                news.setdefault(name, Seen(each.person, each.worker.key))
    return news


def is_at_work(profile: Worker, *, today: date) -> bool:
    """
    Whether a profile was last shown as active, and no ending that has passed was told: not being shown is none (CC-11).
    """
    last = profile.terminated_on
    return profile.active is True and not (isinstance(last, date) and last < today)


def governing(profiles: Sequence[Worker]) -> Worker:
    """
    The profile that speaks for a person: the active one, else the one that ended last, else the one hired last.

    So a conversion that lies ahead changes nothing before its day (ED-14), and a gap between two employments is one
    ending and one return of the same record (ED-16).

    Raises:
        RecordError: several profiles of one person are active at once.
    """
    active = [profile for profile in profiles if profile.active is True]
    if len(active) > 1:
        last = max(active, key=lambda each: (_day(each.hired_on), each.key))
        names = ", ".join(sorted(f"{each.worker_type} {each.employee_id}" for each in active))
        raise RecordError(
            f"several profiles of one person are active at once: {names}",
            code="two_active_profiles",
            waiting_for="one active profile in Workday",
            remedy=f"end one of them in Workday; if they are two people: ml-connector links relink {last.key} --new",
        )
    if active:
        return active[0]
    return max(profiles, key=lambda each: (_day(each.terminated_on), _day(each.hired_on), each.key))


def _day(value: date | UnsetType | None) -> date:
    return value if isinstance(value, date) else date.min
