"""
Plant each bug in a copy of the source, run the test that must fail, and say how many were caught.

    python -m tests.mutants [words of a name]

A test that does not pass without the bug proves nothing by failing with it, so each is run that way first. The working
tree is never touched. Exit code 1 when a bug lives, or cannot be tried.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.mutants.planted import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
PASSED, FAILED = 0, 1
_SAME = ("-p", "no:cacheprovider", "-p", "no:randomly", "--hypothesis-seed=7")  # the same test with and without the bug


def main(wanted: list[str]) -> int:
    chosen = [mutant for mutant in MUTANTS if all(word in mutant.name for word in wanted)]
    caught = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for name in ("src", "tests", "pyproject.toml"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, tree / name)
        sound: dict[str, bool] = {}
        for mutant in chosen:
            if mutant.test not in sound:
                sound[mutant.test] = run(tree, mutant.test) == PASSED
            fate = try_out(tree, mutant) if sound[mutant.test] else "UNSOUND"
            caught += fate == "caught"
            print(f"{fate:<9}  {mutant.name:<60}  {mutant.test.rpartition('::')[2]}", flush=True)  # noqa: T201
    print(f"{caught} of {len(chosen)} caught")  # noqa: T201
    return int(caught != len(chosen))


def try_out(tree: Path, mutant: Mutant) -> str:
    """Plant one bug, test, and take it out again; *mutant*'s test is known to pass without it."""
    file = tree / "src" / "ml_connector" / mutant.path
    source = file.read_text(encoding="utf-8")
    if source.count(mutant.old) != 1:
        return "UNPLANTED"
    file.write_text(source.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        return "caught" if run(tree, mutant.test) == FAILED else "LIVES"
    finally:
        file.write_text(source, encoding="utf-8")


def run(tree: Path, test: str) -> int:
    command = [sys.executable, "-m", "pytest", "-x", "-n0", *_SAME, test]
    environment = os.environ | {"PYTHONPATH": f"{tree / 'src'}{os.pathsep}{tree}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, check=False, timeout=300)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
