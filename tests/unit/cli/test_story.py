"""The demo is a proof: it fails when what it shows is not so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ml_connector.cli import rehearsal, story, week
from ml_connector.cli.render import make_console
from ml_connector.cli.story import CONFIG, Story, claim_folder, note_configuration
from ml_connector.errors import ConfigurationError
from ml_connector.review.store import HoldInfo
from ml_connector.sandbox.tenant.tenant import Tenant as Tenancy
from ml_connector.sync.report import PlanReport, RunReport
from ml_connector.usecases.waiting_list import ParkedInfo

COUNTS = dict.fromkeys(("create", "update", "deactivate", "reactivate", "noop", "hold", "pending", "parked"), 0)


def plan(**counts: int) -> PlanReport:
    return PlanReport(
        digest="d" * 64,
        connection="sandbox",
        as_of="2026-11-23",
        counts=COUNTS | counts,
        changes=(),
        holds=(),
        pending=(),
        headcount=(),
        forecast_s=0,
    )


@contextmanager
def no_sandbox(_folder: Path, **_options: Any) -> Iterator[dict[str, Any]]:
    yield {"workday": {"url": "http://127.0.0.1:1"}, "plex": {"base_url": "http://127.0.0.1:2"}}


@pytest.mark.parametrize(
    ("second", "verified", "code"), [(plan(), True, 0), (plan(update=1), True, 1), (plan(), False, 1)]
)
def test_the_demo_fails_when_a_second_plan_has_work_or_the_trail_does_not_verify(
    second: PlanReport, verified: bool, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsal, "running", no_sandbox)
    plans = iter([plan(create=3), second])
    for name in ("_set_up", "_headcount", "_begin_picture", "_next_day", "_draw_picture", "_where_next", "_apply"):
        monkeypatch.setattr(Story, name, lambda *_words, **_more: None)
    monkeypatch.setattr(Story, "_plan", lambda *_words, **_more: next(plans))
    monkeypatch.setattr(Story, "_put_right", lambda _self: True)
    monkeypatch.setattr(Story, "_week", lambda _self, _ready: True)
    monkeypatch.setattr(Story, "_prove", lambda _self: verified)
    assert story.Story(tmp_path).tell(workers=60) == code


def test_the_demo_never_wipes_a_configuration_that_a_person_edited(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    claim_folder(folder)
    config = folder / CONFIG
    config.write_text('host = "http://127.0.0.1:1"\n')
    note_configuration(folder)
    config.write_text('host = "https://wd2-impl-services1.workday.com"\n')
    with pytest.raises(ConfigurationError) as refused:
        claim_folder(folder)
    assert "workday.com" in config.read_text()
    assert "demo --folder" in (refused.value.remedy or "")


def test_the_demo_never_wipes_a_configuration_it_did_not_note(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    claim_folder(folder)
    (folder / CONFIG).write_text("mine\n")
    with pytest.raises(ConfigurationError):
        claim_folder(folder)
    assert (folder / CONFIG).read_text() == "mine\n"


def test_the_demo_wipes_what_it_left_itself(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    claim_folder(folder)
    (folder / CONFIG).write_text("made\n")
    note_configuration(folder)
    claim_folder(folder)
    assert [file.name for file in folder.iterdir()] == [story.MARK]


def parked(plant: str) -> ParkedInfo:
    return ParkedInfo(
        type="employee",
        key="000018",
        plant=plant,
        label="",
        code="",
        reason="",
        remedy=None,
        since="",
        waiting_for=None,
    )


PARKED = (parked("101"), parked(""))
HELD = (
    HoldInfo(
        id="h1", guard="deactivate_over", type="employee", plant="", members=("a", "b"), reason="", remedy="",
        state="open", releasable=True, created_at="",
    ),
)  # fmt: skip


class Tenant:
    """A pretended Workday of which everything asked for happens to the same two."""

    def __init__(self) -> None:
        self.nights = 0

    def advance(self, _ready: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
        assert quiet, "nothing but the story happens"
        self.nights += 1
        return {}

    def play(self, _ready: dict[str, Any], name: str) -> dict[str, Any]:
        assert name in Tenancy.scenarios()
        return {"touched": ["000018", "000019", "000020"]}


def an_evening(*actions: str, waits: str = "") -> week.Evening:
    report = RunReport(run=1, plan=None, counts={"pending": 1}, watermark="2026-11-24T16:00:00+00:00", duration_s=1)
    writes = [{"type": "employee", "plant": "101", "key": "000018", "action": each} for each in actions]
    return week.Evening(report, writes, PARKED if waits == "parked" else (), HELD if waits == "held" else ())


class Hands:
    """Every evening goes as *how* says; a release is followed by another sync."""

    def __init__(self, how: Callable[[week.Day], week.Evening]) -> None:
        self._evenings: list[week.Evening] = []
        for day in week.WEEK:
            evening = how(day)
            self._evenings += [evening, *([an_evening()] if day.mends and evening.holds else [])]
        self.released: list[str] = []

    def sync(self) -> week.Evening:
        return self._evenings.pop(0)

    def release(self, hold: str) -> None:
        self.released.append(hold)
        self._evenings.insert(0, an_evening("deactivate"))

    def explain(self, worker: str) -> Any:
        return worker


def as_told(day: week.Day) -> week.Evening:
    return an_evening(*(["update"] if day.tells and not day.waits else []), waits=day.waits)


def test_the_week_tells_each_day_and_what_was_really_written(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = Tenant()
    monkeypatch.setattr(rehearsal, "advance", tenant.advance)
    monkeypatch.setattr(rehearsal, "play", tenant.play)
    hands = Hands(as_told)
    lived = list(week.live({}, hands))
    assert tenant.nights == len(lived) - 1 == 14
    assert all(day.as_expected for day in lived)
    assert (lived[0].date, lived[0].told) == ("11-24", ["update 101 000018", "(1 ahead)"])
    assert lived[1].told == ["nothing", "(1 ahead)"]
    assert [(day.told, day.explained) for day in lived if day.explained] == [
        (["parked 000018", "(1 others stay as they are)", "(1 ahead)"], "000018")
    ]
    held = next(day for day in lived if day.told[0].startswith("held"))
    assert held.told == ["held: 2 workers", "(1 ahead)", "released:", "deactivate 101 000018"]
    mended = next(day for day in lived if "mended:" in day.told)
    assert mended.told == ["held: 2 workers", "(1 ahead)", "mended:", "nothing"]
    assert hands.released == ["h1"], "what is mended needs no release"


def test_the_week_tells_what_becomes_of_departments_once_for_all_plants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "advance", lambda *_words, **_more: {"today": "2026-12-02"})
    monkeypatch.setattr(rehearsal, "play", Tenant().play)
    ends = [{"type": "department", "plant": plant, "key": "CC6100", "action": "deactivate"} for plant in ("101", "102")]
    lived = list(week.live({}, Hands(lambda _day: an_evening()._replace(writes=ends))))
    assert lived[1].told == ["deactivate department CC6100 in 101, 102", "(1 ahead)"]
    assert lived[1].date == "12-02"


def test_the_week_is_not_as_expected_when_a_day_writes_what_it_should_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "advance", Tenant().advance)
    monkeypatch.setattr(rehearsal, "play", Tenant().play)
    wrong = Hands(lambda day: an_evening() if day.tells else an_evening("deactivate"))
    assert not any(day.as_expected for day in week.live({}, wrong))


def test_the_week_is_not_as_expected_when_nobody_waits_or_somebody_does_for_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rehearsal, "advance", Tenant().advance)
    monkeypatch.setattr(rehearsal, "play", Tenant().play)
    nobody = Hands(lambda day: an_evening(*(["update"] if day.tells else [])))
    assert [bool(day.waits) for day in week.WEEK] == [not day.as_expected for day in week.live({}, nobody)]
    somebody = Hands(lambda day: an_evening(*(["update"] if day.tells else []), waits="parked"))
    assert [day.waits == "parked" for day in week.WEEK] == [day.as_expected for day in week.live({}, somebody)]


def test_the_week_fits_a_terminal_of_eighty_columns() -> None:
    lived = [
        week.Lived(date="11-24", said=day.said.format("CW-000260", "SUP-101-0002", "000300", others=23), told=["update 101: 14 workers"],
                   why=day.why, as_expected=True)
        for day in week.WEEK
    ]  # fmt: skip
    console = make_console(width=80, record=True)
    console.print(week.draw_week(lived))
    assert max(len(line) for line in console.export_text().splitlines()) <= 80


def test_a_week_that_went_wrong_or_leaves_work_makes_the_demo_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = week.Lived(date="11-24", said="", told=[], why="", as_expected=True)
    for lived, after, good in ((day, plan(), True), (day._replace(as_expected=False), plan(), False),
                               (day, plan(update=1), False)):  # fmt: skip
        monkeypatch.setattr(story, "live", lambda _ready, _hands, lived=lived: [lived])
        monkeypatch.setattr(Story, "_plan", lambda *_words, after=after, **_more: after)
        assert Story(tmp_path)._week({}) is good


def test_a_wrong_ready_file_says_how_to_get_a_right_one(tmp_path: Path) -> None:
    for text in ("", "{}", "[]"):
        (tmp_path / "ready.json").write_text(text)
        with pytest.raises(ConfigurationError) as refused:
            rehearsal.load_ready(tmp_path / "ready.json")
        assert "sandbox --ready-file" in (refused.value.remedy or "")
