"""The hierarchy of everybody: depth, circles, vacancies, and what is missing."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.canonical.workforce import Worker
from ml_connector.mapping.people import People, Person, label, person_id


def worker(number, manager=None, kind="employee", **rest):
    return Worker(key=f"w-{kind}-{number}", employee_id=str(number), worker_type=kind, manager_id=manager, **rest)


def everybody(*workers) -> People:
    people = People()
    for each in workers:
        people.add(each, plant="101")
    return people


def test_wp_15_depth_counts_the_managers_above():
    people = everybody(worker(1), worker(2, "1"), worker(3, "2"), worker(4, "gone"))
    assert [people.depth(f"employee {n}") for n in (1, 2, 3, 4)] == [0, 1, 2, 0]


def test_wp_14_members_of_a_circle_have_no_depth_and_those_below_do():
    people = everybody(worker(1, "2"), worker(2, "1"), worker(3, "2"))
    assert people.depth("employee 3") is not None
    assert people.depth("employee 1") is None
    assert people.depth("employee 2") is None
    assert people.circle("employee 2") == ["employee 1", "employee 2"]


def test_wp_14_who_manages_himself_is_a_circle_of_one():
    people = everybody(worker(1, "1"))
    assert people.depth("employee 1") is None
    assert people.circle("employee 1") == ["employee 1"]


def test_wp_01_employee_1001_is_not_contingent_1001():
    people = everybody(worker(1001), worker(1001, kind="contingent"))
    employee, contingent = people.get("employee 1001"), people.get("contingent 1001")
    assert employee is not None
    assert contingent is not None
    assert employee.key != contingent.key


@given(st.lists(st.integers(0, 30), min_size=1, max_size=31))
def test_every_manager_outside_circles_stands_above(managers):
    people = everybody(*(worker(n, str(manager)) for n, manager in enumerate(managers)))
    for number, manager in enumerate(managers):
        mine, above = people.depth(person_id("employee", str(number))), people.depth(f"employee {manager}")
        if mine is None:
            assert above is None
        elif above is not None and manager < len(managers):
            assert mine > above


def test_wp_01_of_two_who_bear_a_number_others_refer_to_the_one_who_is_somewhere():
    joiner, leaver = worker(1001), msgspec.structs.replace(worker(1001), key="w-before")
    for first, then in ((joiner, leaver), (leaver, joiner)):
        people = People()
        for each in (first, then):
            people.add(each, plant="101" if each is joiner else None)
        found = people.get("employee 1001")
        assert found is not None
        assert (found.key, found.plant) == (joiner.key, "101")


def test_wp01_cc12_who_is_somewhere_is_told_by_the_number_people_know_them_by() -> None:
    people = People()
    people.put("contingent 1001", Person("w1", "101", None))
    people.put("contingent CW-1002", Person("w2", "101", None))
    people.put("employee 1003", Person("w3", "101", None))
    people.put("employee 1004", Person("w4", None, None))
    numbers = ("CW-1001", "1001", "CW-1002", "1003", "CW-1003", "1004")
    assert [number for number in numbers if people.is_placed(number)] == ["CW-1001", "CW-1002", "1003"]


def test_wp01_who_has_no_name_is_called_by_the_number_people_know_them_by() -> None:
    assert [label(worker(1001, kind=kind)) for kind in ("employee", "contingent")] == ["1001", "CW-1001"]
