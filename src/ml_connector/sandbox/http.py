"""Requests and responses between the sandbox's server and its two pretenders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec


@dataclass(frozen=True)
class Request:
    """One HTTP request, whole. Header names are lower case; *query* keeps repeated names."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    """One HTTP answer. A *body* of several chunks is sent as it is made, with chunked transfer encoding."""

    status: int
    body: bytes | Iterable[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Response]


def json_response(value: Any, status: int = 200, **headers: str) -> Response:
    """Answer with JSON, UTF-8, no spaces, as both vendors do."""
    content = {"Content-Type": "application/json; charset=utf-8"}
    content |= {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(status, msgspec.json.encode(value), content)
