"""Vault and trail on a real PostgreSQL: rows come back exactly, writers wait for each other, readers see one moment."""

import threading
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from ml_connector.audit.event import AuditAction, AuditEvent
from ml_connector.audit.store import AuditTrail
from ml_connector.errors import ConfigurationError
from ml_connector.secret import Secret
from ml_connector.storage.database import open_database
from ml_connector.vault.keys import MasterKey
from ml_connector.vault.store import Vault

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
PLACE = {"connection": "acme", "system": "plex", "field": "client_secret"}


@pytest.fixture
def database(postgresql_url):
    database = open_database(postgresql_url)
    yield database
    database.close()


def event(text, *, about="worker"):
    return AuditEvent(
        action=AuditAction.DECISION_PARKED,
        actor="a",
        at=AT,
        object=f"{about}/101/{text}",
        reason=text,
        detail={"x": text},
    )


def test_credentials_are_kept_replaced_removed_and_rotated(database):
    old, new = MasterKey(b"o" * 32), MasterKey(b"n" * 32)
    vault = Vault(database, master_key=old)
    with database.transaction() as tx:
        vault.set(tx, **PLACE, value=Secret("first-value"))
    with database.transaction() as tx:
        assert vault.set(tx, **PLACE, value=Secret("second-välue")).version == 2
    with database.transaction() as tx:
        vault.rotate(tx)
        assert vault.rotate(tx, new_master_key=new).data_keys == 2
    assert Vault(database, master_key=new).get(**PLACE).reveal() == "second-välue"
    with pytest.raises(ConfigurationError, match="sealed with master key"):
        Vault(database, master_key=old).get(**PLACE)
    with database.transaction() as tx:
        assert vault.remove(tx, **PLACE) == 3
    assert vault.list() == []


def test_no_credential_slips_past_a_rotation(database):
    """A `set` that begins while a rotation is under way waits for it, and seals under the new key."""
    old, new = MasterKey(b"o" * 32), MasterKey(b"n" * 32)
    rotating = Vault(database, master_key=old)
    setting = Vault(database, master_key=old, reload=lambda: MasterKey(b"n" * 32))
    with database.transaction() as tx:
        rotating.set(tx, **PLACE, value=Secret("first-value"))
    begun = threading.Event()

    def set_another():
        begun.set()
        with database.transaction() as tx:
            setting.set(tx, **(PLACE | {"field": "api_key"}), value=Secret("another-value"))

    thread = threading.Thread(target=set_another)
    with database.transaction() as tx:
        rotating.rotate(tx, new_master_key=new)
        thread.start()
        begun.wait()
        thread.join(timeout=0.3)
        assert thread.is_alive()  # it waits for the root's lock
    thread.join()
    fresh = Vault(database, master_key=new)
    assert fresh.get(**PLACE | {"field": "api_key"}).reveal() == "another-value"


def test_two_first_commands_at_once_begin_one_vault(database):
    vault, another = (Vault(database, master_key=MasterKey(b"k" * 32)) for _ in range(2))
    found = []
    thread = threading.Thread(target=lambda: found.append(another.derive("audit seal")))
    with database.transaction() as tx:
        vault.set(tx, **PLACE, value=Secret("first-value"))
        thread.start()
        thread.join(timeout=0.3)
        assert thread.is_alive()  # it waits, and does not make a second root
    thread.join()
    assert found == [vault.derive("audit seal")]
    assert vault.get(**PLACE).reveal() == "first-value"


def test_two_lost_keys_given_up_at_once_leave_one_vault(database):
    with database.transaction() as tx:
        Vault(database, master_key=MasterKey(b"o" * 32)).set(tx, **PLACE, value=Secret("first-value"))
    vault, another = (Vault(database, master_key=MasterKey(b"n" * 32)) for _ in range(2))
    refused = []

    def start_over_too():
        try:
            with database.transaction() as tx:
                another.start_over(tx)
        except ConfigurationError as error:
            refused.append(error.message)

    thread = threading.Thread(target=start_over_too)
    with database.transaction() as tx:
        vault.start_over(tx)
        thread.start()
        thread.join(timeout=0.3)
    thread.join()
    assert refused == ["the key in place opens the vault: nothing is lost"]
    assert vault.check() == MasterKey(b"n" * 32).id


@pytest.mark.parametrize(
    "text", ["a\0b", "\ud800", "x" * 10**6, "\u202e\x1b[31m", "é🔑"], ids=lambda text: repr(text[:8])
)
def test_hostile_text_neither_fails_nor_breaks_the_chain(database, text):
    trail = AuditTrail(database, seal_key=b"k" * 32, anchor_file=None)
    with database.transaction() as tx:
        trail.append(tx, [event("21001"), event(text), event(text, about="cost_center")])
    assert trail.verify().ok
    assert len(trail.list()) == 3


def test_writers_keep_one_chain_and_readers_see_one_moment(database, tmp_path):
    trail = AuditTrail(database, seal_key=b"k" * 32, anchor_file=tmp_path / "anchors.jsonl")
    verdicts, failures = [], []

    def write():
        try:
            for number in range(30):
                with database.transaction() as tx:
                    trail.append(tx, [event(str(number)), event("again")])
                trail.write_anchor()
        except sa.exc.SQLAlchemyError as error:
            failures.append(error)

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        verdicts.append(trail.verify())
    for writer in writers:
        writer.join()
    assert failures == []
    assert {verdict.problem for verdict in verdicts} == {None}
    last = trail.verify()
    assert (last.ok, last.events, last.anchored) == (True, 180, True)
