"""Reading one record type whole: pages kept, nothing believed by halves, one bad record never loses its page."""

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from ml_connector.canonical.keys import AsOf, NativeRecord, RecordType
from ml_connector.canonical.plant import PlexRecord
from ml_connector.connectors.port import Page, Query
from ml_connector.errors import IncompleteReadError, RecordError, UnavailableError
from ml_connector.mapping.plex import to_plant_record
from ml_connector.snapshot import extract, translation
from ml_connector.snapshot.extract import Reader
from ml_connector.snapshot.extracts.store import ExtractStore, Scope
from ml_connector.snapshot.store import SnapshotStore, records
from ml_connector.snapshot.translation import Translation, payload_hash
from ml_connector.storage.database import open_database
from ml_connector.storage.migrate import migrate

SCOPE = Scope("acme", "plex", "employee", "101")
QUERY = Query(record_type=RecordType.EMPLOYEE, plant="101")
NOW = datetime(2026, 11, 23, tzinfo=UTC)


class Pages:
    """Gives the pages it was made with, one set per reading; the last set again and again."""

    def __init__(self, *readings):
        self.readings = list(readings)

    def read(self, _query):
        reading = self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]
        total = sum(len(names) for names in reading if isinstance(names, list))
        for number, names in enumerate(reading, 1):
            if isinstance(names, Exception):
                raise names
            yield Page(tuple(map(native, names)), number, len(reading), total)


def native(name):
    return NativeRecord(RecordType.EMPLOYEE, json.dumps({"id": name, "firstName": name}).encode())


@pytest.fixture(params=[20_000, 0], ids=["known at once", "known page by page"])
def read(database, request, monkeypatch):
    monkeypatch.setattr(extract, "_MOST_AT_ONCE", request.param)
    translated = []

    def translate(record):
        plain = to_plant_record(record, plant="101")
        translated.append(plain.key)
        if plain.key.startswith("bad"):
            raise RecordError("cannot be understood", code="odd")
        return plain.key, plain

    def run(pages, query=QUERY, *, settled=True):
        translated.clear()
        extract = Reader(database, clock=lambda: NOW).extract(
            pages,
            scope=SCOPE,
            query=query,
            translation=Translation(
                translate=translate,
                key_of=lambda record: json.loads(record.payload)["id"],
                name_of=lambda record: f"number of {json.loads(record.payload)['id']}",
            ),
            progress=lambda *_: None,
            settled=settled,
        )
        return extract, list(translated)

    return run


def kept(database, extract):
    return [row.key for row in SnapshotStore(database).read(SCOPE, of=PlexRecord, extract_id=extract.id)]


def test_every_page_is_kept_in_order_of_the_key(database, read):
    extract, _ = read(Pages([["c", "a"], ["b"]]))
    assert (extract.total, extract.before) == (3, None)
    assert kept(database, extract) == ["a", "b", "c"]


def test_what_came_as_the_same_bytes_is_not_translated_again(database, read):
    read(Pages([["a", "b"]]))
    extract, translated = read(Pages([["a", "b", "c"]]))
    assert translated == ["c"]
    assert kept(database, extract) == ["a", "b", "c"]
    assert extract.before == 2


def test_one_bad_record_is_a_fault_and_its_page_goes_on(database, read):
    extract, _ = read(Pages([["a", "bad1", "b"]]))
    assert kept(database, extract) == ["a", "b"]
    assert [(fault.key, fault.name, fault.code) for fault in extract.faults] == [("bad1", "number of bad1", "odd")]


def test_cc_11_who_is_not_seen_stays_and_counts_as_vanished(database, read):
    read(Pages([["a", "b"]]))
    extract, _ = read(Pages([["a"]]))
    assert kept(database, extract) == ["a"]
    assert SnapshotStore(database).vanished(SCOPE, extract_id=extract.id) == ["b"]


def test_cc_03_a_key_that_comes_twice_is_no_extraction(read):
    with pytest.raises(IncompleteReadError):
        read(Pages([["a", "b"], ["b"]]))


def test_cc_03_a_moving_set_is_read_again(database, read):
    extract, _ = read(Pages([["a", "b"], IncompleteReadError("moved")], [["a"], ["b"]]))
    assert kept(database, extract) == ["a", "b"]


def test_cc_03_after_three_tries_it_is_given_up_and_nothing_counts(database, read):
    with pytest.raises(IncompleteReadError):
        read(Pages([["a"], IncompleteReadError("moved")]))
    extract, _ = read(Pages([["a"]]))
    assert extract.before is None


def test_a_disbelieved_extraction_is_no_measure_for_the_next(database, read):
    first, _ = read(Pages([["a", "b", "c"]]))
    held, _ = read(Pages([[]]))
    ExtractStore(database).disbelieve(held.id)
    again, _ = read(Pages([[]]))
    assert (held.before, again.before) == (first.total, first.total)


@pytest.mark.parametrize("size", [0, 1, 8191, 8192, 8193, 200_000])
def test_the_same_bytes_are_translated_again_where_the_translation_differs(size, monkeypatch):
    payload = b"x" * size
    hashes = [payload_hash(payload), payload_hash(payload, variant="legal"), payload_hash(payload, variant="preferred")]
    monkeypatch.setattr(translation, "TRANSLATION", b"another")
    translation._begin_hash.cache_clear()
    translation._key_of.cache_clear()
    hashes.append(payload_hash(payload))
    translation._begin_hash.cache_clear()
    translation._key_of.cache_clear()
    assert len(set(hashes)) == 4
    assert {len(bytes.fromhex(each)) for each in hashes} == {translation.HASH_BYTES}


@pytest.mark.parametrize("size", [1, 8191, 8192, 40_000])
def test_a_record_that_differs_in_any_byte_or_in_length_has_another_hash(size):
    payload = bytearray(size)
    hashes = {payload_hash(bytes(payload)), payload_hash(bytes(payload) + b"\0"), payload_hash(bytes(payload[1:]))}
    for at in {0, size // 2, size - 1}:
        payload[at] = 1
        hashes.add(payload_hash(bytes(payload)))
        payload[at] = 0
    assert len(hashes) == 3 + len({0, size // 2, size - 1})


def rows(database):
    """Which extraction saw each record last."""
    with database.reading() as tx:
        return dict(tx.execute(select(records.c.key, records.c.extract_id)).all())


def test_cc_15_a_list_that_is_as_before_is_noted_and_writes_no_record(database, read):
    first, _ = read(Pages([["a", "b"], ["c"]]))
    before = rows(database)
    for _ in range(2):
        again, translated = read(Pages([["a", "b"], ["c"]]))
        assert translated == []
        assert (again.content_id, again.total, again.before, again.whole) == (first.content_id, 3, 3, False)
        assert kept(database, again) == ["a", "b", "c"]
    assert rows(database) == before
    believed = ExtractStore(database).last_believed(SCOPE)
    assert (believed.id, believed.total) == (first.id, 3)
    assert believed.number > first.id


@pytest.mark.parametrize("ends", ["well", "badly"])
def test_cc_15_lists_that_are_as_before_are_noted_together_or_not_at_all(database, ends):
    translation = Translation(
        translate=lambda one: (json.loads(one.payload)["id"], {}), key_of=lambda _: None, name_of=lambda _: None
    )
    reader, store = Reader(database, clock=lambda: NOW), ExtractStore(database)
    scopes = [Scope("acme", "plex", "employee", plant) for plant in ("101", "102")]

    def read_both():
        for scope in scopes:
            reader.extract(Pages([["a"]]), scope=scope, query=QUERY, translation=translation, progress=lambda *_: None)

    read_both()
    before = [store.last_believed(scope) for scope in scopes]
    with contextlib.suppress(UnavailableError), reader.noting_together():
        read_both()
        assert [store.last_believed(scope) for scope in scopes] == before
        if ends == "badly":
            raise UnavailableError("gone")
    after = [store.last_believed(scope) for scope in scopes]
    assert [each.id for each in after] == [each.id for each in before]
    assert [new.number > old.number for new, old in zip(after, before, strict=True)] == [ends == "well"] * 2


def test_cc_13_who_is_gone_after_readings_that_were_as_before_is_seen_to_be_gone(database, read):
    for _ in range(3):
        read(Pages([["a", "b", "c"]]))
    extract, _ = read(Pages([["a", "b"]]))
    assert (extract.total, extract.before, extract.whole) == (2, 3, True)
    assert kept(database, extract) == ["a", "b"]
    assert SnapshotStore(database).gone(SCOPE, extract_id=extract.id) == ["c"]
    extract, _ = read(Pages([["a", "b"]]))
    assert (extract.before, kept(database, extract)) == (2, ["a", "b"])


def test_cc_15_as_many_records_as_before_are_not_those_of_before(database, read):
    first, _ = read(Pages([["a", "b", "c"]]))
    extract, translated = read(Pages([["a", "b", "d"]]))
    assert translated == ["d"]
    assert extract.content_id != first.content_id
    assert kept(database, extract) == ["a", "b", "d"]


def test_cc_15_who_comes_back_in_anothers_place_is_news(database, read):
    read(Pages([["a", "b", "c"]]))
    read(Pages([["a", "b"]]))
    extract, translated = read(Pages([["a", "c"]]))
    assert (translated, extract.total, extract.before) == ([], 2, 2)
    assert kept(database, extract) == ["a", "c"]


def as_of(moment):
    return Query(record_type=RecordType.EMPLOYEE, plant="101", as_of=AsOf(moment.date(), moment))


def test_cc_15_a_reading_as_of_a_moment_that_is_as_before_writes_no_record_and_keeps_its_moment(database, read):
    later = NOW + timedelta(days=1)
    read(Pages([["a", "b", "c"]]))
    first, _ = read(Pages([["a", "b"]]), as_of(NOW))
    before = rows(database)
    again, translated = read(Pages([["b", "a"]]), as_of(later))
    assert (translated, again.total, again.content_id, rows(database)) == ([], 2, first.content_id, before)
    assert kept(database, again) == ["a", "b"]
    assert SnapshotStore(database).vanished(SCOPE, extract_id=again.id) == ["c"]
    believed = ExtractStore(database).last_believed(SCOPE)
    assert (believed.id, believed.total, believed.effective_on) == (first.id, 2, later.date().isoformat())
    assert believed.entered_at == believed.whole_at == later.isoformat()


def test_cc_06_a_reading_as_of_another_day_that_is_as_before_is_built_on_by_none(database, read):
    first, _ = read(Pages([["a", "b", "c"]]), as_of(NOW))
    read(Pages([["a", "b"]]), as_of(NOW))
    other, translated = read(Pages([["a", "b"]]), as_of(NOW + timedelta(days=90)), settled=False)
    assert (translated, other.total, other.whole, other.id > first.id) == ([], 2, True, True)
    assert kept(database, other) == ["a", "b"]
    assert SnapshotStore(database).vanished(SCOPE, extract_id=other.id) == ["c"]
    assert ExtractStore(database).to_build_on(SCOPE, variant="3|") is None


def test_cc_03_one_record_twice_and_another_not_at_all_is_no_list_as_before(read):
    read(Pages([["a", "b", "c"]]))
    with pytest.raises(IncompleteReadError):
        read(Pages([["a", "b"], ["b"]]))


def test_cc_15_what_a_first_reading_kept_before_it_broke_off_is_not_translated_again(monkeypatch, database, read):
    monkeypatch.setattr(extract, "_AT_ONCE", 1)
    with pytest.raises(UnavailableError):
        read(Pages([["a"], UnavailableError("away")]))
    found, translated = read(Pages([["a", "b"]]))
    assert (translated, kept(database, found)) == (["b"], ["a", "b"])
    assert found.before is None


def test_cc_15_what_a_reading_that_broke_off_saw_is_not_as_before(database, read):
    read(Pages([["a", "b"]]))
    with pytest.raises(UnavailableError):
        read(Pages([["a", "n"], UnavailableError("away")]))
    extract, _ = read(Pages([["a", "b"]]))
    assert (extract.total, kept(database, extract)) == (2, ["a", "b"])
    assert extract.before == 2


def test_a_page_is_looked_up_by_its_bytes_however_many_records_there_are(tmp_path):
    """SQLite once took an index that holds all that is asked for, and went through every record for each page."""
    database = open_database(f"sqlite:///{tmp_path / 'mlc.db'}")
    migrate(database)
    asked: list[tuple[str, Any]] = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    with database.transaction() as tx:
        SnapshotStore(database).find_known(tx, SCOPE, payload_hashes=["a" * 40, "b" * 40])
        event.remove(database.engine, "before_cursor_execute", note)
        statement, parameters = asked[-1]
        (step,) = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    database.close()
    assert "payload_hash=?" in step.detail
