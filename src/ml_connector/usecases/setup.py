"""From nothing to a configuration, a key and a database; and what is still missing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from ml_connector.audit.event import AuditAction, AuditEvent
from ml_connector.bootstrap import App, open_app, version_told
from ml_connector.errors import ConfigurationError
from ml_connector.secret import Secret
from ml_connector.settings.loading import config_path, load_settings
from ml_connector.settings.workday import SurfaceName
from ml_connector.snapshot.extract import Progress
from ml_connector.storage.database import open_database
from ml_connector.storage.migrate import migrate
from ml_connector.usecases import mapping_proposals, mappings
from ml_connector.usecases.template import COMMENTED, REHEARSAL, render_rehearsal
from ml_connector.vault.keys import open_master_key
from ml_connector.vault.places import place_of
from ml_connector.vault.store import Vault

_REHEARSAL_FILES = ("key", "db", "db-wal", "db-shm", "anchor", "log")


class Initialised(msgspec.Struct, frozen=True, kw_only=True):
    """
    What `init` made, and what to type next. *mapped* counts rows accepted for a rehearsal, *left* those that wait.
    """

    config: str
    key: str
    connection: str
    next: tuple[str, ...]
    credentials: int = 0
    mapped: int = 0
    left: tuple[str, ...] = ()


def init(*, config: Path | None) -> Initialised:
    """
    Write a commented configuration and the key that will open the vault; beside a configuration that is there, the key.

    Raises:
        ConfigurationError: both are there already, or the database holds what another key sealed; nothing is
            overwritten.
    """
    if config_path(config).exists():
        return _make_missing_key(config_path(config))
    file = _free(config)
    key = file.parent / "ml-connector.key"
    _write_new(file, COMMENTED)
    open_master_key(f"file:{key}", create=True)
    return Initialised(
        config=str(file),
        key=str(key),
        connection="acme",
        next=(
            f"fill in the empty values in {file}",
            "ml-connector config check",
            "ml-connector credentials set workday username   (then every field doctor names)",
            "ml-connector doctor",
        ),
    )


def init_rehearsal(
    ready_file: Path, *, config: Path | None, actor: str, progress: Progress, surface: SurfaceName = "soap"
) -> Initialised:
    """
    Write a configuration for a running sandbox, its Workday read over *surface*; seal its credentials, and accept the
    mapping rows that fit exactly. What a report does not tell, and rows are proposed from, is read over SOAP.

    A person accepts rows in real life; here the sandbox is a rehearsal, and what is left over is named.

    Raises:
        ConfigurationError: no ready file, or a configuration is there already.
    """
    ready = _read_ready(ready_file)
    file = _free(config)
    try:
        text = render_rehearsal(ready, surface=surface)
        first = render_rehearsal(ready) if surface == "report" else text
    except (KeyError, TypeError, ValueError) as error:
        raise _no_ready_file(ready_file, f"{type(error).__name__} {error}") from None
    with _all_or_nothing(file):
        _write_new(file, first)
        settings = load_settings(file)
        open_master_key(settings.vault.master_key, create=True)
        with open_app(config=file, connection=REHEARSAL, actor=actor) as app:
            sealed = _seal(app, ready)
            proposed = mapping_proposals.propose_rows(app, progress=progress)
            sure = mapping_proposals.rows_of(proposed.proposals, confidence=("exact", "code", "name"))
            accepted = mappings.accept_rows(app, only=sure, check=False)  # proposed a moment ago from what is there
        file.write_text(text, encoding="utf-8")
    left = tuple(f"{each.kind} {each.source} in plant {each.plant}" for each in proposed.proposals if each.row is None)
    return Initialised(
        config=str(file),
        key=settings.vault.master_key.removeprefix("file:"),
        connection=REHEARSAL,
        credentials=sealed,
        mapped=len(accepted.changed),
        left=left,
        next=("ml-connector ping", "ml-connector plan", "ml-connector sync"),
    )


def _make_missing_key(file: Path) -> Initialised:
    """On a new machine the configuration is there and the key is not: make one, unless another one is missed."""
    settings = load_settings(file)
    setting = settings.vault.master_key
    if place_of(setting).load() is not None:
        raise _there_already(file)
    database = open_database(settings.database.url)
    try:
        migrate(database)
        if not Vault(database, master_key=ConfigurationError("no key yet")).is_empty():
            open_master_key(setting)  # says that the key is missing, and what to do when it is lost
    finally:
        database.close()
    open_master_key(setting, create=True)
    return Initialised(
        config=str(file),
        key=setting.removeprefix("file:"),
        connection=next(iter(settings.connections), ""),
        next=("ml-connector doctor   (it names every credential that is missing, with its command)",),
    )


@contextmanager
def _all_or_nothing(config: Path) -> Iterator[None]:
    """When the block fails, take away the files it made, so that it can be repeated; older ones stay."""
    mine = [config] + [config.with_name(f"ml-connector.{end}") for end in _REHEARSAL_FILES]
    there = {file for file in mine if file.exists()}
    try:
        yield
    except BaseException:
        for file in mine:
            if file not in there:
                file.unlink(missing_ok=True)
        raise


def _there_already(file: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{file} is there already: nothing was overwritten", remedy="name another: --config PATH, or move it away"
    )


def _free(config: Path | None) -> Path:
    file = config_path(config)
    if file.exists():
        raise _there_already(file)
    if not file.parent.is_dir():
        raise ConfigurationError(f"there is no folder {file.parent}", remedy=f"mkdir -p {file.parent}")
    return file


def _write_new(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror}") from None


def _read_ready(path: Path) -> Mapping[str, Any]:
    try:
        ready = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror}", remedy=f"ml-connector sandbox --ready-file {path}"
        ) from None
    except ValueError:
        raise _no_ready_file(path, "not JSON") from None
    if not isinstance(ready, dict):
        raise _no_ready_file(path, "not an object")
    return ready


def _no_ready_file(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path} is no ready file of the sandbox ({why})", remedy=f"ml-connector sandbox --ready-file {path}"
    )


def _seal(app: App, ready: Mapping[str, Any]) -> int:
    """Seal what every way to sign in needs, so that `auth` may be changed in the file and tried."""
    workday, plex = ready["workday"], ready["plex"]
    given = [("workday", workday.get(way, {})) for way in ("isu", "oauth")]
    given += [("plex", plex.get("oauth2", {})), ("plex", {"api_key": plex["api_key"]} if "api_key" in plex else {})]
    given += [
        ("plex", {f"{pcn}/{field}": value for field, value in user.items()})
        for pcn, user in plex.get("basic_users", {}).items()
    ]
    found = [(system, field, value) for system, fields in given for field, value in fields.items()]
    told = {each[:2]: version_told(app.trail, (app.name, *each[:2])) for each in found}
    with app.database.transaction() as tx:
        for system, field, value in found:
            before = told[system, field]
            app.vault.set(tx, connection=app.name, system=system, field=field, value=Secret(value), told=before)
        event = AuditEvent(
            action=AuditAction.CREDENTIAL_SET,
            actor=app.actor,
            at=app.clock(),
            object=f"credential//{app.name}",
            reason="rehearsal with the sandbox",
            detail={"credentials": len(found)},
        )
        app.trail.append(tx, [event])
    return len(found)
