"""No Plex record is two people's: whoever would share one is told, and nothing is written of either."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ml_connector.mapping.plex import employee_uuid
from ml_connector.sync.contested import Contest, find_contests, find_owner, tell_contest

TENANT, PLANTS = "acme", ("101", "102")
PEOPLE = [f"w{number}" for number in range(5)]
FOREIGN = "4f1c2a9e-0000-4000-8000-00000000beef"


def made(person: str, plant: str) -> str:
    return employee_uuid(TENANT, plant=plant, person=person)


def contests(adopted, people=PEOPLE):
    return find_contests(adopted, people=people, tenant=TENANT, plants=PLANTS)


def owner(key, plant="101", adopted=None, people=PEOPLE):
    return find_owner(key, plant=plant, adopted=adopted or {}, people=people, tenant=TENANT, plants=PLANTS)


RECORDS = [made(person, "101") for person in PEOPLE] + [FOREIGN]


@given(
    st.lists(
        st.tuples(st.sampled_from(PEOPLE), st.sampled_from(RECORDS)), unique_by=(lambda it: it[0], lambda it: it[1])
    )
)
def test_wp_01_of_people_who_would_be_one_plex_record_none_is_written(choices):
    adopted = {("101", person): key for person, key in choices}
    parked = {one for contest in contests(adopted) for one in contest.people}
    record = {person: adopted.get(("101", person), made(person, "101")) for person in PEOPLE}
    shared = {one for one in PEOPLE for other in PEOPLE if one != other and record[one] == record[other]}
    assert parked == shared


def test_wp_01_a_record_that_came_along_by_a_transfer_is_ones_own():
    assert contests({("102", "w0"): made("w0", "101")}) == []
    assert contests({("102", "w1"): made("w0", "101")}) == [Contest("102", made("w0", "101"), "w1", "w0")]


def test_wp_01_who_was_joined_to_somebody_since_claims_nothing():
    taken = {("101", "w9"): made("w0", "101")}
    assert contests(taken) == []
    assert owner(FOREIGN, adopted={("101", "w9"): FOREIGN}) is None


def test_wp_01_whose_a_record_is():
    assert owner(made("w0", "101")) == owner(made("w0", "102")) == "w0"
    assert owner(FOREIGN) is None
    assert owner(FOREIGN, adopted={("101", "w1"): FOREIGN}) == "w1"
    assert owner(made("w0", "101"), adopted={("101", "w0"): FOREIGN}) is None, "they are another record there"


def test_wp_01_a_contest_names_both_and_both_ways_out():
    told = tell_contest(Contest("101", "x", "w1", "w0"), numbers={"w1": "310", "w0": "11"})
    assert (told.code, "workers 310 and 11 would be one Plex employee of plant 101" in told.message) == (
        "record_of_two",
        True,
    )
    assert "links unlink 310 --plant 101" in (told.remedy or "")
    assert "links relink 310 --to 11" in (told.remedy or "")
