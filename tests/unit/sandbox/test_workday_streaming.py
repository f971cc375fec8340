"""A page is made while it is sent: what is in memory is a record, however many the page or the tenant has."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from ml_connector.sandbox.http import Response
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox
from ml_connector.sandbox.workday.workers import Workers
from tests.unit.sandbox.soap import filtered, send


@pytest.fixture(scope="module")
def sandbox() -> WorkdaySandbox:
    return WorkdaySandbox(Tenant(workers=1200))


def _page(sandbox: WorkdaySandbox, count: int, **headers: str) -> Response:
    request = f"<bsvc:Get_Workers_Request>{filtered(count=count)}</bsvc:Get_Workers_Request>"
    return send(sandbox, request, **headers)


def _chunks(response: Response) -> Iterator[bytes]:
    assert response.status == 200
    assert not isinstance(response.body, bytes)
    return iter(response.body)


def _measure(response: Response) -> tuple[int, int]:
    """How many bytes came, and how many were in memory at most while they did."""
    chunks, size = _chunks(response), 0
    tracemalloc.start()
    try:
        for chunk in chunks:
            size += len(chunk)
        return size, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("count", [100, 999])
def test_a_page_of_workers_is_made_record_by_record(
    sandbox: WorkdaySandbox, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    made, describe = [], Workers.describe
    monkeypatch.setattr(Workers, "describe", lambda self, call, key: made.append(key) or describe(self, call, key))
    sent = b""
    for chunk in _chunks(_page(sandbox, count)):
        sent += chunk
        assert len(made) - sent.count(b"</wd:Worker>") <= 1  # the one that is being cut
        assert len(chunk) < 200_000
    assert len(made) == count


def test_a_page_ten_times_as_long_takes_no_more_memory(sandbox: WorkdaySandbox) -> None:
    short, short_peak = _measure(_page(sandbox, 100))
    long, long_peak = _measure(_page(sandbox, 999))
    assert long > 9 * short
    # What a request remembers of the world grows with the people it has seen, but by far less than their XML.
    assert long_peak < long / 4
    assert long_peak < 5 * short_peak


def test_the_tenant_may_be_larger_and_the_page_costs_the_same() -> None:
    peaks = []
    for workers in (1200, 6000):
        sandbox = WorkdaySandbox(Tenant(workers=workers))
        _measure(_page(sandbox, 100))  # the list of everybody is made and kept
        peaks.append(_measure(_page(sandbox, 100))[1])
    assert peaks[1] < 1.5 * peaks[0]
