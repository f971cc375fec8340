"""What a plant does by itself."""

import pytest

from tests.unit.sandbox.plex_caller import PlexCaller


def test_a_plant_opens_cost_centers_with_all_that_belongs_to_them() -> None:
    plex = PlexCaller().plex
    assert [plex.play("plex_cost_center")["touched"] for _ in range(2)] == [["4600"], ["4601"]]
    (row,) = [row for row in plex.state("cost_centers") if (row["pcn"], row["Cost_Center_No"]) == ("101", "4600")]
    departments = {row["Department_No"]: row["Department_Code"] for row in plex.state("departments")}
    assert departments[row["Department_No"]] == "4600-ROB"
    assert [row["accountNumber"] for row in plex.state("accounts") if "-4600-" in row["accountNumber"]] == [
        "51000-4600-101"
    ]


def test_a_plant_renames_a_cost_center_of_its_own() -> None:
    plex = PlexCaller().plex
    plex.play("plex_cost_center_renamed")
    names = {
        row["pcn"]: row["Cost_Center_Name"] for row in plex.state("cost_centers") if row["Cost_Center_No"] == "4400"
    }
    assert names == {"101": "Powder Coating"}


def test_a_scenario_that_is_not_there_is_told() -> None:
    with pytest.raises(LookupError, match="plex_cost_center_renamed"):
        PlexCaller().plex.play("hire")
