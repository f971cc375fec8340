"""The sandbox's fault catalogue (trust.md A2.2) by class, and how much memory a reading may take meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ml_connector.sandbox.modes import ALL_MODES

BEFORE_ACTING = ("429", "throttled", "503", "500", "timeout_before", "reset_before", "half_read", "half_read_stall")
AFTER_ACTING = ("timeout_after", "reset_after", "500_after", "truncated", "empty", "html", "garbage_json")
CONTENT = (
    "bom",
    "duplicate_keys",
    "empty_200",
    "gzip_bomb",
    "mixed_encodings",
    "nan",
    "soap_fault_200",
    "truncated_at",
    "wrong_answer",
    "wrong_content_type",
)
# XML that no answer of theirs is; on JSON these change nothing.
HOSTILE_XML = (
    "comment_split_id",
    "doctype",
    "entity_bomb",
    "external_entity",
    "quadratic_blowup",
    "wrong_namespace",
    "xinclude",
)
# Where there are no pages, only `no_rows` and `numbers_as_strings` can be played.
PAGES = ("empty_page", "no_rows", "numbers_as_strings", "page_repeated", "page_skipped", "wrong_total")
AUTH = ("401", "403", "404", "grant_revoked", "quota_403", "token_dies_mid_page", "token_expired")
# Nothing is wrong with what comes, but for when it comes.
LATE = ("slow", "stale_read")
# Single records move between two requests: nothing is wrong with an answer, and Plex itself is changed.
DRIFT = ("deleted_meanwhile", "edited_meanwhile", "id_reused")

EVERY_MODE = frozenset((*BEFORE_ACTING, *AFTER_ACTING, *CONTENT, *HOSTILE_XML, *PAGES, *AUTH, *LATE, *DRIFT))
assert frozenset(ALL_MODES) == EVERY_MODE, "a mode of the sandbox is in no class: no suite would play it"

_STATUS, _FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_PEAK, _NOW = re.compile(r"VmHWM:\s+(\d+) kB"), re.compile(r"VmRSS:\s+(\d+) kB")


@contextmanager
def bounded_memory(most_mb: int) -> Iterator[None]:
    """Fail when this process grows by more meanwhile, if only for a moment; known on Linux only."""
    if not _FORGET.exists():
        yield
        return
    _FORGET.write_text("5")  # the peak begins anew (proc_pid_clear_refs(5))
    before = _read_kb(_NOW)
    yield
    grown_mb = (_read_kb(_PEAK) - before) // 1024
    assert grown_mb <= most_mb, f"{grown_mb} MB more"


def _read_kb(what: re.Pattern[str]) -> int:
    found = what.search(_STATUS.read_text())
    assert found is not None
    return int(found[1])
