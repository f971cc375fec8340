"""Lists asked for before they are wanted: in order, a few at a time, and with the failures of whoever is asked."""

from __future__ import annotations

import threading

import pytest

from ml_connector.canonical.keys import NativeRecord, RecordType
from ml_connector.connectors.port import Page, Query
from ml_connector.errors import UnavailableError
from ml_connector.sync.ahead import ReadAhead

QUERIES = [Query(record_type=RecordType.DEPARTMENT, plant=str(number)) for number in range(6)]


class Plex:
    """Answers with the plant's number, or not at all; *asked* in the order of asking."""

    def __init__(self, *, away=()):
        self.away, self.asked, self.threads = away, [], set()
        self.arrived = threading.Semaphore(0)

    def read(self, query):
        self.asked.append(query.plant)
        self.threads.add(threading.current_thread())
        self.arrived.release()
        if query.plant in self.away:
            raise UnavailableError("Plex is away")
        yield Page((NativeRecord(record_type=query.record_type, payload=query.plant.encode()),), 1, 1, 1)


def answers(pages):
    return [record.payload.decode() for page in pages for record in page.records]


def wait_for(plex, count):
    for _ in range(count):
        assert plex.arrived.acquire(timeout=10)


def test_a_few_lists_are_asked_for_before_they_are_wanted_and_no_more_while_these_wait():
    plex = Plex()
    with ReadAhead(plex, QUERIES, at_once=3) as ahead:
        wait_for(plex, 3)
        assert sorted(plex.asked) == ["0", "1", "2"]
        assert answers(ahead.read(QUERIES[0])) == ["0"]
        wait_for(plex, 1)
        assert plex.asked[3:] == ["3"]
        assert [answers(ahead.read(query)) for query in QUERIES[1:]] == [["1"], ["2"], ["3"], ["4"], ["5"]]
    assert sorted(plex.asked) == ["0", "1", "2", "3", "4", "5"]
    assert threading.current_thread() not in plex.threads


def test_what_is_wanted_a_second_time_is_asked_for_again():
    plex = Plex()
    with ReadAhead(plex, QUERIES[:1], at_once=3) as ahead:
        assert answers(ahead.read(QUERIES[0])) == answers(ahead.read(QUERIES[0])) == ["0"]
    assert plex.asked == ["0", "0"]


def test_a_failure_is_told_to_whoever_wants_the_list_and_the_others_go_on():
    plex = Plex(away={"1"})
    with ReadAhead(plex, QUERIES, at_once=2) as ahead:
        assert answers(ahead.read(QUERIES[0])) == ["0"]
        with pytest.raises(UnavailableError):
            answers(ahead.read(QUERIES[1]))
        assert [answers(ahead.read(query)) for query in QUERIES[2:]] == [["2"], ["3"], ["4"], ["5"]]


def test_one_at_a_time_asks_when_asked_and_in_this_thread():
    plex = Plex()
    with ReadAhead(plex, QUERIES, at_once=1) as ahead:
        assert plex.asked == []
        assert answers(ahead.read(QUERIES[2])) == ["2"]
    assert plex.asked == ["2"]
    assert plex.threads == {threading.current_thread()}


def test_whoever_leaves_early_asks_for_no_more():
    plex = Plex()
    with ReadAhead(plex, QUERIES, at_once=2):
        wait_for(plex, 2)
    assert sorted(plex.asked) == ["0", "1"]
