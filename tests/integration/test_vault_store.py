"""Stored credentials on a real database: moved, altered, old or under another key, they do not open (trust A3, F8)."""

import itertools
from datetime import UTC, datetime

import msgspec
import pytest
import sqlalchemy as sa

from ml_connector.audit.event import AuditAction, AuditEvent
from ml_connector.connectors.plex.auth import Basic
from ml_connector.errors import ConfigurationError
from ml_connector.secret import Secret
from ml_connector.storage.database import metadata, open_database
from ml_connector.storage.migrate import migrate
from ml_connector.usecases.credentials import find_put_back, list_credentials, remove_credential, set_credential
from ml_connector.usecases.doctor import _of_app, _vault
from ml_connector.vault import store
from ml_connector.vault.keys import MasterKey
from ml_connector.vault.store import Vault
from tests.unreached import wire_alone

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
PLACES = [
    (connection, system, field)
    for connection in ("acme", "beta")
    for system, field in (("workday", "password"), ("plex", "client_secret"), ("plex", "101/password"))
]
TABLES = ("data_key", "credential", "credential_version")


@pytest.fixture
def database(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'vault.db'}")
    metadata.create_all(database.engine, tables=[metadata.tables[name] for name in TABLES])
    yield database
    database.close()


@pytest.fixture
def vault(database):
    return vault_on(database)


def vault_on(database, key=b"k"):
    return Vault(database, master_key=MasterKey(key * 32), clock=lambda: NOW)


def put(database, vault, place, value="a secret of some length"):
    connection, system, field = place
    with database.transaction() as tx:
        return vault.set(tx, connection=connection, system=system, field=field, value=Secret(value))


def take(vault, place, **more):
    connection, system, field = place
    return vault.get(connection=connection, system=system, field=field, **more).reveal()


def is_rejected(vault, place):
    with pytest.raises(ConfigurationError) as caught:
        take(vault, place)
    return "does not open" in caught.value.message


def fill(database, vault):
    for place in PLACES:
        put(database, vault, place, value="secret of " + "/".join(place))


def rows_of(database, name):
    with database.reading() as tx:
        return [dict(row._mapping) for row in tx.execute(sa.select(metadata.tables[name]))]


def snapshot(database):
    return {name: rows_of(database, name) for name in TABLES}


def restore(database, state, names=TABLES):
    with database.transaction() as tx:
        tx.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for name in names:
            tx.execute(sa.delete(metadata.tables[name]))
            tx.execute(sa.insert(metadata.tables[name]), state[name])


def change(database, name, where, **values):
    table = metadata.tables[name]
    with database.transaction() as tx:
        tx.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        tx.execute(sa.update(table).where(*[table.c[key] == value for key, value in where.items()]).values(values))


def test_a_credential_comes_back_and_is_replaced(database, vault):
    place = ("acme", "plex", "client_secret")
    first = put(database, vault, place, "first-value")
    second = put(database, vault, place, "second-value")
    assert take(vault, place) == "second-value"
    assert (first.version, second.version) == (1, 2)
    assert first.fingerprint != second.fingerprint
    assert vault.list() == [second]
    assert vault.list("beta") == []
    assert second.set_at == NOW


@pytest.mark.parametrize("value", ["öäü-密码-🔑🔑", "line\r\nbreak'\"<&>;--", "x" * 100_000])
def test_any_text_comes_back_exactly(database, vault, value):
    put(database, vault, PLACES[0], value)
    assert take(vault, PLACES[0]) == value


def test_neither_value_nor_length_is_stored_or_listed(database, vault):
    put(database, vault, PLACES[0], "a-very-particular-secret")
    assert "particular" not in repr(snapshot(database))
    listed = [msgspec.structs.replace(info, fingerprint="") for info in vault.list()]  # its digits are anybody's
    assert "24" not in repr(listed)
    one, other = put(database, vault, PLACES[0], "same-value"), put(database, vault, PLACES[1], "same-value")
    assert one.fingerprint != other.fingerprint


def test_short_secrets_are_refused_and_short_names_are_not(database, vault):
    with pytest.raises(ConfigurationError, match="shorter than 8"):
        put(database, vault, ("acme", "plex", "101/password"), "7777777")
    with pytest.raises(ConfigurationError, match="shorter than 1"):
        put(database, vault, ("acme", "plex", "username"), "")
    put(database, vault, ("acme", "plex", "101/username"), "ws")
    assert len(vault.list()) == 1


def test_a_missing_credential_names_the_command(vault):
    with pytest.raises(ConfigurationError, match="no plex client_id is stored") as caught:
        take(vault, ("acme", "plex", "client_id"))
    assert caught.value.remedy == "ml-connector credentials set plex client_id --connection acme"


def test_f8_every_bit_of_every_stored_byte_counts(database, vault, tally):
    place = PLACES[0]
    put(database, vault, place)
    flips = rejected = 0
    for name in TABLES:
        for row in rows_of(database, name):
            where = {column.name: row[column.name] for column in metadata.tables[name].primary_key}
            for column, value in row.items():
                if not isinstance(value, bytes):
                    continue
                for bit in range(len(value) * 8):
                    changed = bytearray(value)
                    changed[bit // 8] ^= 1 << bit % 8
                    change(database, name, where, **{column: bytes(changed)})
                    flips, rejected = flips + 1, rejected + is_rejected(vault, place)
                    assert rejected == flips, (name, column, bit)
                change(database, name, where, **{column: value})
    assert take(vault, place)
    tally("F8 bit flips", flipped=flips, rejected=rejected)


def test_f8_every_other_stored_column_counts(database, vault):
    place = PLACES[0]
    put(database, vault, place)
    before = snapshot(database)
    changes = [
        ("credential", {"version": 2}),
        ("credential", {"format": 2}),
        ("credential", {"alg": "none"}),
        ("credential", {"fingerprint": "00000000"}),
        ("credential", {"set_at": NOW.replace(hour=8).isoformat()}),
        ("credential", {"set_at": "yesterday"}),
        ("credential_version", {"version": 2}),
        ("credential_version", {"present": False}),
        ("data_key", {"format": 2}),
        ("data_key", {"alg": "none"}),
        ("data_key", {"purpose": "root"}),
        ("data_key", {"purpose": "credential"}),
    ]
    for name, values in changes:
        change(database, name, {}, **values)
        assert is_rejected(vault, place), (name, values)
        restore(database, before)
    key = next(row["id"] for row in before["data_key"] if row["purpose"] == "credential")
    change(database, "data_key", {"id": key}, kek_id="0" * 16)
    assert is_rejected(vault, place)
    restore(database, before)
    assert take(vault, place)


def test_f8_every_ordered_swap_is_rejected(database, vault, tally):
    """Across fields, systems, connections and versions; with the sealed value alone and with its data key."""
    fill(database, vault)
    old = {
        tuple(row[name] for name in ("connection", "system", "field")): row for row in rows_of(database, "credential")
    }
    old_keys = rows_of(database, "data_key")
    fill(database, vault)
    now = {
        tuple(row[name] for name in ("connection", "system", "field")): row for row in rows_of(database, "credential")
    }
    with database.transaction() as tx:  # the data keys of the old versions are put back as well
        kept = {row["id"] for row in rows_of(database, "data_key")}
        tx.execute(sa.insert(metadata.tables["data_key"]), [row for row in old_keys if row["id"] not in kept])
    columns = ("dek_id", "nonce", "ciphertext", "fingerprint", "set_at", "version")
    subsets = [("nonce", "ciphertext"), ("dek_id", "nonce", "ciphertext"), columns[:-1], columns]
    swaps = rejected = 0
    sources = [(place, row) for rows in (old, now) for place, row in rows.items()]
    for place, (source, row), subset in itertools.product(PLACES, sources, subsets):
        if row is now.get(place):
            continue
        where = dict(zip(("connection", "system", "field"), place, strict=True))
        change(database, "credential", where, **{name: row[name] for name in subset})
        swaps, rejected = swaps + 1, rejected + is_rejected(vault, place)
        assert rejected == swaps, (place, source, subset)
        change(database, "credential", where, **{name: now[place][name] for name in columns})
    assert all(take(vault, place) for place in PLACES)
    tally("F8 swaps", swapped=swaps, rejected=rejected)


def test_an_old_row_put_back_is_refused(database, vault):
    put(database, vault, PLACES[0], "leaked-password")
    old = snapshot(database)
    put(database, vault, PLACES[0], "rotated-password")
    restore(database, old, names=("data_key", "credential"))
    assert is_rejected(vault, PLACES[0])


@pytest.fixture
def app(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'whole.db'}")
    migrate(database)
    yield wire_alone(database, zones={"101": "America/Detroit"})
    database.close()


def keep(app, value, *, field="password"):
    return set_credential(app, system="workday", field=field, value=Secret(value)).version


def test_f10_all_tables_put_back_together_are_told_by_the_trail(app):
    database = app.database

    def store(value):
        keep(app, value)

    store("leaked-password")
    old = snapshot(database)
    store("rotated-password")
    assert find_put_back(app) == []
    restore(database, old)
    assert take(app.vault, PLACES[0]) == "leaked-password"  # the stated limit of the vault's own tables
    (found,) = find_put_back(app)
    assert (found.system, found.field, found.version) == ("workday", "password", 1)
    assert [each.ok for each in _of_app(app) if "workday password stored is older" in each.detail] == [False]
    store("another-password")
    assert find_put_back(app) == []


def test_f10_what_a_system_exchanges_goes_on_from_the_trail_after_all_tables_were_put_back(app):
    keep(app, "leaked-token", field="refresh_token")
    old = snapshot(app.database)
    for _ in range(2):
        keep(app, "another-token", field="refresh_token")
    restore(app.database, old)
    app._keep("workday")("refresh_token", Secret("rotated"))
    assert [info.version for info in list_credentials(app)] == [4]
    assert find_put_back(app) == []


def test_f10_a_lower_number_told_last_does_not_hide_the_higher_one_told_before(app):
    """So it was numbered when what a system exchanged went on from whatever the tables said."""
    keep(app, "leaked-password")
    old = snapshot(app.database)
    for _ in range(2):
        keep(app, "rotated-password")
    restore(app.database, old)
    (connection, system, field), detail = PLACES[0], {"version": 2}
    with app.database.transaction() as tx:
        app.vault.set(tx, connection=connection, system=system, field=field, value=Secret("exchanged-password"))
        name = f"credential//{connection}/{system}/{field}"
        action = AuditAction.CREDENTIAL_ROTATED
        app.trail.append(tx, [AuditEvent(action=action, actor="test", at=app.clock(), object=name, detail=detail)])
    (found,) = find_put_back(app)
    assert found.version == 2
    assert keep(app, "another-password") == 4


def delete_versions(database):
    with database.transaction() as tx:
        tx.execute(sa.delete(metadata.tables["credential_version"]))


@pytest.mark.parametrize("gone", ["replaced", "removed"])
def test_f8_a_number_given_before_its_row_was_deleted_is_never_given_again(app, gone):
    """Nor do the rows saved under it open, once the person has set the credential as the message asks."""
    keep(app, "leaked-password")
    old = snapshot(app.database)
    if gone == "replaced":
        assert keep(app, "rotated-password") == 2
    else:
        assert remove_credential(app, system="workday", field="password") == 2
    delete_versions(app.database)
    assert keep(app, "another-password") == 3
    restore(app.database, old, names=("data_key", "credential"))
    assert is_rejected(app.vault, PLACES[0])


def test_f8_a_version_goes_on_from_the_trail_when_it_is_removed_without_its_row(app):
    keep(app, "leaked-password")
    keep(app, "rotated-password")
    delete_versions(app.database)
    assert remove_credential(app, system="workday", field="password") == 3


@pytest.mark.parametrize("values", [{"version": 7}, {"version": 0}, {"mac": b"another"}, {"present": False}], ids=str)
def test_f8_an_altered_number_is_mended_by_the_command_that_the_message_names(app, values):
    keep(app, "leaked-password")
    keep(app, "rotated-password")
    change(app.database, "credential_version", {}, **values)
    assert is_rejected(app.vault, PLACES[0])
    assert keep(app, "another-password") == 3  # from where the trail stands, never from what somebody else wrote
    assert take(app.vault, PLACES[0]) == "another-password"


@pytest.mark.parametrize("values", [{"nonce": b"n" * 12}, {"set_at": NOW.isoformat()}], ids=str)
def test_a3_doctor_names_every_credential_that_does_not_open(app, values):
    """Of whichever connection, signed in with or not: each keeps the master key from being rotated."""
    put(app.database, app.vault, ("acme", "workday", "refresh_token"))
    put(app.database, app.vault, ("beta", "plex", "api_key"))
    put(app.database, app.vault, ("beta", "plex", "client_secret"))
    change(app.database, "credential", {"field": "refresh_token"}, **values)
    change(app.database, "credential", {"field": "api_key"}, **values)
    told = [(each.detail, each.remedy) for each in _of_app(app) if each.what == "vault"]
    assert [detail.split(" does not open")[0] for detail, _ in told] == [
        "the stored workday refresh_token of connection acme",
        "the stored plex api_key of connection beta",
    ]
    assert all("ml-connector credentials set" in remedy for _, remedy in told)


def test_f8_a_day_that_is_none_is_told_and_mended_like_whatever_else_does_not_open(app):
    keep(app, "first-password")
    change(app.database, "credential", {}, set_at="yesterday")
    with pytest.raises(ConfigurationError, match="workday password of connection acme does not open") as caught:
        list_credentials(app)
    assert "credentials set workday password" in caught.value.remedy
    assert next(_vault(app)).remedy == caught.value.remedy
    assert keep(app, "another-password") == 2
    assert [info.version for info in list_credentials(app)] == [2]


def test_a3_an_altered_web_service_user_is_not_told_as_a_missing_one(app):
    """Nor is the common user signed in with in its place, where there is one plant."""
    basic = Basic(lambda field: Secret(take(app.vault, ("acme", "plex", field))), plants=1)
    for field in ("username", "password", "101/username", "101/password"):
        put(app.database, app.vault, ("acme", "plex", field))
    assert basic.headers("101")
    change(app.database, "credential", {"field": "101/password"}, nonce=b"n" * 12)
    with pytest.raises(ConfigurationError, match="plex 101/password of connection acme does not open"):
        basic.headers("101")


def test_a_removed_credential_put_back_is_refused_and_versions_never_repeat(database, vault):
    put(database, vault, PLACES[0])
    old = snapshot(database)
    connection, system, field = PLACES[0]
    with database.transaction() as tx:
        assert vault.remove(tx, connection=connection, system=system, field=field) == 2
    assert len(rows_of(database, "data_key")) == 1
    with database.transaction() as tx, pytest.raises(ConfigurationError, match="is stored"):
        vault.remove(tx, connection=connection, system=system, field=field)
    restore(database, old, names=("data_key", "credential"))
    assert is_rejected(vault, PLACES[0])
    assert put(database, vault, PLACES[0]).version == 3


def test_a_number_somebody_else_wrote_is_never_signed(database, vault):
    put(database, vault, PLACES[0])
    change(database, "credential_version", {}, version=0)
    with pytest.raises(ConfigurationError, match="does not open") as caught:
        put(database, vault, PLACES[0])
    assert caught.value.remedy == "restore the database from a backup"  # to set it again is what was just refused


@pytest.mark.parametrize("action", ["get", "set", "remove", "rotate", "derive", "check"])
def test_a3_the_wrong_master_key_stops_everything_before_a_write(database, vault, action):
    put(database, vault, PLACES[0])
    before = snapshot(database)
    wrong = vault_on(database, b"w")
    connection, system, field = PLACES[0]
    where = {"connection": connection, "system": system, "field": field}
    with pytest.raises(ConfigurationError, match="sealed with master key") as caught, database.transaction() as tx:
        {
            "get": lambda: wrong.get(**where),
            "set": lambda: wrong.set(tx, **where, value=Secret("another secret")),
            "remove": lambda: wrong.remove(tx, **where),
            "rotate": lambda: wrong.rotate(tx),
            "derive": lambda: wrong.derive("audit"),
            "check": wrong.check,
        }[action]()
    assert "put the right key back" in caught.value.remedy
    assert snapshot(database) == before


@pytest.mark.parametrize("kept", [("credential_version",), ("credential", "credential_version")])
def test_a_lost_root_is_never_replaced_while_rows_exist(database, vault, kept):
    put(database, vault, PLACES[0])
    with database.transaction() as tx:
        tx.exec_driver_sql("PRAGMA foreign_keys").scalar()
        tx.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        if "credential" not in kept:
            tx.execute(sa.delete(metadata.tables["credential"]))
        root = metadata.tables["data_key"]
        tx.execute(sa.delete(root).where(root.c.purpose == "root") if "credential" in kept else sa.delete(root))
    with pytest.raises(ConfigurationError, match="the vault does not open"):
        put(database, vault, PLACES[1])
    assert not [row for row in rows_of(database, "data_key") if row["purpose"] == "root"]


def test_derived_keys_last_and_an_empty_vault_takes_any_key(database, vault):
    assert vault.check() is None
    sealing = vault.derive("audit seal")
    assert len(sealing) == 32
    assert vault.check() == MasterKey(b"k" * 32).id
    assert vault_on(database).derive("audit seal") == sealing
    assert vault.derive("other") != sealing


def test_each_sealing_has_its_own_data_key_and_nonce(database, vault):
    keys, nonces = set(), set()
    for _ in range(50):
        put(database, vault, PLACES[0])
        row = rows_of(database, "credential")[0]
        keys.add(row["dek_id"])
        nonces.add(row["nonce"])
    assert len(keys) == len(nonces) == 50
    assert len(rows_of(database, "data_key")) == 2


def test_without_the_context_the_swap_would_pass(database, vault, monkeypatch):
    """The teeth of F8: with nothing bound, two rows with their data keys exchanged do open."""
    monkeypatch.setattr(store.record, "context_of", lambda info: ())
    fill(database, vault)
    one, other = rows_of(database, "credential")[:2]
    names = ("connection", "system", "field")
    for here, there in ((one, other), (other, one)):
        where = {name: here[name] for name in names}
        change(database, "credential", where, **{c: there[c] for c in ("dek_id", "nonce", "ciphertext")})
    assert take(vault, tuple(one[name] for name in names)) == "secret of " + "/".join(other[name] for name in names)
