"""A move between plants that broke off is finished by the next run, on every surface."""

import pytest

from tests.fuse import CrashError
from tests.living import Living


@pytest.fixture(params=["soap", "rest"])
def home(tmp_path, request):
    """Without tenant ids Plex's own command cannot be used: the new plant gets a record before the old one is ended."""
    made = Living(tmp_path)
    plants = tuple(plant.model_copy(update={"tenant_id": None}) for plant in made.settings.plex.plants)
    plex = made.settings.plex.model_copy(update={"plants": plants})
    # What a surface is said to tell is the setting's; what is read is the same.
    workday = made.settings.workday.model_copy(update={"surface": request.param})
    made.settings = made.settings.model_copy(update={"plex": plex, "workday": workday})
    return made


def states(home, badge):
    rows = [row for row in home.plex_state()["employees"] if row["badgeNumber"] == badge]
    return sorted(row["status"] for row in rows)


def dies_before_the_end(request, answer):
    if request.path.endswith("/deactivate"):
        raise CrashError
    return answer(request)


def break_off(home):
    """Move somebody, and die between the two plants."""
    with home.synced():
        (moved,) = home.play("transfer")
    with home.alive() as life:
        life.wire.spoil = dies_before_the_end
        with pytest.raises(CrashError):
            life.sync()
    assert states(home, moved) == ["Active", "Active"]
    return moved


def test_px07_a_crash_between_the_two_plants_is_finished_by_the_next_run(home):
    moved = break_off(home)
    with home.alive() as life:
        life.sync()
        assert states(home, moved) == ["Active", "Inactive"]
        assert life.plan().changes == ()


@pytest.mark.parametrize("home", ["rest"], indirect=True)
def test_wp06_what_somebody_opens_after_a_move_was_finished_is_left_where_other_jobs_are_not_told(home):
    moved = break_off(home)
    with home.alive() as life:
        life.sync()
        rows = [row for tables in home.plex.enterprise.plants.values() for row in tables.employees.values()]
        (old,) = [row for row in rows if row["badgeNumber"] == moved and row["status"] == "Inactive"]
        old["status"] = "Active"
        life.sync()
    assert states(home, moved) == ["Active", "Active"]
