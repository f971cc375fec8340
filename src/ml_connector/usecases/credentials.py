"""Storing, listing, rotating and removing credentials; each change and its audit event are one transaction."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from ml_connector.audit.event import AuditAction, AuditEvent
from ml_connector.audit.store import AuditTrail
from ml_connector.bootstrap import SEAL, App, version_told
from ml_connector.errors import ConfigurationError, UsageError
from ml_connector.secret import Secret
from ml_connector.settings.model import Connection
from ml_connector.storage.database import Transaction
from ml_connector.vault.keys import open_master_key
from ml_connector.vault.record import CredentialInfo
from ml_connector.vault.rotation import rotate_master_key
from ml_connector.vault.store import Rotated, StartedOver, Vault

FIELDS = {
    ("workday", "isu"): ("username", "password"),
    ("workday", "oauth"): ("client_id", "client_secret", "refresh_token"),
    ("plex", "oauth2"): ("client_id", "client_secret"),
    ("plex", "api_key"): ("api_key",),
    ("plex", "basic"): ("username", "password"),
}
SOURCES = "env:NAME, file:PATH, cmd:COMMAND, or - for standard input"
_COMMAND_TIMEOUT_S = 60


def fields_needed(connection: Connection) -> list[tuple[str, str]]:
    """Name every (system, field) this connection signs in with, as its `auth` settings say."""
    plex = connection.plex
    ways = dict.fromkeys([("workday", connection.workday.auth), ("plex", plex.auth), ("plex", plex.datasource_signing)])
    return [
        (system, prefix + field)
        for system, way in ways
        # A web-service user belongs to one plant, so several plants need one each.
        for prefix in ([f"{plant.pcn}/" for plant in plex.plants] if way == "basic" and len(plex.plants) > 1 else [""])
        for field in FIELDS[system, way]
    ]


def check_field(connection: Connection, *, system: str, field: str) -> None:
    """
    Refuse a name that no way to sign in uses: a typing mistake would only show at the next sign-in.

    Raises:
        UsageError: with the names there are; never with what was typed, which may be the secret itself.
    """
    pcns = connection.plex.pcns
    pcn, _, plain = field.rpartition("/")
    known = sorted({name for (one, _), names in FIELDS.items() if one == system for name in names})
    for_plant = system == "plex" and pcn in pcns and plain in FIELDS["plex", "basic"]
    if field not in known and not for_plant:
        also = ", or PCN/username and PCN/password for one plant" if system == "plex" else ""
        raise UsageError(f"that is no credential of {system}", remedy=f"one of {', '.join(known)}{also}")


def read_secret(source: str) -> Secret:
    """
    Read a secret from where it already is: `env:NAME`, `file:PATH`, `cmd:COMMAND` or `-`; one line end is taken off.

    Raises:
        ConfigurationError: nothing there. What a command printed is never repeated. UsageError: none of these.
    """
    kind, _, rest = source.partition(":")
    if source == "-":
        value = sys.stdin.read()
    elif kind == "env" and rest:
        found = os.environ.get(rest)
        if found is None:
            raise ConfigurationError(f"the environment variable {rest} is not set", remedy=f"export {rest}=…")
        value = found
    elif kind == "file" and rest:
        value = _read_file(Path(rest))
    elif kind == "cmd" and rest:
        value = _run(rest)
    else:
        raise UsageError("this is no place to read a secret from", remedy=f"--from takes {SOURCES}")
    value = value.removesuffix("\n").removesuffix("\r")
    if not value:
        raise ConfigurationError(f"{'standard input' if source == '-' else kind + ':' + rest} gives nothing")
    return Secret(value)


def set_credential(app: App, *, system: str, field: str, value: Secret) -> CredentialInfo:
    """
    Seal one credential.

    Raises:
        ConfigurationError: an unknown field, a value too short to be a secret, or the vault does not open.
    """
    check_field(app.connection, system=system, field=field)
    told = version_told(app.trail, (app.name, system, field))
    with app.database.transaction() as tx:
        info = app.vault.set(tx, connection=app.name, system=system, field=field, value=value, told=told)
        _record(app, tx, AuditAction.CREDENTIAL_SET, system, field, {"version": info.version})
    return info


def list_credentials(app: App) -> list[CredentialInfo]:
    """What is stored for the connection: fingerprints and dates, never values."""
    return list(app.vault.list(app.name))


def find_put_back(app: App) -> list[CredentialInfo]:
    """Stored credentials older than the audit trail last told: somebody put all of the vault's tables back together."""
    return [info for info in app.vault.list(app.name) if info.version < version_told(app.trail, info.place)]


def remove_credential(app: App, *, system: str, field: str) -> int:
    """
    Forget one credential; returns the version under which it is gone.

    Raises:
        UsageError: nothing of that name is stored.
    """
    if (system, field) not in {(each.system, each.field) for each in app.vault.list(app.name)}:
        raise UsageError(
            f"no such credential of {system} is stored", remedy="ml-connector credentials list   shows those there are"
        )
    told = version_told(app.trail, (app.name, system, field))
    with app.database.transaction() as tx:
        version = app.vault.remove(tx, connection=app.name, system=system, field=field, told=told)
        _record(app, tx, AuditAction.CREDENTIAL_REMOVED, system, field, {"version": version})
    return version


def rotate_key(app: App) -> Rotated:
    """Replace the master key, or finish a replacement that was interrupted."""

    def record(tx: Transaction, rotated: Rotated) -> None:
        counts: dict[str, str | int] = {"master_key": rotated.master_key, "data_keys": rotated.data_keys}
        _record(app, tx, AuditAction.CREDENTIAL_ROTATED, "vault", "master_key", counts)

    return rotate_master_key(app.database, setting=app.settings.vault.master_key, record=record)


def replace_lost_key(app: App) -> StartedOver:
    """
    Give up what a lost master key sealed, and go on under the one in place, or under a new one.

    The audit trail goes on too: the event that tells of it is the first one under the new seal.

    Raises:
        ConfigurationError: the key in place opens the vault; or the trail was altered. Nothing is changed then.
    """
    setting = app.settings.vault.master_key
    if app.locked is None or app.vault.is_empty():
        raise ConfigurationError("no key is lost: the vault opens", remedy="ml-connector credentials rotate-key")
    vault = Vault(app.database, master_key=open_master_key(setting, create=True))
    with app.database.transaction() as tx:
        started = vault.start_over(tx)
        trail = AuditTrail(app.database, seal_key=vault.derive(SEAL, tx=tx), anchor_file=app.settings.audit.anchor_file)
        event = AuditEvent(
            action=AuditAction.KEY_LOST,
            actor=app.actor,
            at=app.clock(),
            object="credential//vault/master_key",
            reason="the master key was lost: seals before this event can no longer be checked",
            detail={"master_key": started.master_key, "credentials": started.credentials},
        )
        trail.go_on_without(tx, event)
    trail.write_anchor()
    return started


def _record(
    app: App, tx: Transaction, action: AuditAction, system: str, field: str, detail: dict[str, str | int]
) -> None:
    event = AuditEvent(
        action=action,
        actor=app.actor,
        at=app.clock(),
        object=f"credential//{app.name}/{system}/{field}",
        detail=detail,
    )
    app.trail.append(tx, [event])


def _read_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # some editors put a byte order mark first
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        remedy = "--from file:PATH of a file that this account may read"
        raise ConfigurationError(f"{path} cannot be read: {why}", remedy=remedy) from None


def _run(command: str) -> str:
    """No shell: what the person typed is split into words and nothing else is done to it."""
    try:
        words = shlex.split(command)
        done = subprocess.run(words, stdout=subprocess.PIPE, check=False, timeout=_COMMAND_TIMEOUT_S)  # noqa: S603
        text = done.stdout.decode()
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise ConfigurationError(f"the command cannot be run: {type(error).__name__}") from None
    if done.returncode:
        raise ConfigurationError(f"the command ended with exit code {done.returncode}", remedy="run it by hand first")
    return text
