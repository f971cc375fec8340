"""The crosswalk at rest: versions are appended, the newest counts, nothing is forgotten."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import msgspec
import pytest

from ml_connector.errors import ConfigurationError
from ml_connector.mapping.claim import Kind
from ml_connector.mapping.crosswalk import MappingRow, sign_rows
from ml_connector.mapping.store import MappingStore
from ml_connector.mapping.table import parse_table, render_table
from ml_connector.storage.database import Database

AT = datetime(2026, 11, 23, 15, tzinfo=UTC)


def job(source: str, position: str, *, plant: str = "101", state: str = "accepted") -> MappingRow:
    return MappingRow(kind=Kind.JOB_PROFILE, plant=plant, source=source, target={"position": position}, state=state)


def save(database: Database, *rows: MappingRow, connection: str = "acme", by: str = "mia") -> list[MappingRow]:
    with database.transaction() as tx:
        return MappingStore(database).save(tx, connection, sign_rows(rows, changed_by=by, changed_at=AT))


def held(database: Database, connection: str = "acme") -> dict[str, tuple[str, int, str]]:
    rows = MappingStore(database).load(connection)
    return {f"{row.plant} {row.source}": (row.target["position"], row.version, row.state) for row in rows}


def test_what_was_saved_is_loaded_with_author_moment_and_version(database: Database) -> None:
    saved = save(database, job("0010", "Opérateur"), job("0010", "Operator", plant="*"))

    assert MappingStore(database).load("acme") == sorted(saved, key=lambda row: row.key)
    assert {(row.version, row.changed_by, row.changed_at) for row in saved} == {(1, "mia", AT)}


def test_rd_09_a_change_is_a_new_version_and_the_old_one_stays(database: Database) -> None:
    save(database, job("A", "P"), job("B", "Q"))
    (changed,) = save(database, job("A", "R"), job("B", "Q"), by="leo")

    assert (changed.source, changed.version, changed.changed_by) == ("A", 2, "leo")
    assert held(database) == {"101 A": ("R", 2, "accepted"), "101 B": ("Q", 1, "accepted")}
    past = MappingStore(database).history("acme", kind=Kind.JOB_PROFILE, plant="101", source="A")
    assert [(row.target["position"], row.changed_by) for row in past] == [("P", "mia"), ("R", "leo")]


def test_up_04_saying_the_same_again_saves_nothing(database: Database) -> None:
    save(database, job("A", "P"))

    assert save(database, job("A", "P"), by="leo") == []
    assert held(database) == {"101 A": ("P", 1, "accepted")}


def test_rd_01_workdays_own_id_is_learnt_kept_and_never_forgotten(database: Database) -> None:
    save(database, job("A", "P"))
    (learnt,) = save(database, msgspec.structs.replace(job("A", "P"), wid="w1"))
    assert (learnt.wid, learnt.version) == ("w1", 2)
    assert save(database, job("A", "P")) == []
    (changed,) = save(database, job("A", "Q"))
    assert (changed.wid, changed.version) == ("w1", 3)
    (loaded,) = MappingStore(database).load("acme")
    assert loaded.wid == "w1"
    assert parse_table(render_table([loaded])).rows[0].wid == "w1"


def test_a_proposal_never_displaces_an_accepted_row(database: Database) -> None:
    save(database, job("A", "P"))

    assert save(database, job("A", "Q", state="proposed")) == []
    assert held(database) == {"101 A": ("P", 1, "accepted")}


def test_a_proposal_is_replaced_by_a_newer_one_and_by_its_acceptance(database: Database) -> None:
    save(database, job("A", "P", state="proposed"))
    save(database, job("A", "Q", state="proposed"))
    assert held(database) == {"101 A": ("Q", 2, "proposed")}

    save(database, job("A", "Q"))
    assert held(database) == {"101 A": ("Q", 3, "accepted")}


def test_connections_do_not_see_each_others_rows(database: Database) -> None:
    save(database, job("A", "P"))
    save(database, job("A", "Q"), connection="other")

    assert held(database) == {"101 A": ("P", 1, "accepted")}
    assert held(database, "other") == {"101 A": ("Q", 1, "accepted")}


def test_the_crosswalk_in_force_follows_what_is_saved(database: Database) -> None:
    store = MappingStore(database)
    save(database, job("A", "P"))
    before = store.crosswalk("acme").version
    save(database, job("A", "Q"))

    assert store.crosswalk("acme").resolve(Kind.JOB_PROFILE, source="A", plant="101").target == {"position": "Q"}
    assert store.crosswalk("acme").version != before
    save(database, job("A", "P"))
    assert store.crosswalk("acme").version == before


def test_rows_are_saved_with_the_callers_transaction_or_not_at_all(database: Database) -> None:
    store = MappingStore(database)
    with database.engine.connect() as tx:
        store.save(tx, "acme", sign_rows([job("A", "P")], changed_by="mia", changed_at=AT))
        assert [row.source for row in store.load("acme", tx=tx)] == ["A"]
        tx.rollback()

    assert store.load("acme") == []


@pytest.mark.parametrize(
    "rows",
    [
        [job("A", "P")],
        sign_rows([job("A", "P")], changed_by="", changed_at=AT),
        sign_rows([job("A", "P")], changed_by="mia", changed_at=AT.replace(tzinfo=None)),
        sign_rows([job("A", "P"), job("A", "Q")], changed_by="mia", changed_at=AT),
        sign_rows([job("A", "P"), job("A", "P", state="proposed")], changed_by="mia", changed_at=AT),
    ],
    ids=["unsigned", "nobody", "no zone", "tie", "both states"],
)
def test_rd_06_rd_09_rows_nobody_answers_for_are_refused_whole(database: Database, rows: list[MappingRow]) -> None:
    sound = sign_rows([job("B", "Q")], changed_by="mia", changed_at=AT)
    with database.transaction() as tx, pytest.raises(ConfigurationError):
        MappingStore(database).save(tx, "acme", [*sound, *rows])

    assert held(database) == {}


def test_the_moment_is_kept_whatever_zone_it_was_told_in(database: Database) -> None:
    detroit = AT.astimezone(timezone(timedelta(hours=-5)))
    with database.transaction() as tx:
        MappingStore(database).save(tx, "acme", sign_rows([job("A", "P")], changed_by="mia", changed_at=detroit))
    (row,) = MappingStore(database).load("acme")

    assert row.changed_at is not None
    assert row.changed_at.isoformat() == "2026-11-23T15:00:00+00:00"


def test_a_round_through_a_spreadsheet_changes_nothing(database: Database) -> None:
    save(database, job("0010", "=Operator"), job("B", "Q", state="proposed"), job("B", "R", plant="*"))
    table = parse_table(render_table(MappingStore(database).load("acme")))

    assert table.faults == ()
    assert save(database, *table.rows) == []


NOVEMBER = date(2026, 11, 1)


def dated(position: str, since: date | None, until: date | None = None, *, state: str = "accepted") -> MappingRow:
    return msgspec.structs.replace(job("A", position, state=state), effective_on=since, ends_on=until)


def test_rd_05_rd_09_rows_of_one_line_stand_side_by_side_and_count_their_versions_together(database: Database) -> None:
    save(database, dated("P", None))
    save(database, dated("Q", NOVEMBER))
    save(database, dated("R", NOVEMBER, date(2026, 12, 31)), by="leo")

    rows = MappingStore(database).load("acme")
    assert [(row.target["position"], row.effective_on, row.ends_on, row.version) for row in rows] == [
        ("P", None, None, 1),
        ("R", NOVEMBER, date(2026, 12, 31), 3),
    ]
    past = MappingStore(database).history("acme", kind=Kind.JOB_PROFILE, plant="101", source="A")
    assert [row.target["position"] for row in past] == ["P", "Q", "R"]
    crosswalk = MappingStore(database).crosswalk("acme", days={"101": date(2026, 10, 31)})
    assert crosswalk.resolve(Kind.JOB_PROFILE, source="A", plant="101").target == {"position": "P"}


def test_rd_06_a_row_that_begins_while_one_in_force_lasts_is_refused(database: Database) -> None:
    save(database, dated("P", None, NOVEMBER))
    with pytest.raises(ConfigurationError, match="overlap"):
        save(database, dated("Q", NOVEMBER))
    assert len(MappingStore(database).load("acme")) == 1
    # Both at once may.
    assert len(save(database, dated("P", None, date(2026, 10, 31)), dated("Q", NOVEMBER))) == 2


def test_rd_09_a_draft_lies_beside_the_row_in_force_until_it_is_accepted_or_withdrawn(database: Database) -> None:
    def standing() -> list[tuple[str, str]]:
        return [(row.target["position"], row.state) for row in MappingStore(database).load("acme")]

    save(database, dated("P", None))
    save(database, dated("Q", None, state="draft"))
    assert standing() == [("P", "accepted"), ("Q", "draft")]
    assert save(database, dated("Q", None, state="draft")) == []
    save(database, dated("R", None, state="draft"))
    assert standing() == [("P", "accepted"), ("R", "draft")]
    save(database, dated("R", None, state="withdrawn"))
    assert standing() == [("P", "accepted")]
    save(database, dated("S", None, state="draft"))
    save(database, dated("S", None))
    assert standing() == [("S", "accepted")]
    history = MappingStore(database).history("acme", kind=Kind.JOB_PROFILE, plant="101", source="A")
    assert [(row.version, row.state) for row in history] == [
        (1, "accepted"), (2, "draft"), (3, "draft"), (4, "withdrawn"), (5, "draft"), (6, "accepted"),
    ]  # fmt: skip
