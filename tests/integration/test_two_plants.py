"""
A move between two plants while things go wrong: crashes at every step of Plex's transfer, answers that are lost, lists
that are read while it happens. Whatever comes, the person is one record in one plant, or waits for somebody's decision,
and nobody is created, ended or moved on a guess (PX-07, WP-09).
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

import pytest

from ml_connector.errors import MLConnectorError
from ml_connector.sandbox.http import Response
from tests.fuse import CrashError, Fuse
from tests.rehearsal import record
from tests.stage import Stage, count_lost, count_twins

WORKERS = 12
SLOW_S = 90
POINTS = 6


class Day(NamedTuple):
    """A day on which one person moves from plant 101 to plant 102; *badge* is theirs."""

    stage: Stage
    beginning: object
    badge: str


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    stage = Stage(record(WORKERS), tmp_path_factory.mktemp("stage"), confirm_within_s=10)
    stage.run()
    stage.rehearsal.plex_state()
    stage.rehearsal.day = 1
    with stage.rehearsal.alive() as life:
        (badge,) = [change.key for change in life.plan().changes if change.action == "transfer"]
    return Day(stage, stage.keep(), badge)


@pytest.fixture
def moving(day):
    day.stage.put_back(day.beginning)
    day.stage.rehearsal.plex.lag_reads(0)
    return day


def is_transfer(request):
    return request.path.endswith("/transfer")


def plants_of(day):
    """Where the person is, and whether they are active there."""
    return {
        pcn: row["status"]
        for pcn, tables in day.stage.rehearsal.plex.enterprise.plants.items()
        for row in tables.employees.values()
        if row["badgeNumber"] == day.badge
    }


def of_the_person(day, requests):
    """What was sent that could make a second record of the person, or end the one there is."""
    creations = [it for it in requests if it.method == "POST" and it.path.endswith("/employees")]
    return [it for it in creations if day.badge.encode() in it.body], [it for it in requests if is_transfer(it)]


def codes(life, badge):
    return {item.code for item in life.tools.review.parked("acme") if item.key == badge and not item.field}


def slow(day, seconds):
    day.stage.rehearsal.plex.switches.change("apply_lag_s", seconds)


def live(day, fuse, *, steps=None):
    """One process; returns what it sent. *steps* notes between which boundaries the transfer was under way."""
    with day.stage.rehearsal.alive(boundary=fuse) as life:

        def watch(request, answer):
            if steps is not None and is_transfer(request):
                steps.append(fuse.passed)
            return answer(request)

        life.wire.spoil = watch
        try:
            life.sync()
        except CrashError:
            return life.wire.writes
        if steps is not None:
            steps.append(fuse.passed)
        return life.wire.writes


def settle(day):
    """Let time pass and runs follow until nothing is sent any more."""
    sent = []
    for _run in range(4):
        day.stage.rehearsal.clock.sleep(2 * SLOW_S)
        more = live(day, Fuse())
        sent += more
        if not more:
            break
    return sent


def test_px07_a_crash_at_any_step_of_a_slow_transfer_ends_in_exactly_one_plant(moving, tally):
    """202 is not done: Plex takes a minute and a half, and the process dies anywhere between sending and giving up."""
    slow(moving, SLOW_S)
    steps = []
    live(moving, Fuse(), steps=steps)
    settle(moving)
    clean = moving.stage.ending()
    assert plants_of(moving) == {"102": "Active"}
    first, last = steps[0] - 3, steps[-1]
    for at in range(first, last, max(1, (last - first) // POINTS)):
        moving.stage.put_back(moving.beginning)
        sent = live(moving, Fuse(at))
        before = list(plants_of(moving).values())
        sent += settle(moving)
        found = moving.stage.ending()
        tally(
            "crash points of a transfer between two plants",
            boundaries=1,
            lost=count_lost(clean.plex, found.plex),
            duplicated=count_twins(found.plex) + max(0, before.count("Active") - 1),
        )
        assert before == ["Active"], at
        created, moved = of_the_person(moving, sent)
        assert (plants_of(moving), created) == ({"102": "Active"}, []), at
        assert 1 <= len(moved) <= 2, at  # once more only where both plants showed that the first had not happened
        assert found.plex == clean.plex, at
        assert found.ours == clean.ours, at


@pytest.mark.parametrize("order", ["the new plant first", "the old plant first"])
def test_px07_a_transfer_that_comes_true_between_two_lists_is_no_news_to_act_on(moving, order):
    """One list is read before, the other after: together they show nobody, or the same person twice."""
    slow(moving, SLOW_S)
    live(moving, Fuse())
    rehearsal = moving.stage.rehearsal
    assert plants_of(moving) == {"101": "Active"}
    usual = rehearsal.settings
    plants = sorted(usual.plex.plants, key=lambda plant: plant.pcn, reverse=order == "the new plant first")
    plex = usual.plex.model_copy(update={"plants": tuple(plants)})
    rehearsal.settings = usual.model_copy(update={"plex": plex})
    lists = []

    def pass_time(request, answer):
        shown = answer(request)
        if request.method == "GET" and request.path.endswith("/employees") and not request.query:
            lists.append(plants_of(moving))
            if len(lists) == 1:
                rehearsal.clock.sleep(SLOW_S)
        return shown

    try:
        with rehearsal.alive() as life:
            life.wire.spoil = pass_time
            life.sync()
            assert lists[0] != lists[1]
            assert of_the_person(moving, life.wire.writes) == ([], [])
            assert not [
                it for it in life.wire.writes if "activate" in it.path and it.path.split("/")[-2] in _ids(moving)
            ]
            seen = codes(life, moving.badge)
        assert seen <= {"in_none" if order == "the new plant first" else "in_two_tenants"}
        assert of_the_person(moving, settle(moving)) == ([], [])
    finally:
        rehearsal.settings = usual
    assert plants_of(moving) == {"102": "Active"}
    with rehearsal.alive() as life:
        assert codes(life, moving.badge) == set()


def _ids(day):
    tables = day.stage.rehearsal.plex.enterprise.plants.values()
    return {key for each in tables for key, row in each.employees.items() if row["badgeNumber"] == day.badge}


@pytest.mark.parametrize("blind", ["101", "102"])
def test_px07_with_one_plant_read_a_lost_answer_proves_nothing(moving, blind):
    """The answer is lost, and one of the two plants cannot be asked: nothing is sent until it can."""
    tenants = {plant.pcn: plant.tenant_id for plant in moving.stage.rehearsal.settings.plex.plants}
    lost = []

    def spoil(request, answer):
        if lost and request.headers.get("x-plex-connect-tenant-id") == tenants[blind]:
            return Response(503, b"")
        if is_transfer(request):
            lost.append(request)
            answer(request)
            return Response(500, b"")
        return answer(request)

    with moving.stage.rehearsal.alive() as life:
        life.wire.spoil = spoil
        with suppress(MLConnectorError):
            life.sync()
        left = life.tools.store.intents(states=("sending",))
        assert "transfer" in {intent.change.action for intent in left}
        assert of_the_person(moving, life.wire.writes) == ([], lost)
    assert of_the_person(moving, settle(moving)) == ([], [])
    assert plants_of(moving) == {"102": "Active"}
