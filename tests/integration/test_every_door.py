"""
The same trouble at every door of both systems, over real TLS: certificates nobody should believe, redirects, 401 for
ever.

Each is refused and named by the client that met it, with what to do; nothing of ours goes where a redirect points.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from ml_connector.canonical.keys import RecordType
from ml_connector.connectors.plex.connector import PlexConnector
from ml_connector.connectors.port import Query
from ml_connector.connectors.transport import Transport
from ml_connector.connectors.workday.auth import let_go
from ml_connector.connectors.workday.connector import WorkdayConnector
from ml_connector.connectors.workday.report import ReportConnector
from ml_connector.connectors.workday.rest_connector import RestConnector
from ml_connector.errors import AuthenticationError, ConfigurationError, UnavailableError
from ml_connector.settings.workday import WorkdayConnection
from tests.certificates import Party, issue, serve_chain
from tests.integration.test_transport import read_request, serving
from tests.unit.plex_script import Time, make_settings
from tests.unit.plex_script import credential as plex_credential
from tests.workday_wire import credential

NAMES = ["wd2-impl.workday.com", "cloud.plex.com", "accounts.plex.com"]
DAY = timedelta(days=1)
TOKEN = b'{"access_token":"t0","token_type":"Bearer","expires_in":3000}'
ANSWER = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s"
LOCATIONS = (b"https://evil.tld/elsewhere", b"http://cloud.plex.com/elsewhere", b"/elsewhere")
Ask = Callable[[Transport], Any]


def workday(surface: str, auth: str) -> Ask:
    values: dict[str, Any] = {"host": NAMES[0], "tenant": "acme1", "surface": surface, "auth": auth}
    if surface == "report":
        values["report"] = {"owner": "ISU_mlc", "name": "Workers"}
    build: Any = {"soap": WorkdayConnector, "rest": RestConnector, "report": ReportConnector}[surface]

    def ask(transport: Transport) -> Any:
        time = Time()
        connector = build(
            WorkdayConnection.model_validate(values),
            credential=credential,
            keep=let_go,
            transport=transport,
            clock=time,
            sleep=time.sleep,
        )
        return list(connector.read(Query(record_type=RecordType.WORKER)))

    return ask


def plex(record_type: RecordType, **changes: Any) -> Ask:
    def ask(transport: Transport) -> Any:
        time = Time()
        connector = PlexConnector(
            make_settings(**changes), credential=plex_credential, transport=transport, clock=time, sleep=time.sleep
        )
        return list(connector.read(Query(record_type=record_type, plant="101")))

    return ask


OAUTH = {"auth": "oauth2", "token_url": f"https://{NAMES[2]}/oauth2/token"}
ONE_PLANT = {"plants": [{"pcn": "101", "company_code": "ACME-DET"}]}
DOORS: dict[str, Ask] = {
    "Workday SOAP, password": workday("soap", "isu"),
    "Workday SOAP, token": workday("soap", "oauth"),
    "Workday REST, token": workday("rest", "oauth"),
    "Workday report, password": workday("report", "isu"),
    "Workday report, token": workday("report", "oauth"),
    "Workday token endpoint": workday("rest", "oauth"),
    "Plex REST, key": plex(RecordType.EMPLOYEE),
    "Plex REST, token": plex(RecordType.EMPLOYEE, **OAUTH),
    "Plex data source, password": plex(RecordType.POSITION, auth="basic", **ONE_PLANT),
    "Plex data source, token": plex(RecordType.POSITION, **OAUTH),
    "Plex token endpoint": plex(RecordType.EMPLOYEE, **OAUTH),
}
every_door = pytest.mark.parametrize("door", DOORS)


@cache
def root() -> Party:
    return issue("root of trust", ca=True)


@cache
def good() -> Party:
    return issue("good", root(), names=NAMES)


BAD: dict[str, Callable[[], Party]] = {
    "expired": cache(lambda: issue("x", root(), names=NAMES, starts=-3 * DAY, ends=-DAY)),
    "another name": cache(lambda: issue("x", root(), names=["evil.tld"])),
    "self-signed": cache(lambda: issue("x", names=NAMES)),
    "unknown authority": cache(lambda: issue("x", issue("nobody's root", ca=True), names=NAMES)),
}


class Behind:
    """What answers behind every name: with *status* and *head*; the requests that came, and the names asked for."""

    def __init__(self, door: str, *, status: int = 200) -> None:
        self.status, self.head, self._token_too = status, b"", "endpoint" in door
        self.requests: list[bytes] = []
        self.asked: set[str] = set()
        self.transport: Any = None

    @property
    def tokens(self) -> int:
        """How often a token was asked for."""
        return sum(b"/token HTTP/" in request for request in self.requests)

    def serve(self, sock: socket.socket, _number: int) -> None:
        while request := read_request(sock):
            self.requests.append(request)
            if b"/token HTTP/" in request and not self._token_too:
                sock.sendall(ANSWER % (200, len(TOKEN), b"", TOKEN))
            else:
                sock.sendall(ANSWER % (self.status, 0, self.head, b""))

    def resolve(self, host: str, _port: int) -> list[str]:
        self.asked.add(host)
        return ["8.8.8.8"]


@contextmanager
def behind(folder: Path, leaf: Party, door: str, *, status: int = 200) -> Iterator[Behind]:
    """The named door, whose every host shows *leaf*; the root of trust is trusted."""
    bundle, it = folder / "root.pem", Behind(door, status=status)
    bundle.write_bytes(root().pem)
    with serving(it.serve, tls=serve_chain(folder, leaf)) as server:
        it.transport = Transport(
            system=door.partition(" ")[0].lower(),
            ca_bundle=str(bundle),
            resolve=it.resolve,
            connect=lambda _address, timeout_s: socket.create_connection(("127.0.0.1", server.port), timeout_s),
        )
        yield it
        it.transport.close()


@every_door
def test_f12_a_bad_certificate_is_refused_and_named_at_every_door(door: str, tmp_path: Path) -> None:
    for name, leaf in BAD.items():
        with behind(tmp_path, leaf(), door) as it:
            with pytest.raises(UnavailableError, match="CERTIFICATE_VERIFY_FAILED") as caught:
                DOORS[door](it.transport)
            assert "ca_bundle" in str(caught.value.remedy), name
            assert it.requests == [], name


@every_door
def test_a5_a_redirect_is_refused_and_named_at_every_door(door: str, tmp_path: Path) -> None:
    with behind(tmp_path, good(), door) as it:
        for it.status, location in product((301, 302, 307, 308), LOCATIONS):
            it.head = b"Location: %s\r\n" % location
            with pytest.raises(ConfigurationError, match=rf"elsewhere \(HTTP {it.status}\)") as caught:
                DOORS[door](it.transport)
            assert re.search(r"token_url|base_url|`host`", str(caught.value.remedy))
        assert not any(b" /elsewhere HTTP/" in request for request in it.requests)
        assert it.asked <= set(NAMES)


@every_door
def test_a2_2_a_401_for_ever_ends_at_every_door_after_one_renewal(door: str, tmp_path: Path) -> None:
    with behind(tmp_path, good(), door, status=401) as it:
        with pytest.raises(AuthenticationError) as caught:
            DOORS[door](it.transport)
        assert caught.value.remedy
        tokens, others = it.tokens, len(it.requests) - it.tokens
        expected = (1, 0) if "endpoint" in door else (2, 2) if "token" in door else (0, 1)
        assert (tokens, others) == expected
