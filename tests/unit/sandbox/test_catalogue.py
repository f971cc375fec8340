"""
The catalogue of what can go wrong between two systems, written out, and where each of it is played or tested.

The list is in words, from the requirements, not from the code: a mode the sandbox forgets is missed here.
"""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from ml_connector.sandbox.fault_scenarios import SCENARIOS
from ml_connector.sandbox.plex.switches import Switches as PlexSwitches
from ml_connector.sandbox.tenant.tenant import Tenant
from ml_connector.sandbox.workday.switches import Switches as WorkdaySwitches

TESTS = Path(__file__).parents[2]
TRANSPORT = "integration/test_transport.py"
STORAGE = "integration/test_storage_faults.py"
DAYS = "unit/sync/test_local_days.py"
LEASE = "integration/test_lease.py"

# What goes wrong → a fault's name, `scenario NAME`, `setting SYSTEM NAME`, or `test FILE NAME` where only a caller meets it.
CATALOGUE = {
    "connect": {
        "the name does not resolve": f"test {TRANSPORT} test_a_name_that_does_not_resolve_is_not_sent",
        "the connection is refused": "refused",
        "the connection is never completed": "connect-timeout",
        "the TLS handshake fails": f"test {TRANSPORT} test_a_handshake_that_fails_is_not_sent",
        "the certificate changes in mid-run": (
            f"test {TRANSPORT} test_a_certificate_changed_between_two_requests_is_refused_before_the_second"
        ),
    },
    "send": {
        "reset while sending": "half-read",
        "the server reads half the body, then stops": "half-read-stall",
    },
    "ambiguous": {
        "no answer, and it did not act": "timeout-before",
        "no answer, and it acted": "timeout-after",
        "reset after it acted": "reset-after",
        "500 after it committed": "500-after",
        "200 with half of the JSON": "truncated",
        "200 with a web page": "html",
        "a SOAP fault inside 200": "soap-fault-200",
        "the connection ends without a byte": "empty",
        "the answer to another request": "wrong-answer",
    },
    "content": {
        "cut off at byte b": "truncated-at",
        "wrong content type": "wrong-content-type",
        "gzip bomb": "gzip-bomb",
        "byte order mark": "bom",
        "mixed encodings": "mixed-encodings",
        "duplicate keys": "duplicate-keys",
        "numbers as text": "numbers-as-strings",
        "the total is not the number of rows": "wrong-total",
        "a page comes twice": "page-repeated",
        "a page is left out": "page-skipped",
        "an empty page in the middle": "empty-page",
    },
    "throttle": {
        "429 with seconds": "429-seconds",
        "429 with a date": "429-date",
        "429 without a header": "429-no-header",
        "429 with a negative number": "429-negative",
        "429 with a billion seconds": "429-huge",
        "503 with Retry-After": "503-retry-after",
        "a fault with status 500 on SOAP": "throttled",
        "403 for a quota": "quota-403",
    },
    "sign-in": {
        "the token expires in mid-page": "token-dies-mid-page",
        "the grant is revoked": "grant-revoked",
        "401 for ever": "401-loop",
        "a role is removed in mid-run: 403": "role-removed-403",
        "a role is removed in mid-run: nothing there": "role-removed-empty",
    },
    "drift": {
        "deleted between list and get": "deleted-meanwhile",
        "edited by a person between our read and our write": "edited-meanwhile",
        "an id is used again, in Plex": "id-reused",
        "an id is used again, in Workday": "scenario id_reused",
        "a read does not see what was just written": "stale-read",
    },
    "time": {
        "Workday's clock jumps an hour or a day either way": "setting workday clock_offset_s",
        "Plex's clock jumps an hour or a day either way": "setting plex clock_offset_s",
        "daylight saving begins and ends": (
            f"test {DAYS} test_tz_02_a_plants_day_begins_at_its_own_midnight_when_the_clocks_change"
        ),
        "leap day": f"test {DAYS} test_tz_02_a_leap_day_is_a_day",
        "the process is paused for long": f"test {LEASE} test_a1_t5_a_process_that_wakes_after_its_lease_sends_nothing",
    },
    "storage": {
        "disk full at write n": f"test {STORAGE} test_a2_2_the_disk_is_full_at_any_write",
        "read-only file system": f"test {STORAGE} test_a2_2_a_read_only_file_system",
        "database locked": f"test {STORAGE} test_a2_2_another_process_holds_the_database",
        "the write-ahead log is larger than the disk": f"test {STORAGE} test_a2_2_a_disk_too_small_for_the_log",
        "a damaged page": f"test {STORAGE} test_a2_2_a_damaged_page_anywhere",
    },
    "planned outage": {
        "Workday's weekly maintenance window": "setting workday maintenance_window",
    },
}
MODES = [(f"{kind}: {mode}", where) for kind, modes in CATALOGUE.items() for mode, where in modes.items()]


def is_there(where: str) -> bool:
    """Whether what the catalogue points at exists."""
    word, *rest = where.split()
    if word == "scenario":
        return rest[0] in Tenant.scenarios()
    if word == "setting":
        switches = {"workday": WorkdaySwitches, "plex": PlexSwitches}[rest[0]]
        return rest[1] in {field.name for field in fields(switches)}
    if word == "test":
        return re.search(rf"^def {rest[1]}\(", (TESTS / rest[0]).read_text(encoding="utf-8"), re.MULTILINE) is not None
    return where in SCENARIOS


@pytest.mark.parametrize(("mode", "where"), MODES, ids=[mode for mode, _ in MODES])
def test_a2_2_every_mode_of_the_catalogue_can_be_played_or_is_tested(mode: str, where: str) -> None:
    assert is_there(where), f"{mode}: nothing is called {where}"


@pytest.mark.parametrize(
    "where", ["gremlins", "scenario gremlins", "setting plex maintenance_window", f"test {LEASE} test_gremlins"]
)
def test_what_is_not_there_is_missed(where: str) -> None:
    assert not is_there(where)
