"""What a code was: which object it names, by Workday's own id."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ml_connector.timeline.reference import ReferenceFact, is_given_away

READ = datetime(2026, 11, 23, 15, tzinfo=UTC)


def told(*wids, first=READ, name="Stamping"):
    """One code as told once an hour; None where no id was told."""
    bodies = [f'{{"name":"{name} {n}"' + (f',"wid":"{wid}"' if wid else "") + "}" for n, wid in enumerate(wids)]
    return [
        ReferenceFact("job_profile", "JP-WELD", date(2026, 1, 1), first + timedelta(hours=n), body)
        for n, body in enumerate(bodies)
    ]


@pytest.mark.parametrize(
    ("wids", "given_away"),
    [
        (("a", "b"), True),
        (("a", "a", "b"), True),
        (("a", "b", "a"), True),
        (("a", "a"), False),
        (("a",), False),
        (("a", None), False),
        ((None, "a"), False),
        ((), False),
    ],
)
def test_rd_01_a_code_is_given_away_where_it_names_another_object_than_when_it_was_read(wids, given_away):
    assert is_given_away(told(*wids), by=READ) is given_away


def test_rd_01_a_new_code_and_one_that_was_given_away_before_are_nothing_new():
    assert not is_given_away(told("b", first=READ + timedelta(hours=1)), by=READ)
    assert not is_given_away(told("a", "b"), by=READ + timedelta(hours=1))
