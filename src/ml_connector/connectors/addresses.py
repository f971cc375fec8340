"""
From a host name to addresses that may be connected to.

A name under the vendor's domain may still point inside our network (a poisoned or rebinding resolver), so every
address of an answer must be global, and the connection goes to one of exactly those addresses.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from ml_connector.errors import NotSentError
from ml_connector.hosts import LOOPBACK, is_reachable

Resolve = Callable[[str, int], list[str]]

_NAT64 = IPv6Network("64:ff9b::/96")
_LOW_32_BITS = 0xFFFFFFFF


def resolve_host(host: str, port: int) -> list[str]:
    """Ask the system's resolver; the addresses in its order, each once."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def pin_host(host: str, *, port: int, resolve: Resolve = resolve_host) -> list[str]:
    """
    Resolve *host* to the addresses a connection may use.

    Raises:
        NotSentError: no answer, or an answer with even one address that is not public (for a loopback name: not
            loopback).
    """
    try:
        addresses = resolve(host, port)
    except (OSError, UnicodeError):
        addresses = []
    if not addresses:
        raise NotSentError(
            f"the host name {host} does not resolve", remedy="check the host in ml-connector.toml and DNS"
        )
    allowed = is_loopback if host in LOOPBACK else is_public
    if not all(allowed(address) for address in addresses):
        raise NotSentError(
            f"the host name {host} resolves to an address inside a private or reserved network; nothing was sent",
            remedy="check DNS: vendor hosts and allowed gateways must resolve to public addresses only, and [hosts] allow "
            "changes nothing about that",
        )
    return addresses


def is_loopback(address: str) -> bool:
    """Say whether *address* is this machine."""
    return any(inner.is_loopback for inner in _meanings(address)[:1])


def is_public(address: str) -> bool:
    """Say whether *address* is globally reachable unicast, also when an IPv4 address hides inside an IPv6 one."""
    meanings = _meanings(address)
    return bool(meanings) and all(map(is_reachable, meanings))


def _meanings(address: str) -> list[IPv4Address | IPv6Address]:
    """The address and every IPv4 address it stands for (mapped, 6to4, Teredo, NAT64); none when it is no address."""
    try:
        outer = ip_address(address)
    except ValueError:
        return []
    if isinstance(outer, IPv4Address):
        return [outer]
    if outer.ipv4_mapped is not None:
        return [outer.ipv4_mapped]
    inside: list[IPv4Address | IPv6Address] = [outer]
    if outer.sixtofour is not None:
        inside.append(outer.sixtofour)
    if outer.teredo is not None:
        inside.extend(outer.teredo)
    if outer in _NAT64:
        # Python counts the well-known prefix as reserved, although it is how an IPv6-only network reaches public hosts.
        return [IPv4Address(int(outer) & _LOW_32_BITS)]
    return inside
