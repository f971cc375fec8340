"""The sandbox's guide names every fault, every setting of the pretended Workday, and nothing that is not there."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from ml_connector.sandbox.fault_scenarios import SCENARIOS
from ml_connector.sandbox.workday.switches import Switches

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "sandbox.md").read_text(encoding="utf-8")


def test_every_named_fault_is_in_the_guide_and_none_besides() -> None:
    table = GUIDE.partition("## Faults by name")[2].partition("\nTwo modes")[0].partition("|---|---|")[2]
    assert set(re.findall(r"`([a-z0-9-]+)`", table)) == set(SCENARIOS)


def test_every_setting_of_workday_is_in_the_guide() -> None:
    assert all(f"`{field.name}`" in GUIDE for field in fields(Switches))
