"""The transport against real sockets: what was sent, what was not, and what cannot be known."""

from __future__ import annotations

import gzip
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ml_connector.connectors.transport import HttpRequest, Transport, retry_after_s
from ml_connector.errors import AmbiguousWriteError, ConfigurationError, NotSentError
from ml_connector.secret import Secret

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
Serve = Callable[[socket.socket, int], None]


class Server:
    """Listens on loopback; *serve* plays one connection. Keeps every request's bytes."""

    def __init__(self, serve: Serve, *, tls: ssl.SSLContext | None = None) -> None:
        self.connections = 0
        self._serve, self._tls = serve, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/x"

    def _run(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._play, args=(sock, self.connections), daemon=True).start()

    def _play(self, sock: socket.socket, number: int) -> None:
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
            self._serve(sock, number)
        except OSError:
            pass
        finally:
            sock.close()

    def close(self) -> None:
        self._listener.close()


@contextmanager
def serving(serve: Serve, *, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(serve, tls=tls)
    try:
        yield server
    finally:
        server.close()


def read_request(sock: socket.socket) -> bytes:
    """One request with its Content-Length body; empty at the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    while lengths and len(body) < int(lengths[0]):
        body += sock.recv(65536)
    return head + b"\r\n\r\n" + body


def answering(answer: bytes, *, requests: list[bytes] | None = None) -> Serve:
    def serve(sock: socket.socket, _number: int) -> None:
        while request := read_request(sock):
            if requests is not None:
                requests.append(request)
            sock.sendall(answer)
            if b"Connection: close" in answer or b"Content-Length" not in answer:
                return

    return serve


def post(url: str, **more: object) -> HttpRequest:
    return HttpRequest(method="POST", url=url, body=b"body", timeout_s=5, **more)  # type: ignore[arg-type]


@pytest.fixture
def transport() -> Iterator[Transport]:
    transport = Transport(system="plex")
    yield transport
    transport.close()


def test_a_plain_exchange_keeps_the_connection(transport: Transport) -> None:
    with serving(answering(OK)) as server:
        for _ in range(5):
            with transport.send(post(server.url)) as response:
                assert (response.status, response.read()) == (200, b"hi")
        assert server.connections == 1


def test_head_and_body_leave_in_one_piece() -> None:
    pieces: list[bytes] = []

    class Watched(socket.socket):
        def sendall(self, data: bytes, flags: int = 0) -> None:  # type: ignore[override]
            pieces.append(data)
            super().sendall(data, flags)

    def connect(address: tuple[str, int], timeout_s: float) -> socket.socket:
        return Watched(fileno=socket.create_connection(address, timeout_s).detach())

    transport = Transport(system="plex", connect=connect)
    with serving(answering(OK)) as server:
        for _ in range(2):  # on a new connection and on a kept one
            with transport.send(post(server.url)) as response:
                assert response.read() == b"hi"
    transport.close()
    assert [piece.partition(b"\r\n\r\n")[2] for piece in pieces] == [b"body", b"body"]


def test_the_query_repeats_names_and_is_encoded(transport: Transport) -> None:
    requests: list[bytes] = []
    with serving(answering(OK, requests=requests)) as server:
        query = (("id", "a"), ("id", "b"), ("name", "x&y=z #?"))
        transport.send(HttpRequest(method="GET", url=server.url, query=query)).read()
    assert requests[0].startswith(b"GET /x?id=a&id=b&name=x%26y%3Dz+%23%3F HTTP/1.1\r\n")


def test_secrets_reach_the_socket_and_nothing_else(transport: Transport, caplog: pytest.LogCaptureFixture) -> None:
    requests: list[bytes] = []
    caplog.set_level(logging.DEBUG)
    with serving(answering(OK, requests=requests)) as server:
        request = HttpRequest(
            method="POST", url=server.url, headers={"Authorization": Secret("Bearer s3cret")}, body=Secret("pä55")
        )
        transport.send(request).read()
    assert b"Authorization: Bearer s3cret" in requests[0]
    assert requests[0].endswith("pä55".encode())
    assert "s3cret" not in repr(request) + str(request) + caplog.text
    assert "pä55" not in repr(request) + caplog.text


def test_a_failed_request_tells_no_header(transport: Transport) -> None:
    with pytest.raises(NotSentError) as caught:
        transport.send(post("http://127.0.0.1:9/x", headers={"Authorization": Secret("Bearer s3cret")}))
    assert "s3cret" not in f"{caught.value} {caught.value.remedy}"


def test_a_header_with_a_line_break_is_refused_without_telling_it(transport: Transport) -> None:
    with pytest.raises(ConfigurationError) as caught:
        transport.send(post("http://127.0.0.1:9/x", headers={"X-Key": Secret("top\r\nEvil: 1")}))
    assert "top" not in str(caught.value)


def test_refused_is_not_sent(transport: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NotSentError, match=r"NewConnectionError: .*refused") as caught:
        transport.send(post(f"http://127.0.0.1:{port}/x"))
    assert "CA" not in str(caught.value.remedy), "nobody came as far as a certificate"


def test_a_name_that_does_not_resolve_is_not_sent() -> None:
    def fail(host: str, port: int) -> list[str]:
        raise socket.gaierror("no such name")

    with pytest.raises(NotSentError, match="does not resolve"):
        Transport(system="plex", resolve=fail).send(post("https://cloud.plex.com/x"))


@pytest.mark.parametrize("url", ["http://cloud.plex.com/x", "https://evil.tld/x", "https://cloud.plex.com/x?y=1"])
def test_the_host_rule_is_checked_on_every_send(transport: Transport, url: str) -> None:
    with pytest.raises(NotSentError, match="before it left"):
        transport.send(post(url))


def test_a_rebinding_resolver_is_caught_when_connecting() -> None:
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])
    tried: list[str] = []

    def connect(address: tuple[str, int], timeout_s: float) -> socket.socket:
        tried.append(address[0])
        raise ConnectionRefusedError(111, "Connection refused")

    transport = Transport(system="plex", resolve=lambda *_: next(answers), connect=connect)
    with pytest.raises(NotSentError, match="refused"):
        transport.send(post("https://cloud.plex.com/x"))
    with pytest.raises(NotSentError, match="private or reserved"):
        transport.send(post("https://cloud.plex.com/x"))
    assert tried == ["8.8.8.8"]


def test_the_next_address_is_tried_when_one_refuses() -> None:
    with serving(answering(OK)) as server:

        def connect(address: tuple[str, int], timeout_s: float) -> socket.socket:
            if address[0] == "::1":
                raise ConnectionRefusedError
            return socket.create_connection(address, timeout_s)

        transport = Transport(system="plex", resolve=lambda *_: ["::1", "127.0.0.1"], connect=connect)
        assert transport.send(post(f"http://localhost:{server.port}/x")).read() == b"hi"
        transport.close()


def _close_at_once(sock: socket.socket, _number: int) -> None:
    sock.recv(1)


def _reset(sock: socket.socket, _number: int) -> None:
    read_request(sock)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def _say_nothing(sock: socket.socket, _number: int) -> None:
    read_request(sock)
    sock.recv(1)


AFTER_THE_BYTES = {
    "closed while sending": _close_at_once,
    "reset after sending": _reset,
    "closed without an answer": answering(b""),
    "garbage instead of a status line": answering(b"SSH-2.0-OpenSSH_9.6 Content-Length\r\n\r\n"),
    "half a status line": answering(b"HTTP/1.1 2"),
}


@pytest.mark.parametrize("case", AFTER_THE_BYTES)
def test_what_fails_after_the_bytes_left_is_ambiguous(transport: Transport, case: str) -> None:
    with serving(AFTER_THE_BYTES[case]) as server, pytest.raises(AmbiguousWriteError) as caught:
        transport.send(post(server.url))
    assert "too early" in caught.value.message, "in words and not in a library's own"


def test_no_answer_in_time_is_ambiguous(transport: Transport) -> None:
    with serving(_say_nothing) as server, pytest.raises(AmbiguousWriteError, match="nothing came in time"):
        transport.send(HttpRequest(method="POST", url=server.url, body=b"x", timeout_s=0.05))


BROKEN_BODIES = {
    "shorter than announced": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhello",
    "chunk cut off": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nhel",
    "no last chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n",
    "chunk size is no number": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhel\r\n",
    "gzip cut off": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"hello")[:-3],
    "not gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nplain",
    "gzip bomb": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(32 * 1024 * 1024)),
    "larger than allowed": b"HTTP/1.1 200 OK\r\n\r\n" + bytes(2000),
}


@pytest.mark.parametrize("case", BROKEN_BODIES)
def test_a_body_that_does_not_arrive_whole_is_ambiguous(transport: Transport, case: str) -> None:
    limit = 1000 if case == "larger than allowed" else 64 * 1024 * 1024
    with (
        serving(answering(BROKEN_BODIES[case])) as server,
        transport.send(post(server.url, max_bytes=limit)) as response,
        pytest.raises(AmbiguousWriteError, match="could not be read"),
    ):
        response.read()


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        ("", b"x"),
        ("Content-Length: 9000\r\n", b"x"),
        ("Transfer-Encoding: chunked\r\n", b"1\r\nx\r\n"),
        ("Transfer-Encoding: chunked\r\n", b"0"),
        ("Transfer-Encoding: chunked\r\n", b"0\r\nX: x\r\n"),
    ],
    ids=["to the end", "of a length", "chunked", "a length of a chunk", "trailers"],
)
@pytest.mark.timeout(20)
def test_a_trickle_is_no_answer(transport: Transport, head: str, piece: bytes) -> None:
    ended = threading.Event()

    def serve(sock: socket.socket, _number: int) -> None:
        read_request(sock)
        sock.sendall(f"HTTP/1.1 200 OK\r\n{head}\r\n".encode())
        while not ended.wait(0.01):
            sock.sendall(piece)

    with serving(serve) as server, transport.send(post(server.url, body_s=0.1)) as response:
        with pytest.raises(AmbiguousWriteError, match="nothing came in time"):
            response.read()
        ended.set()


@pytest.mark.parametrize(
    ("begun", "more"),
    [(b"", b"H"), (b"HTTP/1.1 200 OK\r\nX: ", b"x"), (b"", b"HTTP/1.1 100 Continue\r\n\r\n")],
    ids=["status line", "one line", "head after head"],
)
@pytest.mark.timeout(20)
def test_a2_2_a_head_that_trickles_is_no_answer(transport: Transport, begun: bytes, more: bytes) -> None:
    ended = threading.Event()

    def serve(sock: socket.socket, _number: int) -> None:
        read_request(sock)
        sock.sendall(begun)
        while not ended.wait(0.005):
            sock.sendall(more)

    with serving(serve) as server, pytest.raises(AmbiguousWriteError, match="nothing came in time") as caught:
        transport.send(HttpRequest(method="POST", url=server.url, body=b"x", timeout_s=0.1))
    ended.set()
    assert caught.value.timed_out


def test_a_gzip_body_is_streamed_in_bounded_pieces(transport: Transport) -> None:
    text = b"".join(b"<Worker>%d</Worker>" % number for number in range(50_000))
    packed = gzip.compress(text)
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed
    with serving(answering(answer)) as server, transport.send(post(server.url)) as response:
        pieces = list(response.chunks(4096))
    assert b"".join(pieces) == text
    assert max(map(len, pieces)) <= 4096


def test_a2_2_a_body_of_single_bytes_is_kept_in_blocks(transport: Transport) -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 5000 + b"0\r\n\r\n"
    with serving(answering(answer)) as server, transport.send(post(server.url)) as response:
        kept = response.keep(size=1000)
    assert [len(block) for block in kept.blocks] == [1000] * 5


def test_a_redirect_is_an_answer_not_an_order(transport: Transport) -> None:
    with serving(answering(OK)) as trap:
        moved = b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % trap.url.encode()
        with serving(answering(moved)) as server:
            assert transport.send(post(server.url)).status == 302
        assert trap.connections == 0


def test_proxies_from_the_environment_are_ignored(transport: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answering(OK)) as proxy, serving(answering(OK)) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        transport.send(post(server.url)).read()
        assert (proxy.connections, server.connections) == (0, 1)


def test_a_connection_the_server_has_closed_is_replaced_before_a_byte_leaves(transport: Transport) -> None:
    closed = threading.Event()

    def serve(sock: socket.socket, number: int) -> None:
        read_request(sock)
        sock.sendall(OK)
        if number == 1:
            sock.close()
            closed.set()
        else:
            read_request(sock)

    with serving(serve) as server:
        transport.send(post(server.url)).read()
        assert closed.wait(5)
        assert transport.send(post(server.url)).read() == b"hi"
        assert server.connections == 2


def test_a_kept_connection_that_dies_under_the_request_is_ambiguous_and_not_repeated(transport: Transport) -> None:
    """The trap of keep-alive: the bytes may have been read before the close, so nothing is provable."""

    def serve(sock: socket.socket, _number: int) -> None:
        read_request(sock)
        sock.sendall(OK)
        read_request(sock)

    with serving(serve) as server:
        transport.send(post(server.url)).read()
        with pytest.raises(AmbiguousWriteError):
            transport.send(post(server.url))
        assert server.connections == 1


def test_a_connection_idle_for_too_long_is_not_used_again() -> None:
    transport = Transport(system="plex", keep_alive_s=0)
    with serving(answering(OK)) as server:
        for _ in range(3):
            transport.send(post(server.url)).read()
        assert server.connections == 3
    transport.close()


def test_a_body_left_unread_does_not_leak_into_the_next_answer(transport: Transport) -> None:
    with serving(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100000)) as server:
        with transport.send(post(server.url)) as response:
            next(response.chunks(10))
        with transport.send(post(server.url)) as response:
            assert response.read() == b"x" * 100000
        assert server.connections == 2


def _certificate(folder: Path, name: str, *, days: int = 1) -> tuple[ssl.SSLContext, str]:
    """A self-signed certificate for *name*: the server's context and the file a client may trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = folder / f"{name}.key"
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, secret)
    return context, str(file)


def _send_over_tls(server: Server, *, ca_bundle: str | None, connected: list[str] | None = None) -> bytes:
    """Call cloud.plex.com, which "resolves" to a public address, and let the pinned connection end on loopback."""

    def connect(address: tuple[str, int], timeout_s: float) -> socket.socket:
        if connected is not None:
            connected.append(address[0])
        return socket.create_connection(("127.0.0.1", server.port), timeout_s)

    transport = Transport(system="plex", ca_bundle=ca_bundle, resolve=lambda *_: ["8.8.8.8"], connect=connect)
    try:
        return transport.send(post("https://cloud.plex.com/x")).read()
    finally:
        transport.close()


def test_tls_goes_to_the_checked_address_under_the_hosts_name(tmp_path: Path) -> None:
    context, bundle = _certificate(tmp_path, "cloud.plex.com")
    asked: list[str | None] = []
    requests: list[bytes] = []
    connected: list[str] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    with serving(answering(OK, requests=requests), tls=context) as server:
        assert _send_over_tls(server, ca_bundle=bundle, connected=connected) == b"hi"
    assert (asked, connected) == (["cloud.plex.com"], ["8.8.8.8"])
    assert b"\r\nHost: cloud.plex.com\r\n" in requests[0]


def test_a_certificate_nobody_vouches_for_is_refused_before_a_byte_leaves(tmp_path: Path) -> None:
    context, _ = _certificate(tmp_path, "cloud.plex.com")
    requests: list[bytes] = []
    with serving(answering(OK, requests=requests), tls=context) as server, pytest.raises(NotSentError, match="CERT"):
        _send_over_tls(server, ca_bundle=None)
    assert requests == []


@pytest.mark.parametrize(("name", "days"), [("plex.com", 1), ("evil.tld", 1), ("cloud.plex.com", -1)])
def test_a_wrong_name_or_an_expired_certificate_is_refused(tmp_path: Path, name: str, days: int) -> None:
    context, bundle = _certificate(tmp_path, name, days=days)
    with serving(answering(OK), tls=context) as server, pytest.raises(NotSentError, match="CERT"):
        _send_over_tls(server, ca_bundle=bundle)


def test_a_server_that_does_not_speak_tls_is_not_sent_anything() -> None:
    def serve(sock: socket.socket, _number: int) -> None:
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with serving(serve) as server, pytest.raises(NotSentError, match="WRONG_VERSION_NUMBER"):
        _send_over_tls(server, ca_bundle=None)


@pytest.mark.parametrize("alert", [True, False])
def test_a_handshake_that_fails_is_not_sent(alert: bool) -> None:
    """The server refuses by TLS's own alert, or hangs up in the middle."""

    def serve(sock: socket.socket, _number: int) -> None:
        sock.recv(65536)
        if alert:
            sock.sendall(b"\x15\x03\x03\x00\x02\x02\x28")  # fatal: handshake_failure

    with serving(serve) as server, pytest.raises(NotSentError):
        _send_over_tls(server, ca_bundle=None)


def server_hello(*, version: bytes = b"\x03\x03", renegotiation: bool = True) -> bytes:
    """A ServerHello of the given version, with the extension of RFC 5746 or, as of old servers, without any."""
    extensions = b"\x00\x05\xff\x01\x00\x01\x00" if renegotiation else b""
    body = version + bytes(32) + b"\x00" + b"\xc0\x2f" + b"\x00" + extensions
    message = b"\x02" + len(body).to_bytes(3, "big") + body
    return b"\x16" + version + len(message).to_bytes(2, "big") + message


def fatal_alert(number: int) -> bytes:
    return b"\x15\x03\x03\x00\x02\x02" + bytes([number])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (server_hello(renegotiation=False), "UNSAFE_LEGACY_RENEGOTIATION_DISABLED"),
        (server_hello(version=b"\x03\x01"), "UNSUPPORTED_PROTOCOL"),
        (fatal_alert(40), "ALERT_HANDSHAKE_FAILURE"),  # so servers say that they share no cipher with us
        (fatal_alert(70), "ALERT_PROTOCOL_VERSION"),
        (fatal_alert(71), "ALERT_INSUFFICIENT_SECURITY"),
    ],
    ids=["no secure renegotiation", "TLS 1.0", "no shared cipher", "no shared version", "too weak"],
)
def test_a_host_whose_tls_is_too_old_is_told_what_it_must_offer(answer: bytes, reason: str) -> None:
    def serve(sock: socket.socket, _number: int) -> None:
        sock.recv(65536)
        sock.sendall(answer)
        sock.recv(65536)

    with serving(serve) as server, pytest.raises(NotSentError, match=reason) as caught:
        _send_over_tls(server, ca_bundle=None)
    remedy = caught.value.remedy or ""
    assert "TLS 1.2 or later with secure renegotiation (RFC 5746)" in remedy
    assert "ca_bundle" not in remedy, "no certificate helps there"


def test_a_certificate_nobody_vouches_for_is_told_of_a_private_authority(tmp_path: Path) -> None:
    context, _ = _certificate(tmp_path, "cloud.plex.com")
    with serving(answering(OK), tls=context) as server, pytest.raises(NotSentError) as caught:
        _send_over_tls(server, ca_bundle=None)
    assert "[hosts] ca_bundle" in (caught.value.remedy or "")
    assert "RFC 5746" not in (caught.value.remedy or "")


def test_a_certificate_changed_between_two_requests_is_refused_before_the_second(tmp_path: Path) -> None:
    first, bundle = _certificate(tmp_path, "cloud.plex.com")
    (tmp_path / "new").mkdir()
    second, _ = _certificate(tmp_path / "new", "cloud.plex.com")
    requests: list[bytes] = []
    shown = [first]

    def serve(sock: socket.socket, _number: int) -> None:
        with shown[-1].wrap_socket(sock, server_side=True) as line:
            requests.append(read_request(line))
            line.sendall(OK)

    with serving(serve) as server:
        transport = Transport(
            system="plex",
            ca_bundle=bundle,
            resolve=lambda *_: ["8.8.8.8"],
            connect=lambda _address, timeout_s: socket.create_connection(("127.0.0.1", server.port), timeout_s),
        )
        assert transport.send(post("https://cloud.plex.com/x")).read() == b"hi"
        shown.append(second)
        with pytest.raises(NotSentError, match="CERT"):
            transport.send(post("https://cloud.plex.com/x"))
        transport.close()
    assert len(requests) == 1


def test_a_ca_bundle_that_cannot_be_read_is_a_configuration_fault(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for file in ("absent.pem", "empty.pem"):
        with pytest.raises(ConfigurationError, match="CA bundle"):
            Transport(system="plex", ca_bundle=str(tmp_path / file))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("2", 2.0),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("1000000000", 1e9),
        ("Mon, 23 Nov 2026 15:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 14:59:00 GMT", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("99999999999999999999", None),
        ("Mon, 23 Nov 99999999999999999999 15:00:30 GMT", None),
        ("Mon, 23 Nov 2026 15:00:30 +99999999999999999999", None),
    ],
)
def test_retry_after_in_every_spelling(header: str | None, expected: float | None) -> None:
    headers = {} if header is None else {"retry-after": header}
    assert retry_after_s(headers, now=datetime(2026, 11, 23, 15, tzinfo=UTC)) == expected


def test_a_date_to_retry_after_counts_from_the_servers_own_clock() -> None:
    headers = {"date": "Tue, 01 Dec 2026 09:00:00 GMT", "retry-after": "Tue, 01 Dec 2026 09:00:30 GMT"}
    assert retry_after_s(headers, now=datetime(2026, 11, 23, 15, tzinfo=UTC)) == 30
