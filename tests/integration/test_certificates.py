"""F12: which certificates and versions of TLS are let in, and that no byte of ours reaches any other."""

from __future__ import annotations

import re
import socket
import ssl
import warnings
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from ml_connector.connectors.pinned import tls_context
from ml_connector.errors import NotSentError
from tests.certificates import Party, careless_client, issue, serve_chain
from tests.integration.test_transport import OK, Server, _send_over_tls, answering, serving

HOST = "cloud.plex.com"
DAY = timedelta(days=1)
MODERN = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    TLS_1_0 = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1)
    TLS_1_1 = (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1)


@cache
def root() -> Party:
    return issue("root of trust", ca=True)


@cache
def intermediate() -> Party:
    return issue("intermediate", root(), ca=True)


def leaf(issuer: Party | None = None, **how: object) -> Party:
    given: dict[str, object] = {"names": [HOST], **how}
    return issue(HOST, issuer or root(), **given)  # type: ignore[arg-type]


class Case(NamedTuple):
    """What a server shows, what the client trusts besides the system's roots, and which words its refusal holds."""

    leaf: Party
    chain: Sequence[Party] = ()
    trusted: Party | None = None
    versions: tuple[ssl.TLSVersion, ssl.TLSVersion] = MODERN
    words: str = "CERTIFICATE_VERIFY_FAILED"


def under(authority: Party, **how: object) -> Case:
    return Case(leaf(authority, **how), [authority])


def foreign() -> Case:
    stranger = issue("a root nobody trusts", ca=True)
    return under(issue("intermediate", stranger, ca=True))


def self_signed() -> Case:
    return Case(issue(HOST, names=[HOST]))


def pathless() -> Case:
    ends_here = issue("intermediate", root(), ca=True, path_length=0)
    below = issue("below", ends_here, ca=True)
    return Case(leaf(below), [below, ends_here])


def from_a_leaf() -> Case:
    no_authority = leaf(names=["other.plex.com"])
    return Case(leaf(no_authority), [no_authority])


def weak_root() -> Case:
    weak = issue("weak root", ca=True, bits=1024)
    return Case(leaf(weak), trusted=weak)


BAD: dict[str, Callable[[], Case]] = {
    "expired": lambda: Case(leaf(starts=-3 * DAY, ends=-DAY)),
    "not yet valid": lambda: Case(leaf(starts=DAY, ends=3 * DAY)),
    "intermediate expired": lambda: under(issue("old", root(), ca=True, starts=-3 * DAY, ends=-DAY)),
    "self-signed": self_signed,
    "another name": lambda: Case(leaf(names=["evil.tld"])),
    "the domain only": lambda: Case(leaf(names=["plex.com"])),
    "the name in the subject only": lambda: Case(leaf(names=[])),
    "the name and more behind": lambda: Case(leaf(names=["cloud.plex.com.evil.tld"])),
    "wildcard for everything": lambda: Case(leaf(names=["*"])),
    "wildcard for a top level": lambda: Case(leaf(names=["*.com"])),
    "wildcard over two levels": lambda: Case(leaf(names=["*.*.com"])),
    "wildcard in the middle": lambda: Case(leaf(names=["cloud.*.com"])),
    "wildcard for a part of a label": lambda: Case(leaf(names=["cl*.plex.com"])),
    "wildcard below the name": lambda: Case(leaf(names=["*.cloud.plex.com"])),
    "name constraint: others only": lambda: under(issue("ca", root(), ca=True, permitted=["workday.com"])),
    "name constraint: not ours": lambda: under(issue("ca", root(), ca=True, excluded=["plex.com"])),
    "weak key": lambda: Case(leaf(bits=1024)),
    "weak key of the intermediate": lambda: under(issue("weak", root(), ca=True, bits=1024)),
    "weak key of the root": weak_root,
    "TLS 1.0": lambda: Case(leaf(), versions=TLS_1_0, words="PROTOCOL|VERSION"),
    "TLS 1.1": lambda: Case(leaf(), versions=TLS_1_1, words="PROTOCOL|VERSION"),
    "untrusted intermediate": foreign,
    "missing chain": lambda: Case(leaf(intermediate())),
    "an authority whose limits bind nobody": lambda: under(issue("lax", root(), ca=True, optional=True)),
    "signed by a leaf": from_a_leaf,
    "a longer chain than allowed": pathless,
    "for clients only": lambda: Case(leaf(purpose=ExtendedKeyUsageOID.CLIENT_AUTH)),
}
GOOD: dict[str, Callable[[], Case]] = {
    "root and leaf": lambda: Case(leaf()),
    "by an intermediate": lambda: under(intermediate()),
    "the root shown too": lambda: Case(leaf(intermediate()), [intermediate(), root()]),
    "wildcard for the label": lambda: Case(leaf(names=["*.plex.com"])),
    "one name of several": lambda: Case(leaf(names=["other.plex.com", HOST])),
    "RSA of 2048 bits": lambda: Case(leaf(bits=2048)),
    "name constraint: ours": lambda: under(issue("ca", root(), ca=True, permitted=["plex.com"])),
    "as short a chain as allowed": lambda: under(issue("ca", root(), ca=True, path_length=0)),
    "TLS 1.2": lambda: Case(leaf(), versions=(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2)),
    "TLS 1.3": lambda: Case(leaf(), versions=(ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3)),
}


def trust(folder: Path, case: Case) -> str:
    bundle = folder / "bundle.pem"
    bundle.write_bytes((case.trusted or root()).pem)
    return str(bundle)


def ask_carelessly(server: Server, case: Case) -> bytes:
    with (
        socket.create_connection(("127.0.0.1", server.port)) as plain,
        careless_client(case.versions).wrap_socket(plain) as secured,
    ):
        secured.sendall(b"GET / HTTP/1.1\r\n\r\n")
        return secured.recv(65536)


@pytest.mark.parametrize("name", BAD)
def test_f12_a_bad_certificate_is_refused(name: str, tmp_path: Path, tally: Callable[..., None]) -> None:
    case, requests, refused = BAD[name](), list[bytes](), None
    tls = serve_chain(tmp_path, case.leaf, case.chain, versions=case.versions)
    with serving(answering(OK, requests=requests), tls=tls) as server:
        assert ask_carelessly(server, case) == OK  # or what is refused would be the server's own trouble
        requests.clear()
        try:
            _send_over_tls(server, ca_bundle=trust(tmp_path, case))
        except NotSentError as error:
            refused = error
    tally("F12 bad certificates", shown=1, refused=int(refused is not None), let_in=len(requests))
    assert requests == []
    assert refused is not None
    assert re.search(case.words, refused.message)
    assert refused.remedy


def test_f12_what_is_let_in_does_not_hang_on_the_machines_own_policy() -> None:
    context = tls_context(None)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.security_level == 2
    assert context.verify_flags & ssl.VERIFY_X509_STRICT
    older = [each["name"] for each in context.get_ciphers() if each["protocol"] != "TLSv1.3"]
    assert older
    assert all(name.startswith(("ECDHE-", "DHE-")) and not name.endswith("-SHA") for name in older)


@pytest.mark.parametrize("name", GOOD)
def test_f12_a_good_certificate_is_let_in(name: str, tmp_path: Path, tally: Callable[..., None]) -> None:
    case = GOOD[name]()
    tls = serve_chain(tmp_path, case.leaf, case.chain, versions=case.versions)
    with serving(answering(OK), tls=tls) as server:
        assert _send_over_tls(server, ca_bundle=trust(tmp_path, case)) == b"hi"
    tally("F12 good certificates", shown=1, let_in=1)
