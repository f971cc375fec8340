"""Rows that tell who holds a value: always the same as a look at all of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ml_connector.sandbox.company import PLANTS
from ml_connector.sandbox.plex.rows import add_employee, employee_row
from ml_connector.sandbox.plex.tables import Rows, Tables

_DEEDS = st.tuples(
    st.sampled_from(["set", "delete", "pop"]), st.sampled_from("abcd"), st.sampled_from(["1", "2", None])
)


@given(deeds=st.lists(_DEEDS, max_size=30))
def test_holders_are_those_that_a_look_at_all_rows_finds(deeds: list[tuple[str, str, str | None]]) -> None:
    rows = Rows("badge")
    for deed, key, badge in deeds:
        before, held = rows.copy(), set(rows.held)
        if deed == "set":
            rows[key] = {"badge": badge}
        elif deed == "pop":
            rows.pop(key, None)
        elif key in rows:
            del rows[key]
        assert set(before.held) == held, "a copy stays as it was"
        assert set(rows.held) == {row["badge"] for row in rows.values()}
        for each in ("1", "2", None):
            assert rows.holders(each) == {key for key, row in rows.items() if row["badge"] == each}


def test_no_two_employees_have_one_user_number_whoever_left_and_came_back() -> None:
    tables = Tables(PLANTS[0])

    def add(key: str) -> int:
        add_employee(tables, employee_row({"id": key, "badgeNumber": key}))
        return int(tables.attributes[key]["Plexus_User_No"])

    first, second, third = add("a"), add("b"), add("c")
    assert (second, third) == (first + 1, first + 2)
    tables.attributes["a"] = tables.attributes.pop("a")  # now the latest, with the lowest number
    assert add("d") == third + 1
    del tables.employees["b"]
    add("b")
    numbers = [row["Plexus_User_No"] for row in tables.attributes.values()]
    assert len(set(numbers)) == len(numbers)
