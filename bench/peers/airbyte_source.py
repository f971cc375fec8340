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

_TEXT: dict[str, Any] = {"type": ["null", "string"]}


def _object(*texts: str, **objects: dict[str, Any]) -> dict[str, Any]:
    properties = {**dict.fromkeys(texts, _TEXT), **objects}
    return {"type": ["null", "object"], "properties": properties, "additionalProperties": True}


def _named(*texts: str, **objects: dict[str, Any]) -> dict[str, Any]:
    return _object("id", "descriptor", *texts, **objects)


# What the builder infers from a page of these workers.
SCHEMA = {
    "$schema": "http://json-schema.org/schema#",
    **_named(
        "workerId",
        workerType=_named(),
        person=_object("id", "email"),
        primaryJob=_named(
            "businessTitle",
            jobType=_named("Job_Type_Name_ID"),
            jobProfile=_named("Job_Profile_ID"),
            location=_named("Location_ID", country=_object("descriptor", "ISO_3166-1_Alpha-3_Code")),
            supervisoryOrganization=_named("Organization_Reference_ID"),
        ),
    ),
    "type": "object",
}


def describe(workday: dict[str, Any], *, fit: bool = False) -> dict[str, Any]:
    """
    The manifest a connector builder would write; with *fit*, values are made to fit the schema, as its users may
    choose.
    """
    return {
        "version": "6.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": ["workers"]},
        "streams": [
            {
                "type": "DeclarativeStream",
                "name": "workers",
                "primary_key": ["id"],
                "schema_loader": {"type": "InlineSchemaLoader", "schema": SCHEMA},
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
                        "schema_normalization": "Default" if fit else "None",
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
    stream = {"name": "workers", "json_schema": SCHEMA, "supported_sync_modes": ["full_refresh"]}
    chosen = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "catalog.json").write_text(json.dumps({"streams": [chosen]}))
    source = Counted(catalog=None, config=config, state=None, source_config=describe(workday, fit=order.fit))
    with measured("cold") as told:
        launch(source, ["read", "--config", f"{folder}/config.json", "--catalog", f"{folder}/catalog.json"])
        told.workers = source.records


if __name__ == "__main__":
    main()
