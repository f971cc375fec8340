"""Every rule of time, identity and reference data has a test named after it."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PRETENDER = TESTS / "unit" / "sandbox"  # what the pretended systems do proves nothing of ours
TEST = re.compile(r"^ *def (test_\w+)\(", re.MULTILINE)
_LAST = {"CC": 16, "ED": 19, "TZ": 9, "WP": 15, "RD": 12}
RULES = {f"{kind}-{number:02}" for kind, last in _LAST.items() for number in range(1, last + 1)} | {"PX-06", "PX-07"}


def rules_of(name: str) -> set[str]:
    """The rules a test's name gives: `test_ed_13_14_16_…` and `test_wp09_…` alike."""
    found, kind = set(), ""
    for part in name.split("_"):
        told = re.fullmatch(r"([a-z]{2})?(\d\d)?", part)
        if told is None or not (told[1] or told[2]):
            kind = ""
            continue
        kind = (told[1] or kind).upper()
        if told[2]:
            found.add(f"{kind}-{told[2]}")
    return found & RULES


def test_the_names_of_tests_are_understood() -> None:
    assert rules_of("test_ed_13_14_16_a_conversion") == {"ED-13", "ED-14", "ED-16"}
    assert rules_of("test_tz_02_tz_03_everybody") == {"TZ-02", "TZ-03"}
    assert rules_of("test_m10_tz09_zone") == {"TZ-09"}
    assert rules_of("test_b14_03_tz_02_a_last_day_of_12") == {"TZ-02"}


def test_every_rule_is_in_the_name_of_a_test() -> None:
    files = [file for file in TESTS.rglob("test_*.py") if PRETENDER not in file.parents]
    names = {name for file in files for name in TEST.findall(file.read_text(encoding="utf-8"))}
    tested = {rule for name in names for rule in rules_of(name)}
    assert sorted(RULES - tested) == []
