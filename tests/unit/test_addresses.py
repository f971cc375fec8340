"""Which addresses a name may stand for (rebinding, private networks, addresses inside addresses)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from ml_connector.connectors.addresses import is_public, pin_host
from ml_connector.errors import NotSentError

PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"]
NOT_PUBLIC = [
    "127.0.0.1",
    "10.1.2.3",
    "172.31.255.255",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - an address to refuse, nothing is bound
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fd00::1",
    "ff0e::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "64:ff9b::a9fe:a9fe",
    "not an address",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


def test_a_name_gives_its_addresses_in_order() -> None:
    assert pin_host("cloud.plex.com", port=443, resolve=lambda *_: ["8.8.8.8", "1.1.1.1"]) == ["8.8.8.8", "1.1.1.1"]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_f12_one_address_that_is_not_public_spoils_the_answer(address: str, tally: Callable[..., None]) -> None:
    pinned: list[str] = []
    with suppress(NotSentError):
        pinned = pin_host("cloud.plex.com", port=443, resolve=lambda *_: ["8.8.8.8", address])
    tally("F12 addresses behind a name", not_public=1, refused=int(not pinned))
    assert pinned == []


def test_a_loopback_name_must_lead_to_loopback() -> None:
    assert pin_host("localhost", port=80, resolve=lambda *_: ["127.0.0.1", "::1"]) == ["127.0.0.1", "::1"]
    with pytest.raises(NotSentError):
        pin_host("localhost", port=80, resolve=lambda *_: ["8.8.8.8"])


def test_a_name_without_an_answer() -> None:
    def fail(host: str, port: int) -> list[str]:
        raise OSError

    for resolve in (fail, lambda *_: []):
        with pytest.raises(NotSentError, match="does not resolve"):
            pin_host("cloud.plex.com", port=443, resolve=resolve)
