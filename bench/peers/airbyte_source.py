"""A source of Airbyte's low-code kit with one stream: the REST worker collection, records as messages to standard output."""

from __future__ import annotations

import sys
from typing import Any

import requests
from airbyte_cdk.models import AirbyteMessageSerializer, SyncMode, Type
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource
from airbyte_cdk.test.catalog_builder import CatalogBuilder
from meter import measured, read_order
from orjson import dumps
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


def main() -> None:
    order = read_order()
    workday = order.ready["workday"]
    config = {"token": fetch_token(requests.Session(), workday)}
    catalog = CatalogBuilder().with_stream("workers", SyncMode.full_refresh).build()
    source = ConcurrentDeclarativeSource(catalog=catalog, config=config, state=[], source_config=describe(workday))
    with measured("cold") as told:
        for message in source.read(source.logger, config, catalog, []):
            sys.stdout.write(dumps(AirbyteMessageSerializer.dump(message)).decode() + "\n")
            told.workers += message.type == Type.RECORD


if __name__ == "__main__":
    main()
