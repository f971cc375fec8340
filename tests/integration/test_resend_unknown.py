"""
`resend` of a write whose outcome is not known: what its own remedy names works, with Plex away and with Plex back.
"""

from __future__ import annotations

import pytest

from ml_connector.errors import AmbiguousWriteError, UnavailableError
from ml_connector.sync.run import open_run
from tests.rehearsal import Rehearsal, record


@pytest.fixture
def rehearsal(tmp_path):
    made = Rehearsal(record(12), url=f"sqlite:///{tmp_path}/mlc.db")
    made.prepare()
    with made.alive() as life:
        life.sync()
    made.day = 1
    return made


def is_creation(request):
    return request.method == "POST" and request.path.endswith("/employees")


class Away:
    """Plex takes (or loses) one creation, and is away from then on until it is back."""

    def __init__(self, *, acts: bool) -> None:
        self.acts, self.gone = acts, False

    def __call__(self, request, answer):
        if self.gone:
            raise UnavailableError("Plex is away")
        if is_creation(request):
            self.gone = True
            if self.acts:
                answer(request)
            raise AmbiguousWriteError("the line went silent")
        return answer(request)


def leave_unknown(life, away):
    life.wire.spoil = away
    with pytest.raises(UnavailableError):
        life.sync()
    found = [item for item in life.tools.review.parked("acme") if item.code == "unknown"]
    assert found
    assert f"resend {found[0].key}" in (found[0].remedy or "")
    return found[0]


def resend(life, key):
    return life.syncer.resend([key], progress=lambda *_: None)


def named(rehearsal, key):
    return [row for row in rehearsal.plex_state()["employees"] if row["badgeNumber"] == key]


def test_with_plex_still_away_it_says_so_and_changes_nothing(rehearsal):
    with rehearsal.alive() as life:
        item = leave_unknown(life, Away(acts=False))
        sent = len(life.wire.writes)
        with pytest.raises(UnavailableError):
            resend(life, item.key)
        assert len(life.wire.writes) == sent
        assert [it.code for it in life.tools.review.parked("acme") if it.key == item.key] == ["unknown"]


def test_with_plex_back_and_the_write_lost_the_same_bytes_go_again(rehearsal):
    with rehearsal.alive() as life:
        item = leave_unknown(life, Away(acts=False))
        life.wire.spoil = lambda request, answer: answer(request)
        first = next(request for request in life.wire.writes if is_creation(request))
        sent = len(life.wire.writes)
        assert resend(life, item.key).counts["applied"] == 1
        (again,) = life.wire.writes[sent:]
        assert (again.path, again.body) == (first.path, first.body)
        assert not [it for it in life.tools.review.parked("acme") if it.key == item.key and not it.field]
    assert len(named(rehearsal, item.key)) == 1


def test_with_plex_back_and_the_write_done_nothing_is_sent_again(rehearsal):
    with rehearsal.alive() as life:
        item = leave_unknown(life, Away(acts=True))
        life.wire.spoil = lambda request, answer: answer(request)
        sent = len(life.wire.writes)
        resend(life, item.key)
        assert len(life.wire.writes) == sent
        assert not [it for it in life.tools.review.parked("acme") if it.key == item.key and not it.field]
    assert len(named(rehearsal, item.key)) == 1


def test_recovery_that_proves_a_write_absent_unparks_it(rehearsal):
    with rehearsal.alive() as life:
        item = leave_unknown(life, Away(acts=False))
        life.wire.spoil = lambda request, answer: answer(request)
        with open_run(life.tools, "apply", progress=lambda *_: None) as run:
            run.recover()
        assert not [it for it in life.tools.review.parked("acme") if it.code == "unknown"], item


def test_while_it_stays_unknown_a_persons_word_sends_the_same_bytes(rehearsal):
    """Plex takes writes and does not show the record when asked for it: only a person can tell."""
    with rehearsal.alive() as life:
        away = Away(acts=False)
        item = leave_unknown(life, away)
        looks = 0

        def blind(request, answer):
            nonlocal looks
            if request.method == "GET" and "/employees" in request.path and looks < 2:
                looks += 1
                raise UnavailableError("Plex is away")
            return answer(request)

        life.wire.spoil = blind
        resend(life, item.key)
    assert len(named(rehearsal, item.key)) == 1
