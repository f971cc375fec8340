"""A manager who goes: Workday's log tells of them alone, and their team is decided about in the same run."""

import re
from datetime import timedelta

import pytest

from tests.fuse import CrashError
from tests.living import Living
from tests.rehearsal import Wire, call_workday


class Listening(Living):
    """Keeps what Workday was asked for workers."""

    def workday(self, boundary):
        self.wire = Wire(self.sandbox.answer, boundary=boundary)
        return call_workday(self.sandbox, wire=self.wire)

    def asked(self):
        """Which bodies asked for workers since last time."""
        bodies = [request.body.decode() for request in self.wire.requests]
        self.wire.requests.clear()
        return [body for body in bodies if "Get_Workers_Request" in body]


@pytest.fixture
def home(tmp_path):
    return Listening(tmp_path, workers=60)


def led(home):
    """Somebody with a small team none of whom is in the sample of a quiet reading, and the team by badge."""
    rows = home.plex_state()["employees"]
    teams = {}
    for row in rows:
        teams.setdefault(row["supervisorId"], set()).add(row["badgeNumber"])
    badges = {row["id"]: row["badgeNumber"] for row in rows}
    newest = sorted(home.tenant._world.workers)[-6:]
    ways = [(badges[boss], team) for boss, team in teams.items() if boss and len(team) < 12 and not team & set(newest)]
    return min(ways)


def supervisors(home, team):
    rows = home.plex_state()["employees"]
    badges = {row["id"]: row["badgeNumber"] for row in rows}
    return {badges.get(row["supervisorId"]) for row in rows if row["badgeNumber"] in team}


def reporting_to_nobody(home):
    """By WID, those of Workday's."""
    badges = [row["badgeNumber"] for row in home.plex_state()["employees"] if row["supervisorId"] is None]
    workers = [home.desk.now().worker(badge) for badge in badges]
    return {worker.wid for worker in workers if worker is not None and worker.is_active(home.tenant.today)}


def names(body):
    return set(re.findall(r'type="WID">([^<]+)<', body))


@pytest.mark.parametrize("goes", ["ends", "moves"])
def test_wp_14_the_team_of_a_manager_who_goes_is_told_in_the_same_run(home, goes):
    with home.synced() as life:
        boss, team = led(home)
        assert supervisors(home, team) == {boss}
        worker, alone = home.desk.now().worker(boss), reporting_to_nobody(home)
        home.asked()
        if goes == "ends":
            home.desk.terminate(worker, last_day=home.tenant.today - timedelta(days=1))
        else:
            follower = home.desk.now().worker(min(team))
            home.desk.change_primary_job(worker, kind="Change Job", position_id=follower.primary_job.position_id)
            home.desk.reorganize(follower.primary_job.organization, manager=follower.key)
        report = life.sync()
        asked = [names(body) for body in home.asked() if names(body)]
        wids = {home.desk.now().worker(key).wid for key in team}
        # Who takes a seat may lead a team that has nobody, as whoever is at the top has nobody above.
        top = alone if goes == "moves" else set()
        assert wids | top in asked, "the team by name, and nobody else"
        assert boss not in supervisors(home, team)
        assert report.counts["applied"] >= len(team) - 1
        life.syncer.sync(whole=True, progress=lambda *_: None)
        assert boss not in supervisors(home, team)


def test_wp_14_a_change_of_a_manager_who_stays_asks_for_nobody_more(home):
    with home.synced() as life:
        boss, team = led(home)
        home.asked()
        home.desk.change_name(home.desk.now().worker(boss))
        life.sync()
        asked = [names(body) for body in home.asked() if names(body)]
        assert asked == [{home.desk.now().worker(boss).wid}]
        assert supervisors(home, team) == {boss}


def test_wp_14_the_team_of_who_is_promoted_into_a_vacancy_is_told_in_the_same_run(home):
    with home.synced() as life:
        boss, team = led(home)
        gone = home.desk.now().worker(boss)
        home.desk.terminate(gone, last_day=home.tenant.today - timedelta(days=1))
        life.sync()
        assert supervisors(home, team) == {None}
        home.pass_days(1)
        life.sync()
        home.asked()
        heir = home.desk.pick(location="TOL")
        assert heir.key not in team
        home.desk.change_primary_job(heir, kind="Promote Employee", position_id=gone.primary_job.position_id)
        home.desk.reorganize(home.desk.now().worker(min(team)).primary_job.organization, manager=heir.key)
        life.sync()
        assert supervisors(home, team) == {heir.key}
        asked = [names(body) for body in home.asked() if names(body)]
        assert max(map(len, asked)) <= len(team) + 2, "those who reported to nobody, and the heir"


def test_wp_14_a_run_that_dies_before_it_reads_the_team_leaves_it_to_the_next(home):
    with home.synced():
        boss, team = led(home)
        wids = {home.desk.now().worker(key).wid for key in team}
        home.desk.terminate(home.desk.now().worker(boss), last_day=home.tenant.today - timedelta(days=1))

    def die(request, answer):
        if names(request.body.decode()) & wids:
            raise CrashError
        return answer(request)

    with home.alive() as life:
        home.wire.spoil = die
        with pytest.raises(CrashError):
            life.sync()
    with home.alive() as life:
        life.sync()
        assert boss not in supervisors(home, team)


def test_wp_14_the_team_of_a_manager_whose_last_day_was_known_before_is_told_once_it_is_over(home):
    weekly = home.settings.sync.model_copy(update={"full_compare": "weekly Sunday 02:00 UTC"})
    home.settings = home.settings.model_copy(update={"sync": weekly})
    with home.synced() as life:
        boss, team = led(home)
        home.desk.terminate(home.desk.now().worker(boss), last_day=home.tenant.today + timedelta(days=1))
        life.sync()
        assert supervisors(home, team) == {boss}
        home.pass_days(2)
        life.sync()
        assert boss not in supervisors(home, team)


def test_wp_14_the_teams_of_two_who_swap_their_numbers_stay_with_their_own_boss(home):
    with home.synced() as life:
        boss, team = led(home)
        other = next(each for each in home.desk.plain_workers() if each.key not in {boss, *team})
        before = home.plex_state()["employees"]
        bosses = {row["badgeNumber"]: row["supervisorId"] for row in before}
        home.desk.renumber(home.desk.now().worker(boss), other.worker_id)
        home.desk.renumber(home.desk.now().worker(other.key), boss)
        home.asked()
        life.sync()
        asked = [names(body) for body in home.asked() if names(body)]
        wids = {home.desk.now().worker(key).wid for key in team}
        assert any(wids <= each for each in asked), "the team by name"
        after = {row["badgeNumber"]: row["supervisorId"] for row in home.plex_state()["employees"]}
        assert {key: after[key] for key in team} == {key: bosses[key] for key in team}
        assert life.syncer.sync(whole=True, progress=lambda *_: None).counts["applied"] == 0


def test_wp_14_a_manager_of_another_number_parks_nobody_of_their_team(home):
    with home.synced() as life:
        boss, team = led(home)
        home.desk.renumber(home.desk.now().worker(boss), "E900001")
        life.sync()
        assert home.parked(life) == []
        assert supervisors(home, team) == {"E900001"}
        assert life.syncer.sync(whole=True, progress=lambda *_: None).counts["applied"] == 0


def test_wp_07_who_is_on_assignment_reports_to_a_host_of_another_number_in_the_same_run(home):
    with home.synced() as life:
        one = home.desk.plain_workers(location="DET")[0]
        home.desk.assign(one, location="TOL", until=home.tenant.today + timedelta(days=90))
        for _ in range(2):  # until the log tells of the assignment no more
            life.sync()
            home.pass_days(1)
        life.sync()
        at_home, host = bosses(home, one)
        assert host not in {at_home, None}
        home.desk.renumber(home.desk.now().worker(host), "E900001")
        life.sync()
        assert home.parked(life) == []
        assert bosses(home, one) == [at_home, "E900001"]
        assert life.syncer.sync(whole=True, progress=lambda *_: None).counts["applied"] == 0


def bosses(home, worker):
    """Whom somebody reports to in Plex, by badge, in the order of the plants."""
    rows = home.plex_state()["employees"]
    badges = {row["id"]: row["badgeNumber"] for row in rows}
    found = sorted((row["pcn"], row["supervisorId"]) for row in rows if row["badgeNumber"] == worker.key)
    return [badges.get(boss) for _pcn, boss in found]
