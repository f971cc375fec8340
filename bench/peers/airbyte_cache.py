"""
The same source of Airbyte's low-code kit, run by PyAirbyte: its records kept in DuckDB, where its users look for them.
"""

from __future__ import annotations

import os

import requests
from meter import measured, read_order
from signing import fetch_token

os.environ |= {"AIRBYTE_OFFLINE_MODE": "1", "DO_NOT_TRACK": "1"}  # read while it is imported

import airbyte
from airbyte.caches import DuckDBCache
from airbyte_source import describe


def main() -> None:
    order = read_order()
    workday = order.ready["workday"]
    source = airbyte.get_source(
        "source-workday",
        config={"token": fetch_token(requests.Session(), workday)},
        source_manifest=describe(workday),
        streams="*",
    )
    cache = DuckDBCache(db_path=f"{order.folder}/airbyte.duckdb")
    for phase in ("cold", "unchanged"):
        with measured(phase) as told:
            told.workers = source.read(cache=cache).processed_records


if __name__ == "__main__":
    main()
