"""Each planted bug can still be planted, and the test that must catch it is still there."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants.planted import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
by_name = pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)


@by_name
def test_the_source_has_the_place_once_and_is_other_and_still_python_with_the_bug(mutant: Mutant) -> None:
    source = (ROOT / "src" / "ml_connector" / mutant.path).read_text(encoding="utf-8")
    assert source.count(mutant.old) == 1
    planted = source.replace(mutant.old, mutant.new)
    assert ast.dump(ast.parse(planted)) != ast.dump(ast.parse(source))


@by_name
def test_the_test_that_must_catch_it_exists(mutant: Mutant) -> None:
    file, _, name = mutant.test.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name.partition("[")[0] in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_no_two_have_the_same_name() -> None:
    assert [name for name, times in Counter(mutant.name for mutant in MUTANTS).items() if times > 1] == []
