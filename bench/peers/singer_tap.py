"""
A tap of the Singer SDK with one stream: the REST worker collection, records to standard output as taps do.

With a `target` named in the order, one reads there: another process, as its users pipe the one into the other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from meter import measured, read_order
from signing import fetch_token, workers_path
from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import BearerTokenAuthenticator
from singer_sdk.pagination import BaseOffsetPaginator

_NAMED = th.ObjectType(th.Property("id", th.StringType), th.Property("descriptor", th.StringType))
_JOB = th.ObjectType(
    th.Property("id", th.StringType),
    th.Property("descriptor", th.StringType),
    th.Property("businessTitle", th.StringType),
    *(th.Property(name, _NAMED) for name in ("jobType", "jobProfile", "location", "supervisoryOrganization")),
)


class Offsets(BaseOffsetPaginator):
    """Limit and offset, until a page is not full."""

    def has_more(self, response: requests.Response) -> bool:
        return len(response.json()["data"]) == self._page_size


class Workers(RESTStream[int]):
    """The worker collection."""

    name = "workers"
    primary_keys = ("id",)
    records_jsonpath = "$.data[*]"
    schema = th.PropertiesList(
        th.Property("id", th.StringType, required=True),
        th.Property("descriptor", th.StringType),
        th.Property("workerId", th.StringType),
        th.Property("workerType", _NAMED),
        th.Property("person", th.ObjectType(th.Property("id", th.StringType), th.Property("email", th.StringType))),
        th.Property("primaryJob", _JOB),
    ).to_dict()
    count = 0

    @property
    def url_base(self) -> str:
        return str(self.config["url"])

    @property
    def path(self) -> str:
        return str(self.config["path"])

    @property
    def authenticator(self) -> BearerTokenAuthenticator:
        return BearerTokenAuthenticator(token=self.config["token"])

    def get_new_paginator(self) -> Offsets:
        return Offsets(start_value=0, page_size=100)

    def get_url_params(self, context: Any, next_page_token: int | None) -> dict[str, Any]:
        return {"limit": 100, "offset": next_page_token or 0, "includeTerminatedWorkers": "true"}

    def parse_response(self, response: requests.Response) -> Iterable[dict[str, Any]]:
        for record in super().parse_response(response):
            self.count += 1
            yield record


class WorkdayTap(Tap):
    """The tap."""

    name = "tap-workday-workers"
    config_jsonschema = th.PropertiesList(
        th.Property("url", th.StringType, required=True),
        th.Property("path", th.StringType, required=True),
        th.Property("token", th.StringType, required=True),
    ).to_dict()

    def discover_streams(self) -> list[Workers]:
        return [Workers(self)]


@contextmanager
def piped(target: str, folder: Path) -> Iterator[None]:
    """Let standard output be read by a target, until it has kept everything."""
    config = folder / "target.json"
    config.write_text(json.dumps({"destination_path": str(folder)}))
    nowhere, (end, start) = os.dup(1), os.pipe()
    child = subprocess.Popen([target, "--config", str(config)], stdin=end)
    os.close(end)
    os.dup2(start, 1)
    os.close(start)
    yield
    sys.stdout.flush()
    os.dup2(nowhere, 1)
    if child.wait():
        raise SystemExit("the target ended with an error")


def main() -> None:
    order = read_order()
    workday = order.ready["workday"]
    token = fetch_token(requests.Session(), workday)
    tap = WorkdayTap(config={"url": workday["url"], "path": workers_path(workday), "token": token})
    with measured("cold") as told:
        if order.target:
            with piped(order.target, Path(order.folder)):
                tap.sync_all()
        else:
            tap.sync_all()
        told.workers = tap.streams["workers"].count  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
