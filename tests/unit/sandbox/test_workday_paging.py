"""Paging: the pages of one extraction are the whole, each record once."""

from datetime import datetime

import pytest

from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.maintenance import is_maintained
from ml_connector.sandbox.workday.page_cache import PageCache
from ml_connector.sandbox.workday.sandbox import WorkdaySandbox
from tests.unit.sandbox.soap import WD, ask, filtered, group, now, pages, refuse, results, send, worker_ids

ID_ONLY = group("Include_Reference")


@pytest.fixture
def sandbox() -> WorkdaySandbox:
    return WorkdaySandbox(Tenant(workers=120))


@pytest.mark.parametrize("count", [1, 7, 100, 999])
def test_pages_are_a_partition(sandbox: WorkdaySandbox, count: int) -> None:
    by = now(sandbox)
    found: list[str] = []
    for payload in pages(sandbox, "Get_Workers", "FILTER" + ID_ONLY, count=count, by=by):
        ids = worker_ids(payload)
        said = results(payload)
        assert said["Total_Results"] == 120
        assert said["Page_Results"] == len(ids) <= count
        found += ids
    assert len(found) == len(set(found)) == 120


@pytest.mark.parametrize(
    ("operation", "service"),
    [
        ("Get_Organizations", "Human_Resources"),
        ("Get_Job_Profiles", "Human_Resources"),
        ("Get_Locations", "Human_Resources"),
        ("Get_Positions", "Staffing"),
        ("Get_Cost_Centers", "Financial_Management"),
    ],
)
def test_every_listing_pages_the_same_way(sandbox: WorkdaySandbox, operation: str, service: str) -> None:
    by = now(sandbox)

    def wids(count: int) -> list[str]:
        read = pages(sandbox, operation, "FILTER", count=count, by=by, service=service)
        return [record.findtext(f".//{WD}ID") for page in read for record in page.find(f"{WD}Response_Data")]

    assert len(wids(999)) == len(set(wids(999)))
    assert wids(7) == wids(999)


def test_a_hundred_by_default_and_the_filter_is_echoed_only_when_sent(sandbox: WorkdaySandbox) -> None:
    payload = ask(sandbox, "Get_Workers", ID_ONLY)
    assert results(payload) == {"Total_Results": 120, "Total_Pages": 2, "Page_Results": 100, "Page": 1}
    assert payload.find(f"{WD}Response_Filter") is None
    echoed = ask(sandbox, "Get_Workers", filtered(page=2, count=50) + ID_ONLY).find(f"{WD}Response_Filter")
    assert [element.text for element in echoed] == ["2", "50"]


def test_a_page_beyond_the_last_is_empty(sandbox: WorkdaySandbox) -> None:
    payload = ask(sandbox, "Get_Workers", filtered(page=9))
    assert results(payload)["Page_Results"] == 0
    assert payload.find(f"{WD}Response_Data") is None


def test_page_zero_is_refused_in_the_vendors_words(sandbox: WorkdaySandbox) -> None:
    text = refuse(sandbox, "Get_Workers", filtered(page=0))
    assert text == "Validation error occurred. Page Number cannot be zero."


@pytest.mark.parametrize("count", [0, 1000, -1])
def test_a_count_out_of_range_is_refused(sandbox: WorkdaySandbox, count: int) -> None:
    assert "999" in refuse(sandbox, "Get_Workers", filtered(count=count))


def test_cc_02_pages_drift_unless_the_entry_moment_is_pinned() -> None:
    def read(*, pinned: bool) -> list[str]:
        sandbox = WorkdaySandbox(Tenant(workers=120))
        by = now(sandbox) if pinned else ""
        sandbox.tenant.play("page_drift")
        return [
            found
            for page in (1, 2)
            for found in worker_ids(ask(sandbox, "Get_Workers", filtered(page=page, by=by) + ID_ONLY))
        ]

    pinned, drifting = read(pinned=True), read(pinned=False)
    assert len(set(pinned)) == len(pinned) == 120
    assert len(set(drifting)) < len(drifting) == 121


def test_a_page_being_sent_is_not_disturbed(sandbox: WorkdaySandbox) -> None:
    request = "<bsvc:Get_Workers_Request><bsvc:Response_Filter><bsvc:Count>999</bsvc:Count></bsvc:Response_Filter></bsvc:Get_Workers_Request>"
    quiet, disturbed = send(sandbox, request), send(sandbox, request)
    assert not isinstance(quiet.body, bytes)
    assert not isinstance(disturbed.body, bytes)
    expected = b"".join(quiet.body)
    chunks = iter(disturbed.body)
    first = next(chunks)
    sandbox.tenant.advance(2)
    sandbox.tenant.play("same_field_change")
    assert first + b"".join(chunks) == expected


def test_a_selection_is_kept_for_two_hours_and_only_its_first_page_is_slow() -> None:
    moment, made, slept = [0.0], [], []
    cache = PageCache(clock=lambda: moment[0], first_page_s=lambda: 3.0, sleep=slept.append)

    def ask_again() -> int:
        return len(cache.keep("everybody", lambda: made.append(1) or list(made)))

    for at, times in ((0.0, 1), (7199.0, 1), (7200.0, 2), (14399.0, 2), (14400.0, 3)):
        moment[0] = at
        assert ask_again() == times
    assert slept == [3.0, 3.0, 3.0]


@pytest.mark.parametrize(
    ("instant", "closed"),
    [
        ("2026-11-28T06:59:59+00:00", False),  # Friday 22:59:59 in winter time
        ("2026-11-28T07:00:00+00:00", True),
        ("2026-11-28T10:59:59+00:00", True),
        ("2026-11-28T11:00:00+00:00", False),
        ("2026-07-11T06:00:00+00:00", True),  # Friday 23:00 in summer time
        ("2026-07-11T09:59:59+00:00", True),
        ("2026-07-11T10:00:00+00:00", False),
        ("2026-11-27T08:30:00+00:00", False),  # half past midnight on a Friday
    ],
)
def test_the_weekly_maintenance_is_friday_night_in_california(instant: str, closed: bool) -> None:
    assert is_maintained(datetime.fromisoformat(instant)) is closed
