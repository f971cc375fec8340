"""No line of a docstring is longer than code may be: the formatter leaves them to us."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 120
FILES = sorted(file for folder in ("src", "tests", "bench") for file in (ROOT / folder).rglob("*.py"))


def find_long(source: str) -> list[int]:
    """The numbers of the lines of docstrings, and of other texts that stand alone, that are too long."""
    lines = source.splitlines()
    alone = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Expr)]
    texts = [node for node in alone if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    numbers = {number for text in texts for number in range(text.lineno, (text.end_lineno or text.lineno) + 1)}
    return sorted(number for number in numbers if len(lines[number - 1]) > LONGEST)


@pytest.mark.parametrize(("width", "found"), [(LONGEST, []), (LONGEST + 1, [3])])
def test_a_long_line_is_recognized(width: int, found: list[int]) -> None:
    assert find_long(f'def it() -> None:\n    """\n    {"x" * (width - 4)}\n    """\n') == found


def test_no_docstring_has_a_line_longer_than_code_may_be() -> None:
    assert len(FILES) > 300
    told = {
        str(file.relative_to(ROOT)): find_long(file.read_text(encoding="utf-8"))
        for file in FILES
        if ".venvs" not in file.parts
    }
    assert {file: found for file, found in told.items() if found} == {}
