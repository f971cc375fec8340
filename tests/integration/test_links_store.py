"""Links at rest, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from ml_connector.snapshot.extracts.store import Scope
from ml_connector.snapshot.store import SnapshotStore
from ml_connector.snapshot.translation import Row
from ml_connector.sync.strangers.store import StrangerStore
from ml_connector.timeline.identity import Alias, NameOwner, Seen
from ml_connector.timeline.links.store import Join, Link, LinkStore, Profile

AT = datetime(2026, 11, 23, 15, tzinfo=UTC)
ADA, OLD, NUMBER = Alias("universal", "U-1"), Alias("wid", "a" * 32), Alias("employee", "1001")


@pytest.fixture
def links(database):
    store = LinkStore(database, "acme")
    with database.transaction() as tx:
        store.learn(tx, dict.fromkeys((ADA, OLD, NUMBER), Seen("p1", OLD.value)), by="sync", at=AT)
    return store


def test_wp_02_what_was_learnt_is_found_by_any_name(links, database):
    assert links.find([ADA, NUMBER, Alias("employee", "9")]) == dict.fromkeys((ADA, NUMBER), NameOwner("p1"))
    assert LinkStore(database, "other").find([ADA]) == {}
    assert links.any()
    assert not LinkStore(database, "other").any()


def test_a_known_name_stays_with_its_person_until_somebody_decides(links, database):
    with database.transaction() as tx:
        links.learn(tx, {NUMBER: Seen("p2", "b" * 32)}, by="sync", at=AT)
    assert links.find([NUMBER]) == {NUMBER: NameOwner("p1")}
    assert links.profile("1001") == Profile(OLD.value, "p1")
    with database.transaction() as tx:
        links.decide(tx, OLD.value, person="p2", by="ada", at=AT)
    assert links.find([NUMBER, OLD, ADA]) == {
        **dict.fromkeys((NUMBER, OLD), NameOwner("p2", True)),
        ADA: NameOwner("p1"),
    }
    assert links.profile("nobody") is None


def test_wp_02_a_decision_taken_back_leaves_nothing_but_what_others_share(links, database):
    with database.transaction() as tx:
        assert not links.withdraw(tx, OLD.value, by="ada", at=AT)
        links.learn(tx, {Alias("wid", "b" * 32): Seen("p1", "b" * 32)}, by="sync", at=AT)
        links.decide(tx, OLD.value, person="p2", by="ada", at=AT)
    with database.transaction() as tx:
        assert links.withdraw(tx, OLD.value, by="ada", at=AT)
    assert links.find([OLD, NUMBER, ADA]) == {ADA: NameOwner("p1")}
    assert links.unknown([OLD.value]) == [OLD.value]
    assert links.joins()[OLD.value] == [Join("p1", None), Join("p2", AT), Join(OLD.value, AT)], "and it is remembered"


def test_whom_nobody_has_met_is_found_in_order_and_a_few_at_a_time(links, database):
    scope, elsewhere = Scope("acme", "workday", "worker"), Scope("acme", "workday", "position")
    snapshots, strangers = SnapshotStore(database), StrangerStore(database)
    with database.transaction() as tx:
        rows = [Row(key, key[:4], "{}") for key in ("n3", "n1", OLD.value, "n2")]
        snapshots.save_page(tx, scope, rows=rows, extract_id=7)
        snapshots.save_page(tx, scope, rows=[Row("gone", "x", "{}")], extract_id=6)
        snapshots.save_page(tx, elsewhere, rows=[Row("p1", "y", "{}")], extract_id=7)
    found = []
    for some in strangers.find(scope, extract_id=7, size=2):
        with database.transaction() as tx:
            links.learn(tx, {Alias("wid", wid): Seen(wid, wid) for wid in some}, by="sync", at=AT)
        found.append(some)
    assert found == [["n1", "n2"], ["n3"]]
    assert list(strangers.find(scope, extract_id=7, size=2)) == []


def test_one_plex_record_is_one_person(links, database):
    with database.transaction() as tx:
        links.adopt(tx, person="p1", plant="101", plex_id="x", by="ada", at=AT)
        links.adopt(tx, person="p1", plant="101", plex_id="y", by="ada", at=AT)
    assert links.adopted() == {("101", "p1"): "y"}
    with pytest.raises(IntegrityError), database.transaction() as tx:
        links.adopt(tx, person="p2", plant="101", plex_id="y", by="ada", at=AT)


def test_the_list_shows_whom_more_than_one_profile_or_a_choice_belongs_to(links, database):
    assert links.list() == []
    with database.transaction() as tx:
        links.learn(tx, {Alias("wid", "b" * 32): Seen("p1", "b" * 32)}, by="sync", at=AT)
    (ada,) = links.list()
    assert ada == Link(person="p1", aliases=(OLD, Alias("wid", "b" * 32), ADA, NUMBER))
    with database.transaction() as tx:
        links.adopt(tx, person="p1", plant="101", plex_id="x", by="ada", at=AT)
    assert links.list(person="p1")[0].plex == {"101": "x"}


def test_m_9_a_record_that_moves_between_plants_is_somebodys_choice_since_it_was_chosen(links, database):
    later = AT + timedelta(days=9)
    with database.transaction() as tx:
        links.adopt(tx, person="p1", plant="101", plex_id="x", by="ada", at=AT)
        links.take_along(tx, person="p1", origin="101", plant="102", plex_id="x", by="sync", at=later)
        links.take_along(tx, person="p2", origin="101", plant="103", plex_id="own", by="sync", at=later)
    assert links.adopted() == {("102", "p1"): "x", ("103", "p2"): "own"}
    assert links.signed("p1") == {"102": "ada, 2026-11-23"}
    assert links.chosen_at(["x", "own"]) == {"x": AT, "own": later}
