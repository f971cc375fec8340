"""A long run says how long it will take before the first write, on a clock that moves only when somebody waits."""

from __future__ import annotations

import io

import pytest

from ml_connector.cli.progress import shown
from tests.rehearsal import record
from tests.stage import Stage

SLOW = {"calls_per_minute": 5}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    stage = Stage(record(12), tmp_path_factory.mktemp("stage"), **SLOW)
    stage.morning = stage.keep()
    return stage


def told(life, act):
    """What the words said, each with how many writes had left by then."""
    words = []
    report = act(lambda stage, done, total: words.append((stage, len(life.wire.writes))))
    return report, words


@pytest.mark.parametrize("verb", ["sync", "apply"])
def test_the_forecast_comes_before_the_first_write(stage, verb):
    stage.put_back(stage.morning)
    with stage.rehearsal.alive() as life:
        if verb == "sync":
            report, words = told(life, lambda progress: life.syncer.sync(progress=progress))
        else:
            plan = life.plan()
            report, words = told(life, lambda progress: life.syncer.apply(plan.digest, progress=progress))
    (forecast,) = [(text, writes) for text, writes in words if " a minute" in text]
    assert forecast[0].startswith(f"{report.counts['applied']} writes")
    assert forecast[0].endswith("at 5 a minute")
    assert forecast[1] == 0
    assert len(life.wire.writes) == report.counts["applied"] > 5


def test_the_lines_show_it_before_the_first_write(stage):
    stage.put_back(stage.morning)
    stream = io.StringIO()
    before_first = []
    with stage.rehearsal.alive() as life:

        def look(request, answer):
            if request in life.wire.writes and not before_first:
                before_first.append(stream.getvalue())
            return answer(request)

        life.wire.spoil = look
        with shown(stream) as progress:
            life.syncer.sync(progress=progress)
    assert " at 5 a minute\n" in before_first[0]


def test_the_plan_foretells_what_apply_says(stage):
    stage.put_back(stage.morning)
    with stage.rehearsal.alive() as life:
        plan = life.plan()
        _, words = told(life, lambda progress: life.syncer.apply(plan.digest, progress=progress))
    (forecast,) = [text for text, _ in words if " a minute" in text]
    assert f"about {round(plan.forecast_s / 60)} min" in forecast


def test_a_short_run_has_no_forecast(tmp_path_factory):
    quick = Stage(record(12), tmp_path_factory.mktemp("stage"), calls_per_minute=6000)
    with quick.rehearsal.alive() as life:
        report, words = told(life, lambda progress: life.syncer.sync(progress=progress))
    assert report.counts["applied"] > 0
    assert not [text for text, _ in words if " a minute" in text]
