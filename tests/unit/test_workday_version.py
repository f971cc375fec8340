"""Two releases a year: R1 in March, R2 in September."""

from __future__ import annotations

from datetime import date

import pytest

from ml_connector.connectors.workday.version import tell_age


@pytest.mark.parametrize(
    ("version", "today", "release", "behind"),
    [
        ("v45.0", date(2025, 9, 1), "2025R2", 0),
        ("v45.0", date(2026, 2, 28), "2025R2", 0),
        ("v45.0", date(2026, 3, 1), "2025R2", 1),
        ("v45.2", date(2026, 11, 23), "2025R2", 2),
        ("v44.1", date(2026, 11, 23), "2025R1", 3),
        ("v43.0", date(2026, 11, 23), "2024R2", 4),
        ("v47.0", date(2026, 7, 1), "2026R2", -1),
        ("v30.0", date(2018, 5, 1), "2018R1", 0),
    ],
)
def test_the_age_is_counted_in_releases(version: str, today: date, release: str, behind: int) -> None:
    age = tell_age(version, today=today)
    assert (age.release, age.behind) == (release, behind)
    assert age.note.startswith(f"{version} (about {release})")


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("v45.0", None),
        ("v44.0", None),
        ("v43.0", "is old"),
        ("v41.2", "near the oldest"),
        ("v40.1", "near the oldest"),
        ("v29.0", "layout"),
    ],
)
def test_an_old_version_is_warned_of(version: str, words: str | None) -> None:
    warning = tell_age(version, today=date(2026, 11, 23)).warning
    assert warning is None if words is None else words in (warning or "")
