"""Who is who: by universal id, then WID, then typed id; never by name."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ml_connector.canonical.workforce import Name, Worker
from ml_connector.errors import RecordError
from ml_connector.timeline.identity import Alias, Identified, NameOwner, aliases_of, governing, identify, news_of

WID = "a" * 32


def profile(wid: str = WID, number: str = "1001", **values: Any) -> Worker:
    defaults: dict[str, Any] = {"worker_type": "employee", "universal_id": "U-1", "active": True}
    return Worker(key=wid, employee_id=number, **{**defaults, **values})


def known(*profiles: Worker) -> dict[Alias, NameOwner]:
    news = news_of([Identified(each, each.key, None) for each in profiles], {})
    return {name: NameOwner(seen.person) for name, seen in news.items()}


def test_wp_01_the_order_of_names() -> None:
    assert aliases_of(profile()) == (Alias("universal", "U-1"), Alias("wid", WID), Alias("employee", "1001"))
    assert [name.kind for name in aliases_of(profile(universal_id=None, worker_type="contingent"))] == [
        "wid",
        "contingent",
    ]


def test_wp_01_somebody_new_is_known_by_the_wid() -> None:
    assert identify(profile(), {}, settled=True) == Identified(profile(), WID, None)


def test_wp_01_a_changed_employee_id_is_the_same_person() -> None:
    assert identify(profile(number="E1001"), known(profile()), settled=True).person == WID


def test_wp_01_employee_1001_is_not_contingent_1001() -> None:
    other = profile("b" * 32, worker_type="contingent", universal_id=None)
    assert identify(other, known(profile()), settled=True).person == other.key


def test_ed_11_a_rehire_with_the_same_wid_is_the_same_person() -> None:
    assert identify(profile(rehire=True), known(profile()), settled=True).person == WID


def test_ed_12_a_rehire_with_a_new_wid_is_found_by_the_universal_id() -> None:
    again = profile("b" * 32, "2002", rehire=True)
    found = identify(again, known(profile()), settled=True)
    assert (found.person, found.how) == (WID, Alias("universal", "U-1"))


def test_ed_12_a_rehire_nobody_knows_is_a_question_and_never_matched_by_name() -> None:
    name = Name(given="Ada", family="Nguyễn")
    before = profile(universal_id=None, name=name, email="ada@acme.example")
    again = profile("b" * 32, "2002", universal_id=None, rehire=True, name=name, email="ada@acme.example")
    with pytest.raises(RecordError) as refused:
        identify(again, known(before), settled=True)
    assert refused.value.code == "possible_rehire"
    assert identify(again, {}, settled=False).person == again.key, "on the first day everybody is new"


def test_ed_13_a_conversion_is_one_person() -> None:
    converted = profile("b" * 32, worker_type="employee")
    contingent = profile(worker_type="contingent")
    assert identify(converted, known(contingent), settled=True).person == contingent.key


def test_names_of_two_people_are_a_conflict() -> None:
    one, other = profile(), profile("b" * 32, "2002", universal_id="U-2")
    mixed = profile(WID, "1001", universal_id="U-2")
    with pytest.raises(RecordError) as refused:
        identify(mixed, known(one, other), settled=True)
    assert refused.value.code == "identity_conflict"


def test_what_a_person_decided_is_not_overruled() -> None:
    converted = profile("b" * 32, "2002")
    decided = known(profile()) | {Alias("wid", converted.key): NameOwner("somebody else", decided=True)}
    assert identify(converted, decided, settled=True).person == "somebody else"


def test_a_typed_id_given_to_somebody_else_stays_where_it_was() -> None:
    leaver, joiner = profile(), profile("b" * 32, "1001", universal_id="U-2")
    names = known(leaver)
    found = identify(joiner, names | {Alias("wid", joiner.key): NameOwner(joiner.key)}, settled=True)
    assert found.person == joiner.key
    assert Alias("employee", "1001") not in news_of([found], names)


def test_wp_01_a_number_given_again_is_somebody_else_where_universal_ids_say_so() -> None:
    leaver, joiner = profile(), profile("b" * 32, "1001", universal_id="U-2")
    told = {leaver.key: {"U-1"}}
    found = identify(joiner, known(leaver), settled=True, universals=told)
    assert found == Identified(joiner, joiner.key, None)
    assert Alias("employee", "1001") not in news_of([found], known(leaver))
    for same in (joiner, profile("b" * 32, "1001", universal_id=None)):
        assert identify(same, known(leaver), settled=True).person == leaver.key, (
            "where nothing else tells, the number does"
        )


def test_ed_14_a_conversion_that_lies_ahead_does_not_speak_yet() -> None:
    today = profile(worker_type="contingent")
    ahead = profile("b" * 32, active=False, hired_on=date(2026, 12, 1))
    assert governing([ahead, today]) is today
    later = [profile(worker_type="contingent", active=False, terminated_on=date(2026, 11, 30)), profile("b" * 32)]
    assert governing(later).key == "b" * 32


def test_ed_16_between_two_employments_the_one_that_ended_last_speaks() -> None:
    ended = profile(worker_type="contingent", active=False, terminated_on=date(2027, 1, 31))
    ahead = profile("b" * 32, active=False, hired_on=date(2027, 5, 1))
    assert governing([ahead, ended]) is ended


def test_two_active_profiles_of_one_person_are_a_question() -> None:
    with pytest.raises(RecordError) as refused:
        governing([profile(), profile("b" * 32, "2002")])
    assert refused.value.code == "two_active_profiles"
