"""Who speaks for a person of several profiles, where Workday shows one of them and not the other."""

from __future__ import annotations

from datetime import date
from typing import Any

from ml_connector.canonical.workforce import Worker
from ml_connector.sync.identify import Identities
from ml_connector.timeline.identity import is_at_work

TODAY = date(2026, 11, 23)


def profile(key: str, **values: Any) -> Worker:
    return Worker(key=key, employee_id=f"E{key}", worker_type="employee", **({"active": True} | values))


def people(*shown: Worker, unshown: Worker) -> tuple[list[Any], dict[str, Any]]:
    conflicts: dict[str, Any] = {}
    who = Identities(joined={"b": "a"}, unshown={"a": [unshown]})
    return list(who.people(iter(shown), conflicts, {})), conflicts


def test_cc_11_a_profile_that_is_not_shown_still_counts_as_active() -> None:
    yielded, conflicts = people(profile("b"), unshown=profile("a"))
    assert yielded == []
    assert conflicts["a"].code == "two_active_profiles", "a question is no less one because half of it is not shown"


def test_cc_11_who_is_at_work_by_a_profile_that_is_not_shown_is_not_ended_by_another() -> None:
    ended = profile("a", active=False, terminated_on=date(2026, 11, 1))
    assert people(ended, unshown=profile("b")) == ([], {})


def test_cc_11_an_ending_that_was_told_counts_though_the_profile_is_not_shown() -> None:
    assert is_at_work(profile("a", terminated_on=TODAY), today=TODAY)
    assert not is_at_work(profile("a", terminated_on=date(2026, 11, 22)), today=TODAY)
    assert not is_at_work(profile("a", active=False), today=TODAY)


def test_wp_01_the_way_out_of_two_active_profiles_names_the_later_one() -> None:
    early, late = profile("a", hired_on=date(2020, 1, 1)), profile("b", hired_on=date(2026, 1, 1))
    _yielded, conflicts = people(late, unshown=early)
    assert "ml-connector links relink b --new" in conflicts["a"].remedy
