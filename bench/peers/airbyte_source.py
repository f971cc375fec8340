"""
A source of Airbyte's low-code kit with one stream: the REST worker collection, records as messages to standard output.

Run by the kit's own entry point, as every source of theirs is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from airbyte_cdk.entrypoint import launch
from airbyte_cdk.models import AirbyteMessage, Type
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource
from meter import measured, read_order
from signing import fetch_token, workers_path


def describe(workday: dict[str, Any]) -> dict[str, Any]:
    """The manifest a connector builder would write."""
    return {
        "version": "6.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": ["workers"]},
        "streams": [
            {
                "type": "DeclarativeStream",
                "name": "workers",
                "primary_key": ["id"],
                "schema_loader": {"type": "InlineSchemaLoader", "schema": {"type": "object", "properties": {}}},
                "retriever": {
                    "type": "SimpleRetriever",
                    "requester": {
                        "type": "HttpRequester",
                        "url_base": workday["url"],
                        "path": workers_path(workday),
                        "http_method": "GET",
                        "request_parameters": {"includeTerminatedWorkers": "true"},
                        "authenticator": {"type": "BearerAuthenticator", "api_token": "{{ config['token'] }}"},
                    },
                    "record_selector": {
                        "type": "RecordSelector",
                        "extractor": {"type": "DpathExtractor", "field_path": ["data"]},
                    },
                    "paginator": {
                        "type": "DefaultPaginator",
                        "page_size_option": {
                            "type": "RequestOption", "inject_into": "request_parameter", "field_name": "limit"
                        },
                        "page_token_option": {
                            "type": "RequestOption", "inject_into": "request_parameter", "field_name": "offset"
                        },
                        "pagination_strategy": {"type": "OffsetIncrement", "page_size": 100},
                    },
                },
            }
        ],
        "spec": {
            "type": "Spec",
            "connection_specification": {"type": "object", "properties": {"token": {"type": "string"}}},
        },
    }  # fmt: skip


class Counted(ConcurrentDeclarativeSource):
    """A source that knows how many records it gave."""

    records = 0

    def read(self, *args: Any, **options: Any) -> Iterator[AirbyteMessage]:
        for message in super().read(*args, **options):
            self.records += message.type == Type.RECORD
            yield message


def main() -> None:
    order = read_order()
    workday = order.ready["workday"]
    config, folder = {"token": fetch_token(requests.Session(), workday)}, Path(order.folder)
    stream = {"name": "workers", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
    chosen = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "catalog.json").write_text(json.dumps({"streams": [chosen]}))
    source = Counted(catalog=None, config=config, state=None, source_config=describe(workday))
    with measured("cold") as told:
        launch(source, ["read", "--config", f"{folder}/config.json", "--catalog", f"{folder}/catalog.json"])
        told.workers = source.records


if __name__ == "__main__":
    main()
