"""
SQL stands only in a `store.py` and in `storage/`: elsewhere a transaction may be passed on, and nothing said to it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import ml_connector

SOURCE = Path(ml_connector.__file__).parent
ASKING = {"execute", "exec_driver_sql", "scalar", "scalars"}


def find_sql(source: str) -> Iterator[str]:
    """What of a module makes statements, or carries them out."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.partition(".")[0] == "sqlalchemy")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "sqlalchemy":
            if node.module != "sqlalchemy.exc":
                yield from (name.name for name in node.names)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKING:
            yield node.func.attr


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import sqlalchemy as sa\nsa.text('SELECT 1')", ["sqlalchemy"]),
        ("from sqlalchemy import Connection, select", ["Connection", "select"]),
        ("from sqlalchemy.dialects.sqlite import insert", ["insert"]),
        ("def look(tx, query):\n    return tx.execute(query).scalars()", ["scalars", "execute"]),
        ("from ml_connector.storage.database import Transaction\nfrom sqlalchemy.exc import SQLAlchemyError", []),
    ],
)
def test_a_statement_is_recognized(source: str, found: list[str]) -> None:
    assert list(find_sql(source)) == found


def test_sql_stands_only_where_it_belongs() -> None:
    files = [
        file for file in SOURCE.rglob("*.py") if file.name != "store.py" and SOURCE / "storage" not in file.parents
    ]
    assert len(files) > 100
    told = {str(file.relative_to(SOURCE)): list(find_sql(file.read_text(encoding="utf-8"))) for file in files}
    assert {file: found for file, found in told.items() if found} == {}
