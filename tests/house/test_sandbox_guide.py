"""The sandbox's guide names every fault, every setting, and nothing that is not there."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from ml_connector.sandbox.fault_scenarios import PREFIX, SCENARIOS
from ml_connector.sandbox.plex.scenarios import SCENARIOS as PLEX_SCENARIOS
from ml_connector.sandbox.plex.switches import Switches as PlexSwitches
from ml_connector.sandbox.scenario_groups import GROUPS
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.switches import Switches

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "sandbox.md").read_text(encoding="utf-8")


def test_every_named_fault_is_in_the_guide_and_none_besides() -> None:
    table = GUIDE.partition("## Faults by name")[2].partition("\nA name takes")[0].partition("|---|---|")[2]
    assert set(re.findall(r"`([a-z0-9-]+)`", table)) == set(SCENARIOS)


def test_every_scenario_is_in_the_guide_and_none_besides() -> None:
    table = GUIDE.partition("## Lives by name")[2].partition("\n## ")[0].partition("|---|---|")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z_]+)`", table)) == {*Tenant.scenarios(), *PLEX_SCENARIOS}


def test_the_list_of_scenarios_has_every_one_once_under_what_the_guide_says_it_shows() -> None:
    listed = [name for names in GROUPS.values() for name in names]
    assert sorted(listed) == sorted({*Tenant.scenarios(), *PLEX_SCENARIOS, *(f"{PREFIX}{name}" for name in SCENARIOS)})
    told, title = dict[str, set[str]](), ""
    for first, names in (line.split("|")[1:3] for line in GUIDE.splitlines() if line.startswith("| ")):
        title = first.strip() or title  # a row without a title goes on with the one above
        told.setdefault(title, set()).update(re.findall(r"`([a-z0-9_-]+)`", names))
    assert [
        title for title, names in GROUPS.items() if {name.removeprefix(PREFIX) for name in names} - told[title]
    ] == []


@pytest.mark.parametrize("switches", [Switches, PlexSwitches])
def test_every_setting_is_in_the_guide(switches: Any) -> None:
    assert [field.name for field in fields(switches) if f"`{field.name}`" not in GUIDE] == []
