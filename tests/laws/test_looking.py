"""However often, in whatever order, portions and zone our program looks: the same history ends the same."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any

import pytest

from ml_connector.connectors.port import Page, Query
from tests.laws.firm import as_it_is, found
from tests.laws.history import DAYS, chance_of, settle
from tests.laws.law import law
from tests.laws.verdict import check_truth, differences, ending, master
from tests.zones import ZONES


class Shuffled:
    """A connector whose records come in another order, over all pages; what it announces stays true."""

    def __init__(self, connector: Any, *, random: Random) -> None:
        self._connector, self._random = connector, random

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    def read(self, query: Query) -> Iterator[Page]:
        pages = list(self._connector.read(query))
        records = [record for page in pages for record in page.records]
        self._random.shuffle(records)
        for page in pages:
            part, records = records[: len(page.records)], records[len(page.records) :]
            yield Page(tuple(part), page.number, page.of_pages, page.total)


@law(examples=1)
def test_m1_page_size_invariance(events, tally):
    """M-1: pages of 1, 7, 100 and 999 records."""
    steps, endings = settle(events), {}
    for size in (1, 7, 100, 999):
        with found(steps, workday={"page_size": size}) as firm:
            endings[size] = ending(firm.live(every=10))
    for size in (1, 7, 999):
        assert differences(endings[100], endings[size]) == [], f"pages of {size}"
    tally("M-1 page size", histories=1, page_sizes=4)


@law(examples=2)
def test_m2_poll_frequency_invariance(events, tally):
    """M-2: a look every second day, every fifth and one at the end; and it is what Workday says."""
    steps, states = settle(events), {}
    for every in (2, 5, DAYS):
        with found(steps) as firm:
            states[every] = master(firm.live(every=every, after=check_truth))
    assert differences(states[DAYS], states[2]) == []
    assert differences(states[DAYS], states[5]) == []
    tally("M-2 poll frequency", histories=1, frequencies=3)


@law(examples=2)
def test_m3_order_invariance(events, tally):
    """M-3: records of both systems come in any order, over all pages: the plans are the same bytes."""
    steps, chance, endings = settle(events), chance_of(events), []
    for seen in (as_it_is, lambda it: Shuffled(it, random=chance)):
        plans = []
        with found(steps, workday={"page_size": 20}, seen=seen) as firm:
            firm.live(every=6, after=lambda firm, plans=plans: plans.append(firm.newest_plan()))
            endings.append(ending(firm) | {"plans": plans})
    assert differences(*endings) == []
    tally("M-3 order", histories=1)


@law(examples=2)
def test_m4_idempotence(events, tally):
    """M-4: a second sync of the same day writes nothing, and the end is as with one sync a day."""
    steps, second = settle(events), 0
    with found(steps) as firm:
        while firm.day < DAYS - 1:
            firm.next_day()
            if firm.day % 4 == 0:
                firm.sync()
                before = firm.writes
                firm.sync()
                second += firm.writes - before
                assert firm.writes == before, f"day {firm.day}"
        twice = master(firm.live())
    with found(steps) as firm:
        assert differences(master(firm.live(every=4)), twice) == []
    tally("M-4 idempotence", histories=1, writes_of_a_second_run=second)


@law(examples=1)
def test_m5_incremental_equals_rebuild(events, tally):
    """
    M-5: day by day into Plex as it was = the whole into an empty Plex on the last day, and both are what Workday says.

    Compared is `master`: who ended is never created in the rebuild.
    """
    steps = settle(events)
    with found(steps) as firm:
        day_by_day = master(firm.live(after=check_truth))
    with found(steps, fresh=True) as firm:
        rebuilt = master(firm.live(every=DAYS, after=check_truth))
    assert differences(day_by_day, rebuilt) == []
    tally("M-5 rebuild", histories=1, people=len(rebuilt["people"]))


@pytest.fixture
def zone():
    """Set the zone of this process, and put it back."""
    before = os.environ.get("TZ")

    def be_in(name: str | None) -> None:
        os.environ.pop("TZ", None)
        if name is not None:
            os.environ["TZ"] = name
        time.tzset()

    yield be_in
    be_in(before)


@law(examples=1)
def test_m10_tz09_zone_invariance(events, zone, tally):
    """M-10, TZ-09: plans are the same bytes in every zone, while clocks are set back and plants have different days."""
    start = date(2026, 10, 20)
    steps, endings = settle(events, start=start), {}
    for name in ZONES:
        zone(name)
        with found(steps, start=start, late=True) as firm:
            plans = []
            firm.live(every=6, after=lambda firm, plans=plans: plans.append(firm.newest_plan()))
            endings[name] = ending(firm) | {"plans": plans}
    for name in ZONES[1:]:
        assert differences(endings["UTC"], endings[name]) == [], name
    tally("M-10 zone", histories=1, zones=len(ZONES))
