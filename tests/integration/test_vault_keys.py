"""The master key in its three places: made only when asked, refused when others could read it."""

import base64
import os
import pickle
import stat
import threading

import keyring
import keyring.backend
import pytest
import structlog

from ml_connector.errors import ConfigurationError
from ml_connector.vault import places
from ml_connector.vault.keys import MasterKey, open_master_key, retire_all_but, stage_successor

KEYRING = "keyring:ml-connector-test"
KEY_TEXT = base64.b64encode(bytes(range(32))).decode()


class MemoryKeyring(keyring.backend.KeyringBackend):
    priority = 1

    def __init__(self):
        super().__init__()
        self.entries = {}

    def get_password(self, service, username):
        return self.entries.get((service, username))

    def set_password(self, service, username, password):
        self.entries[service, username] = password

    def delete_password(self, service, username):
        del self.entries[service, username]


@pytest.fixture
def _memory_keyring():
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    yield
    keyring.set_keyring(before)


@pytest.fixture(params=["file", "keyring"])
def writable(request, tmp_path, _memory_keyring):
    """A setting for each place we may write to."""
    return f"file:{tmp_path / 'vault.key'}" if request.param == "file" else KEYRING


def test_a_key_is_made_only_when_asked(writable):
    with pytest.raises(ConfigurationError, match="no master key") as caught:
        open_master_key(writable)
    assert "put the key back" in caught.value.remedy
    made = open_master_key(writable, create=True)
    assert open_master_key(writable).id == made.id
    assert open_master_key(writable, create=True).id == made.id


@pytest.mark.usefixtures("_memory_keyring")
def test_a3_two_first_starts_at_once_take_the_same_key(monkeypatch):
    """The first is slow between its look and its writing; what the second was given stays the key."""
    given, looks, real = [], [], MemoryKeyring.get_password

    def look(ring, *names):
        found = real(ring, *names)
        looks.append(found)
        if len(looks) == 2:  # the first start has looked, and looked again before it writes
            other.start()
            other.join(0.3)
        return found

    monkeypatch.setattr(MemoryKeyring, "get_password", look)
    other = threading.Thread(target=lambda: given.append(open_master_key(KEYRING, create=True).id))
    given.append(open_master_key(KEYRING, create=True).id)
    other.join()
    assert given == [open_master_key(KEYRING).id] * 2


def test_a_rotation_keeps_both_keys_until_one_retires(writable):
    first = open_master_key(writable, create=True)
    second = stage_successor(writable)
    assert stage_successor(writable).id == second.id
    ring = open_master_key(writable)
    assert (ring.id, ring.successor.id) == (first.id, second.id)
    with pytest.raises(ConfigurationError, match="nothing was removed"):
        retire_all_but(writable, key_id="0" * 16)
    retire_all_but(writable, key_id=second.id)
    last = open_master_key(writable)
    assert (last.id, last.successor) == (second.id, None)


def test_the_file_is_private_and_no_draft_is_left(tmp_path):
    path = tmp_path / "vault.key"
    open_master_key(f"file:{path}", create=True)
    stage_successor(f"file:{path}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["vault.key"]


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o644, 0o666, 0o610])
def test_a_file_others_may_touch_is_refused(tmp_path, mode):
    path = tmp_path / "vault.key"
    open_master_key(f"file:{path}", create=True)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match="other accounts") as caught:
        open_master_key(f"file:{path}")
    assert f"chmod 600 {path}" in caught.value.remedy


def test_a_file_of_another_account_is_refused(tmp_path):
    path = tmp_path / "vault.key"
    open_master_key(f"file:{path}", create=True)
    status = path.stat()
    assert places.access_fault(status, uid=status.st_uid) is None
    assert places.access_fault(status, uid=status.st_uid + 1) == "belongs to another account"
    assert places.access_fault(tmp_path.stat(), uid=status.st_uid) == "is no regular file"


def test_a_folder_that_is_not_there_is_said_plainly(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be written: No such file"):
        open_master_key(f"file:{tmp_path / 'nowhere' / 'vault.key'}", create=True)


@pytest.mark.parametrize(
    "text", ["short", "A" * 44, KEY_TEXT[:-4], KEY_TEXT + " " + KEY_TEXT + " " + KEY_TEXT, "é" * 44, KEY_TEXT + "!"]
)
def test_what_is_no_key_is_refused_without_being_shown(monkeypatch, text):
    monkeypatch.setenv("MLC_TEST_KEY", text)
    with pytest.raises(ConfigurationError, match="32 random bytes") as caught:
        open_master_key("env:MLC_TEST_KEY")
    assert text not in caught.value.message


def test_the_environment_warns_and_is_never_written(monkeypatch):
    monkeypatch.delenv("MLC_TEST_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="MLC_TEST_KEY") as caught:
        open_master_key("env:MLC_TEST_KEY", create=True)
    assert "openssl rand -base64 32" in caught.value.remedy
    monkeypatch.setenv("MLC_TEST_KEY", KEY_TEXT)
    with structlog.testing.capture_logs() as logs:
        assert open_master_key("env:MLC_TEST_KEY").id == MasterKey(bytes(range(32))).id
    assert [entry["log_level"] for entry in logs] == ["warning"]
    with pytest.raises(ConfigurationError, match="holds one key"):
        stage_successor("env:MLC_TEST_KEY")
    other = base64.urlsafe_b64encode(bytes(range(1, 33))).decode()
    monkeypatch.setenv("MLC_TEST_KEY", f"{KEY_TEXT} {other}")
    assert stage_successor("env:MLC_TEST_KEY").id == MasterKey(bytes(range(1, 33))).id
    assert os.environ["MLC_TEST_KEY"] == f"{KEY_TEXT} {other}"


def test_a_keyring_that_fails_is_said_plainly():
    class Locked(MemoryKeyring):
        def get_password(self, service, username):
            raise keyring.errors.KeyringLocked("no")

    before = keyring.get_keyring()
    keyring.set_keyring(Locked())
    try:
        with pytest.raises(ConfigurationError, match="keyring does not answer"):
            open_master_key("keyring:x")
    finally:
        keyring.set_keyring(before)


def test_a_master_key_shows_its_id_only():
    key = MasterKey(bytes(range(32)))
    assert f"{key} {key!r}" == f"<MasterKey {key.id}> <MasterKey {key.id}>"
    assert len(key.id) == 16
    with pytest.raises(TypeError, match="does not leave"):
        pickle.dumps(key)
    assert key.derive("audit head") != key.derive("data keys")
