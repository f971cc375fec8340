"""A dlt REST source: into SQLite, or through a custom destination that sends each employee to Plex."""

from __future__ import annotations

import os
from typing import Any

import dlt
import requests
from dlt.common.schema import TTableSchema
from dlt.common.typing import TDataItems
from dlt.sources.rest_api import rest_api_source
from meter import measured, read_order
from rows import Upserter, from_rest
from signing import fetch_token, workers_path


def make_source(workday: dict[str, Any]) -> Any:
    return rest_api_source(
        {
            "client": {
                "base_url": workday["url"],
                "auth": {"type": "bearer", "token": fetch_token(requests.Session(), workday)},
                "paginator": {"type": "offset", "limit": 100, "total_path": "total"},
            },
            "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
            "resources": [
                {
                    "name": "workers",
                    "endpoint": {
                        "path": workers_path(workday),
                        "params": {"includeTerminatedWorkers": "true"},
                        "data_selector": "data",
                    },
                }
            ],
        }
    )


def main() -> None:
    order = read_order()
    os.environ["DLT_DATA_DIR"] = order.folder
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    workday = order.ready["workday"]
    plex = Upserter(requests.Session(), order.ready["plex"])
    sent = 0  # of one run

    @dlt.destination(batch_size=1, name="plex", naming_convention="direct", skip_dlt_columns_and_tables=True)
    def to_plex(items: TDataItems, table: TTableSchema) -> None:
        nonlocal sent
        for item in items if isinstance(items, list) else [items]:
            plex.send(from_rest(item))
            sent += 1

    kept = dlt.destinations.sqlalchemy(f"sqlite:///{order.folder}/dlt.db")
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=f"{order.folder}/pipelines",
        destination=to_plex if order.write else kept,
        dataset_name="main",
    )
    for phase in ("cold", "unchanged"):
        sent = 0
        with measured(phase) as told:
            pipeline.run(make_source(workday))
            counts = pipeline.last_trace.last_normalize_info.row_counts
            told.workers, told.writes = counts["workers"], sent


if __name__ == "__main__":
    main()
