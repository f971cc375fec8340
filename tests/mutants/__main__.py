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
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from tests.mutants.planted import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
PASSED, FAILED = 0, 1
_AT_ONCE = os.cpu_count() or 1
_SAME = ("-p", "no:cacheprovider", "-p", "no:randomly", "--hypothesis-seed=7")  # the same test with and without the bug


def main(wanted: list[str]) -> int:
    chosen = [mutant for mutant in MUTANTS if all(word in mutant.name for word in wanted)]
    caught = 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(_AT_ONCE) as pool:
        trees = SimpleQueue[Path]()
        for number in range(_AT_ONCE):
            trees.put(plant_tree(Path(folder, str(number))))
        for fates in pool.map(partial(try_all, trees), _by_test(chosen)):
            for mutant, fate in fates:
                caught += fate == "caught"
                print(f"{fate:<9}  {mutant.name:<60}  {mutant.test.rpartition('::')[2]}", flush=True)  # noqa: T201
    print(f"{caught} of {len(chosen)} caught")  # noqa: T201
    return int(caught != len(chosen))


def _by_test(mutants: Sequence[Mutant]) -> list[list[Mutant]]:
    found: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        found.setdefault(mutant.test, []).append(mutant)
    return list(found.values())


def plant_tree(tree: Path) -> Path:
    """A copy of what is tested and of its tests."""
    tree.mkdir()
    for name in ("src", "tests", "pyproject.toml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tree / name)
    return tree


def try_all(trees: SimpleQueue[Path], mutants: Sequence[Mutant]) -> list[tuple[Mutant, str]]:
    """The fate of each of *mutants*, which have one test, in a tree that nobody else uses meanwhile."""
    tree = trees.get()
    try:
        if run(tree, mutants[0].test) != PASSED:
            return [(mutant, "UNSOUND") for mutant in mutants]
        return [(mutant, try_out(tree, mutant)) for mutant in mutants]
    finally:
        trees.put(tree)


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
