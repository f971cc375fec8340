"""
The places a master key may be kept in, behind one seam: text in, text out.

A file is written whole or not at all and only its owner may touch it; an environment variable is never ours to write.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from ml_connector.durable import sync_folder
from ml_connector.errors import ConfigurationError

_KEYRING_USER = "master-key"


class KeyPlace(Protocol):
    """Where key text is kept; *name* is how it is called in a sentence."""

    name: str

    def load(self) -> str | None:
        """The text, or None when there is none."""

    def save(self, text: str, *, replace: bool) -> None:
        """Keep *text* durably; without *replace*, what is already there stays."""


def place_of(setting: str) -> KeyPlace:
    """The place *setting* names: `file:PATH`, `env:NAME` or `keyring:SERVICE`."""
    kind, _, rest = setting.partition(":")
    if kind == "file" and rest:
        return FilePlace(Path(rest))
    if kind == "env" and rest:
        return EnvironmentPlace(rest)
    if kind == "keyring" and rest:
        return KeyringPlace(rest)
    raise ConfigurationError("vault.master_key must be file:PATH, env:NAME or keyring:SERVICE")


class FilePlace:
    """A file only its owner can read, written whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = f"the file {path}"

    def load(self) -> str | None:
        try:
            with self.path.open("rb") as file:
                fault = access_fault(os.fstat(file.fileno()), uid=_uid())  # of what was opened, not of the name
                if fault:
                    raise ConfigurationError(
                        f"{self.name} {fault}",
                        remedy=f"chmod 600 {self.path} and let the account that runs this own it",
                    )
                return file.read(4096).decode("ascii", errors="replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ConfigurationError(f"{self.name} cannot be read: {error.strerror}") from None

    def save(self, text: str, *, replace: bool) -> None:
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            if replace:
                draft.replace(self.path)
            else:
                # Another process may have been faster; then its key is the key.
                with contextlib.suppress(FileExistsError):
                    os.link(draft, self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            raise ConfigurationError(f"{self.name} cannot be written: {error.strerror}") from None
        finally:
            draft.unlink(missing_ok=True)


class EnvironmentPlace:
    """An environment variable: simple, and readable by more than one thinks."""

    def __init__(self, variable: str) -> None:
        self.variable = variable
        self.name = f"the environment variable {variable}"

    def load(self) -> str | None:
        return os.environ.get(self.variable) or None

    def save(self, text: str, *, replace: bool) -> None:
        raise ConfigurationError(
            f"{self.name} is empty", remedy=f'export {self.variable}="$(openssl rand -base64 32)", and keep a copy'
        )


class KeyringPlace:
    """An entry in the desktop keyring (optional extra)."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.name = f"the keyring entry {service}"

    def load(self) -> str | None:
        value: str | None = self._call("get_password", self.service, _KEYRING_USER)
        return value

    def save(self, text: str, *, replace: bool) -> None:
        with _alone():
            if replace or self.load() is None:
                self._call("set_password", self.service, _KEYRING_USER, text)

    def _call(self, action: str, *arguments: str) -> str | None:
        try:
            import keyring
            import keyring.errors
        except ImportError:
            raise ConfigurationError(
                "vault.master_key names a keyring, and keyring is not installed",
                remedy="install it beside ml-connector, as requirements.lock has it; or use file:PATH",
            ) from None
        try:
            result: str | None = getattr(keyring, action)(*arguments)
        except keyring.errors.KeyringError as error:
            raise ConfigurationError(
                f"the keyring does not answer: {type(error).__name__}", remedy="unlock it, or use file:PATH"
            ) from None
        return result


def access_fault(status: os.stat_result, *, uid: int | None) -> str | None:
    """Say what is wrong with a key file's owner and mode; None when only its owner can touch it."""
    if not stat.S_ISREG(status.st_mode):
        return "is no regular file"
    if uid is None:  # no such notion on this platform
        return None
    if status.st_uid != uid:
        return "belongs to another account"
    if status.st_mode & 0o077:
        return "can be read by other accounts"
    return None


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One process of this account at a time, for a keyring knows no "unless it is there"; nothing is left behind."""
    with contextlib.ExitStack() as held:
        with contextlib.suppress(ImportError, RuntimeError, OSError):  # no such locks, no home: then unguarded
            import fcntl

            home = os.open(Path.home(), os.O_RDONLY)
            held.callback(os.close, home)
            fcntl.flock(home, fcntl.LOCK_EX)
        yield


def _uid() -> int | None:
    return os.geteuid() if hasattr(os, "geteuid") else None
