"""
Run what depends on dates as if this machine stood in four places, and compare the outcomes (TZ-09).

    python -m tests.zones [what pytest is given]

Exit code 1 when a test fails anywhere, or has another outcome in another zone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
ZONES = ("UTC", "America/Los_Angeles", "Australia/Melbourne", "Pacific/Kiritimati")
TESTS = (
    "tests/unit",
    "tests/contract",
    "tests/laws",
    "tests/integration/test_worker_events.py",
    "tests/integration/test_reference_over_time.py",
    "tests/integration/test_mapping_over_time.py",
    "tests/integration/test_asof.py",
)
_SAME = ("-q", "-n", "auto", "-p", "no:randomly", "-p", "no:cacheprovider", "--hypothesis-seed=9")


def main(tests: list[str]) -> int:
    first: dict[str, str] = {}
    failed = 0
    for zone in ZONES:
        told = run(zone, tests or list(TESTS))
        first = first or told
        broken = sorted(name for name, outcome in told.items() if outcome != "passed")
        other = sorted(name for name in told.keys() | first.keys() if told.get(name) != first.get(name))
        line = f"{zone:<20}  {len(told) - len(broken)} passed, {len(broken)} not, {len(other)} other than in {ZONES[0]}"
        print("\n".join([line, *(f"    {name}: {told.get(name)}" for name in [*broken, *other])]), flush=True)  # noqa: T201
        failed += len(broken) + len(other)
    print(f"{len(first)} tests in {len(ZONES)} zones: {'identical' if first and not failed else 'NOT identical'}")  # noqa: T201
    return int(not first or failed > 0)


def run(zone: str, tests: list[str]) -> dict[str, str]:
    """Each test's outcome in one zone."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", *_SAME, f"--junitxml={report}", *tests]
        subprocess.run(command, cwd=ROOT, env=os.environ | {"TZ": zone}, capture_output=True, check=False)
        cases = ElementTree.parse(report).iter("testcase")  # noqa: S314 - written by our own pytest a moment ago
        return {f"{case.get('classname')}::{case.get('name')}": _outcome(case) for case in cases}


def _outcome(case: ElementTree.Element) -> str:
    return next((child.tag for child in case if child.tag in {"failure", "error", "skipped"}), "passed")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
