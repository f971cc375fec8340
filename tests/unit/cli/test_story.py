"""The demo is a proof: it fails when what it shows is not so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ml_connector.cli import rehearsal, story
from ml_connector.cli.story import CONFIG, Story, claim_folder, note_configuration
from ml_connector.errors import ConfigurationError
from ml_connector.sync.report import PlanReport

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
