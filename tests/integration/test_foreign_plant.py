"""
Web-service users that were set for each other's plants: told by `ping`, and nothing goes to the wrong plant (RD-12).
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from ml_connector.canonical.keys import NativeRecord, RecordType
from ml_connector.connectors.plex.health import check_connect
from ml_connector.connectors.plex.whose import find_foreign
from ml_connector.secret import Secret
from ml_connector.settings.plex import Plant
from tests.living import Living
from tests.rehearsal import Life


class TwoUsers(Living):
    """The data sources of each plant are asked by a user of its own."""

    swapped = False

    def credential(self, field: str) -> Secret:
        pcn, slash, name = field.rpartition("/")
        return super().credential({"101": "102", "102": "101"}.get(pcn, pcn) + slash + name if self.swapped else field)


@pytest.fixture
def home(tmp_path: Path) -> TwoUsers:
    return TwoUsers(tmp_path)


def problems(life: Life) -> dict[str, str]:
    return {each.surface: each.problem or "" for each in life.tools.plex().check() if not each.ok}  # type: ignore[attr-defined]


def test_rd12_who_shows_another_plants_people_is_told_and_writes_nothing_there(home: TwoUsers) -> None:
    with home.synced() as life:
        assert problems(life) == {}
    home.swapped = True
    home.desk.change_name(home.desk.plain_workers(location="DET")[0])
    before = home.plex_state()
    with home.alive() as life:
        assert problems(life) == {
            "datasource 101": "they show the people of plant 102",
            "datasource 102": "they show the people of plant 101",
        }
        report = life.sync()
        holds = {(hold.guard, hold.plant) for hold in life.tools.review.holds("acme", state="open")}
        assert {("foreign_plant", "101"), ("foreign_plant", "102")} <= holds
        assert report.counts["applied"] == 1, "the name goes by the resource API, which knows the plant"
    after = home.plex_state()
    changed = [name for name in after if after[name] != before.get(name)]
    assert all("employees" in name for name in changed), "nothing went to the wrong plant"
    home.swapped = False
    with home.alive() as life:
        life.sync()
        assert [hold for hold in life.tools.review.holds("acme", state="open") if hold.guard == "foreign_plant"] == []


@pytest.mark.parametrize("syncs", [1, 2, 3])
def test_rd12_another_plants_people_are_told_of_many_too_and_all_passes_once_the_user_is_right(
    tmp_path: Path, syncs: int
) -> None:
    home = TwoUsers(tmp_path, workers=90)
    for _ in range(syncs):
        with home.alive() as life:
            life.sync()
    before = home.plex_state()
    home.swapped = True
    for _ in range(2):
        with home.alive() as life:
            report = life.sync()
            holds = [(hold.guard, hold.plant) for hold in life.tools.review.holds("acme", state="open")]
            # As many are gone as are there, which is told as what it is, and once.
            assert sorted(holds) == [("foreign_plant", "101"), ("foreign_plant", "102")]
            assert report.counts["applied"] == 0
    assert home.plex_state() == before
    home.swapped = False
    with home.alive() as life:
        report = life.sync()
        assert life.tools.review.holds("acme", state="open") == []
        assert report.exit_code == 0
    assert home.plex_state() == before


def test_rd12_ping_says_where_nothing_tells_whose_people_a_user_shows(home: TwoUsers) -> None:
    ids = {name: row for name, row in home.settings.plex.datasources.items() if name != "employee_attributes_get"}
    plex = home.settings.plex.model_copy(update={"datasources": ids})
    home.settings = home.settings.model_copy(update={"plex": plex})
    home.swapped = True
    with home.alive() as life:
        assert problems(life) == {}, "it could not know"
        found = [
            entry.problem or ""
            for surface in life.tools.plex().check()  # type: ignore[attr-defined]
            for entry in surface.types
            if surface.surface.startswith("datasource") and entry.type == RecordType.EMPLOYEE_ATTRIBUTES
        ]
    assert len(found) == len(home.settings.plex.plants)
    assert all("nothing proves that this plant's web-service user is its own" in problem for problem in found)


@pytest.mark.parametrize(
    ("people", "shown", "found"),
    [
        ({"1": {"a"}, "2": {"b"}}, {"1": {"a"}, "2": {"b"}}, {}),
        ({"1": {"a"}, "2": {"b"}}, {"1": {"b"}, "2": {"b"}}, {"1": "2"}),
        ({"1": {"a"}, "2": {"b"}}, {"1": {"a", "b"}}, {}),
        ({"1": {"a"}, "2": {"b"}}, {"1": {"c"}}, {}),  # somebody who is gone: nobody else's either
        ({"1": set(), "2": {"b"}}, {"1": set()}, {}),
        ({"1": set(), "2": {"b"}}, {"1": {"b"}}, {"1": "2"}),
        ({"1": {"A"}, "2": {"a", "b"}}, {"1": {"a"}}, {}),  # a UUID is the same in capitals
        ({"1": {"a"}, "2": {"B"}}, {"1": {"b"}}, {"1": "2"}),
        ({"1": {"a"}, "2": {"b"}}, {"1": {"B"}}, {"1": "2"}),
    ],
)
def test_rd12_what_cannot_be_told_is_not_told(
    people: dict[str, set[str]], shown: dict[str, set[str]], found: dict[str, str]
) -> None:
    assert find_foreign(people, shown) == found


def test_an_employee_without_a_proper_id_does_not_end_the_look() -> None:
    people: dict[str, set[str]] = {}
    rows = [NativeRecord(RecordType.EMPLOYEE, row) for row in (b'{"id":5}', b'{"badgeNumber":"7"}')]
    api = SimpleNamespace(read_list=lambda kind, plant: rows if kind is RecordType.EMPLOYEE else [])
    check_connect(api, Plant(pcn="101", company_code="A"), people=people)  # type: ignore[arg-type]
    assert people == {"101": {"5", "None"}}
