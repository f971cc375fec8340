"""Whoever releases a hold that another one replaced is led to that one."""

from __future__ import annotations

import pytest

from ml_connector.review.store import HoldInfo
from ml_connector.sync.successor import no_open_hold


def hold(name: str, members: str, **said: object) -> HoldInfo:
    values = {"guard": "deactivate_over", "type": "employee", "plant": "101", "state": "open", "releasable": True}
    words = {"reason": f"{name} is why", "remedy": "see", "created_at": "2026-11-24T09:00:00+00:00"}
    return HoldInfo(id=name, members=tuple(members), **{**values, **words, **said})


OLD = hold("aaaa1111", "abc", state="past")


@pytest.mark.parametrize(
    "successor",
    [
        hold("bbbb2222", "abcd"),
        hold("bbbb2222", "cxy", guard="deactivate_and_more"),
        hold("bbbb2222", "xyz"),
    ],
    ids=["one record more", "another guard over some of them", "the same guard over others"],
)
def test_cc12_a_hold_that_was_replaced_names_the_one_that_waits_now_and_its_command(successor: HoldInfo) -> None:
    others = [hold("cccc3333", "abc", plant="102"), hold("dddd4444", "q", guard="create_over")]
    told = no_open_hold("aaaa", kept=[OLD, *others, successor])

    assert told.message == "hold aaaa1111 was replaced by bbbb2222: bbbb2222 is why"
    assert "`ml-connector release bbbb2222`" in (told.remedy or "")


def test_cc12_who_shares_a_record_goes_before_who_shares_the_guard() -> None:
    told = no_open_hold("aaaa1111", kept=[OLD, hold("bbbb2222", "abcd"), hold("eeee5555", "xyz")])

    assert "replaced by bbbb2222: " in told.message


def test_cc12_a_successor_that_is_not_for_a_person_to_release_says_what_is() -> None:
    told = no_open_hold("aaaa1111", kept=[OLD, hold("bbbb2222", "abcd", releasable=False, remedy="grant the domain")])

    assert told.remedy == "grant the domain"


def test_cc12_a_hold_that_nothing_replaced_says_so_and_an_unknown_one_that_it_is_unknown() -> None:
    assert "waits no longer" in no_open_hold("aaaa1111", kept=[OLD]).message
    assert no_open_hold("aaaa9999", kept=[OLD]).message == "there is no open hold aaaa9999"
