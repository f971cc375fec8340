"""
Rotation stopped at every step: nothing becomes unreadable, and the old key opens nothing afterwards (trust A3, F9).
"""

import base64
import multiprocessing
import os
import signal
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from ml_connector.errors import ConfigurationError
from ml_connector.secret import Secret
from ml_connector.storage.database import metadata, open_database
from ml_connector.vault.keys import open_master_key
from ml_connector.vault.places import FilePlace
from ml_connector.vault.rotation import rotate_master_key
from ml_connector.vault.store import Vault

PLACES = [("acme", "workday", "password"), ("acme", "plex", "client_secret"), ("beta", "plex", "api_key")]
TABLES = ("data_key", "credential", "credential_version")


class Boundaries:
    """Counts every statement, commit and file step, and does something at the *n*-th."""

    def __init__(self, database, monkeypatch, *, stop_at=None, action=None):
        self.passed = 0
        self.stop_at = stop_at
        self.action = action
        for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
            sa.event.listen(database.engine, name, lambda *_: self.step())
        for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink"), (os, "link")):
            monkeypatch.setattr(owner, name, self._counted(getattr(owner, name)))

    def _counted(self, real):
        def call(*arguments, **options):
            self.step()
            result = real(*arguments, **options)
            self.step()
            return result

        return call

    def step(self):
        self.passed += 1
        if self.passed == self.stop_at:
            self.action()


class Home:
    """A folder with a database and a key, as an installation has them."""

    def __init__(self, folder):
        self.setting = f"file:{folder / 'vault.key'}"
        self.url = f"sqlite:///{folder / 'vault.db'}"
        self.database = open_database(self.url)
        metadata.create_all(self.database.engine, tables=[metadata.tables[name] for name in TABLES])
        self.old = open_master_key(self.setting, create=True).alone()
        vault = self.vault()
        with self.database.transaction() as tx:
            for place in PLACES:
                connection, system, field = place
                vault.set(tx, connection=connection, system=system, field=field, value=value_of(place))

    def vault(self):
        return Vault(
            self.database,
            master_key=open_master_key(self.setting),
            reload=lambda: open_master_key(self.setting),
        )

    def restart(self):
        self.database.close()
        self.database = open_database(self.url)

    def readable(self, vault=None):
        vault = vault or self.vault()
        return sum(vault.get(connection=c, system=s, field=f) == value_of((c, s, f)) for c, s, f in PLACES)


def value_of(place):
    return Secret("the value of " + "/".join(place))


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path)
    yield home
    home.database.close()


def opened_with_old_key(home):
    vault, opened = Vault(home.database, master_key=home.old), 0
    for connection, system, field in PLACES:
        try:
            vault.get(connection=connection, system=system, field=field)
        except ConfigurationError:
            continue
        opened += 1
    return opened


def test_rotation_replaces_the_key_and_records_it_once(home):
    told = []
    rotated = rotate_master_key(home.database, setting=home.setting, record=lambda _tx, it: told.append(it))
    assert told == [rotated]
    assert rotated.data_keys == len(PLACES) + 1
    assert open_master_key(home.setting).id == rotated.master_key == home.vault().check()
    assert open_master_key(home.setting).successor is None
    assert home.readable() == len(PLACES)
    assert opened_with_old_key(home) == 0


def count_boundaries(folder, rotate):
    folder.mkdir()
    home = Home(folder)
    with pytest.MonkeyPatch.context() as patch:
        counter = Boundaries(home.database, patch)
        rotate(home)
    home.database.close()
    return counter.passed


def rotate_master(home):
    rotate_master_key(home.database, setting=home.setting)


def rotate_data(home):
    vault = home.vault()
    with home.database.transaction() as tx:
        vault.rotate(tx)


def run_until_killed(home, rotate, *, step):
    """Rotate in a child process that is killed, without a chance to tidy up, at the given step."""

    def child():
        home.restart()
        with pytest.MonkeyPatch.context() as patch:
            Boundaries(home.database, patch, stop_at=step, action=lambda: os.kill(os.getpid(), signal.SIGKILL))
            rotate(home)

    home.database.close()
    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    home.restart()


@pytest.mark.parametrize("rotate", [rotate_master, rotate_data])
def test_f9_a_rotation_killed_at_every_step_loses_nothing(tmp_path, rotate, tally):
    steps, unreadable = count_boundaries(tmp_path / "count", rotate), 0
    for step in range(1, steps + 1):
        folder = tmp_path / str(step)
        folder.mkdir()
        home = Home(folder)
        run_until_killed(home, rotate, step=step)
        assert home.readable() == len(PLACES), step
        rotate(home)
        unreadable += len(PLACES) - home.readable()
        assert unreadable == 0, step
        if rotate is rotate_master:
            ring = open_master_key(home.setting)
            assert ring.successor is None
            assert ring.id != home.old.id
            assert opened_with_old_key(home) == 0
        home.database.close()
    tally("F9 rotations killed", steps=steps, unreadable=unreadable)


def test_a_second_run_with_the_same_key_does_nothing(home):
    new = open_master_key(home.setting.replace("vault.key", "new.key"), create=True)
    vault = Vault(home.database, master_key=home.old)
    with home.database.transaction() as tx:
        assert vault.rotate(tx, new_master_key=new).data_keys == len(PLACES) + 1
    with home.database.transaction() as tx:
        assert vault.rotate(tx, new_master_key=new).data_keys == 0
    assert opened_with_old_key(home) == 0
    assert home.readable(Vault(home.database, master_key=new)) == len(PLACES)


def test_a_key_the_next_start_would_not_load_is_refused(home, tmp_path):
    elsewhere = open_master_key(f"file:{tmp_path / 'elsewhere.key'}", create=True)
    with (
        pytest.raises(ConfigurationError, match="next start would not find") as caught,
        home.database.transaction() as tx,
    ):
        home.vault().rotate(tx, new_master_key=elsewhere)
    assert "vault.master_key" in caught.value.remedy
    assert home.readable() == opened_with_old_key(home) == len(PLACES)


def test_one_credential_that_does_not_open_stops_the_rotation(home):
    table = metadata.tables["credential"]
    with home.database.transaction() as tx:
        tx.execute(sa.update(table).where(table.c.connection == "beta").values(ciphertext=b"altered" * 5))
    with pytest.raises(ConfigurationError, match="does not open"):
        rotate_master(home)
    assert home.vault().check() == home.old.id


def test_an_environment_rotates_with_both_keys_in_it(home, monkeypatch):
    first, second = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    monkeypatch.setenv("MLC_TEST_KEY", first)
    with home.database.transaction() as tx:
        Vault(home.database, master_key=home.old).rotate(tx, new_master_key=open_master_key("env:MLC_TEST_KEY"))
    with pytest.raises(ConfigurationError, match="holds one key"):
        rotate_master_key(home.database, setting="env:MLC_TEST_KEY")
    monkeypatch.setenv("MLC_TEST_KEY", f"{first} {second}")
    assert rotate_master_key(home.database, setting="env:MLC_TEST_KEY").data_keys == len(PLACES) + 1
    assert rotate_master_key(home.database, setting="env:MLC_TEST_KEY").data_keys == 0
    monkeypatch.setenv("MLC_TEST_KEY", second)
    assert home.readable(Vault(home.database, master_key=open_master_key("env:MLC_TEST_KEY"))) == len(PLACES)


@pytest.mark.parametrize("moment", ["the new key is put beside", "the old key goes"])
def test_f9_two_rotations_at_once_lose_no_key(home, monkeypatch, moment):
    """The first is slow to write its key file; whatever the second does meanwhile, the key in force stays in it."""
    real, slow, others = FilePlace.save, [moment], threading.Event()

    def save(place, text, *, replace):
        if slow and (len(text.split()) == 2) == (slow[0] == "the new key is put beside"):
            slow.clear()
            other.start()
            others.wait(0.4)
        real(place, text, replace=replace)

    def rotate_too():
        database = open_database(home.url)
        for _ in range(2):  # the first may only finish what was begun
            rotate_master_key(database, setting=home.setting)
        database.close()
        others.set()

    monkeypatch.setattr(FilePlace, "save", save)
    other = threading.Thread(target=rotate_too)
    rotate_master(home)
    other.join()
    assert others.is_set()
    assert home.readable() == len(PLACES)
    assert open_master_key(home.setting).successor is None
    assert opened_with_old_key(home) == 0


def test_f9_readers_never_fail_while_keys_rotate(home, tally):
    """One reader holds a vault from before; another opens a new one each time, as a new process would."""
    lasting, stop, failures, reads = home.vault(), threading.Event(), [], [0]

    def read(make):
        while not stop.is_set():
            try:
                assert home.readable(make()) == len(PLACES)
                reads[0] += 1
            except Exception as error:  # noqa: BLE001 - whatever it is, the test must show it
                failures.append(error)

    threads = [threading.Thread(target=read, args=(make,)) for make in (lambda: lasting, home.vault)]
    for thread in threads:
        thread.start()
    for _ in range(8):
        rotate_master(home)
        rotate_data(home)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert reads[0] > 0
    tally("F9 reads while keys rotate", reads=reads[0], failed=len(failures))
