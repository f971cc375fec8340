"""
Which hosts may be called at all: the vendors' own domains, exact names from the server's configuration, and loopback.

A pure rule on the text of a URL; the transport adds the check of what the name resolves to.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import SplitResult, urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_VENDOR_DOMAINS = {"workday": ("workday.com", "myworkday.com"), "plex": ("plex.com", "plexonline.com")}

_LABEL = r"[a-z0-9]([a-z0-9\-]*[a-z0-9])?"
_HOST_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*|::1")
# Where the last label is a number, resolvers take the whole for an IPv4 address, in half a dozen notations.
_ENDS_AS_NUMBER = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)")
_MOST_CHARACTERS, _MOST_OF_A_LABEL = 253, 63
# Only what a URL may hold: lower-casing some look-alikes (the Kelvin sign, for one) would give plain letters, and
# parsers differ on backslashes, tabs and line breaks.
_PLAIN_TEXT = re.compile(r"[!-\[\]-~]+")


def host_fault(url: str, *, system: str, allow: tuple[str, ...] = ()) -> str | None:
    """Say why *url* may not be called as *system*, or None: vendor domains, exact extra names, or loopback only."""
    if not _PLAIN_TEXT.fullmatch(url) or "?" in url or "#" in url:
        return "must be plain ASCII without spaces or backslashes, and end before any ? or #"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is no URL"
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        return "must not carry a user name or password; use `ml-connector credentials set`"
    if not _HOST_NAME.fullmatch(host):
        return "is no plain host name"
    if port == 0:
        return "has port 0, where nobody listens: leave it out, or write the host's own"
    if host in LOOPBACK:
        return None if parts.scheme in {"http", "https"} else "must start with http:// or https://"
    if fault := _address_fault(host):
        return f"{host} {fault}"
    return _outside_fault(parts, host, system=system, allow=allow)


def _outside_fault(parts: SplitResult, host: str, *, system: str, allow: tuple[str, ...]) -> str | None:
    if parts.scheme != "https":
        return f"{parts.scheme}:// is refused outside this machine: write https://{host}"
    if host in allow:
        return None
    if not any(host.endswith(f".{domain}") for domain in _VENDOR_DOMAINS[system]):
        domains = ", ".join(_VENDOR_DOMAINS[system])
        return f"{host} is no {system.capitalize()} host ({domains}); a gateway of yours goes under [hosts] allow"
    if parts.port not in {None, 443}:
        return f"port {parts.port} is refused: only 443 outside this machine"
    return None


def tidy_allowed(entry: str) -> str:
    """
    A name under `[hosts] allow` as it is compared, in lower case.

    Raises:
        ValueError: no host that may be called could be of that name; it says what to write instead.
    """
    if not entry.strip():
        raise ValueError("holds an empty name: write the host's name, or take it out")
    if "@" in entry:  # whatever stands before it may be a password
        raise ValueError("holds a user name: write the host's name alone, and use `ml-connector credentials set`")
    host = entry.lower() if entry.isascii() else entry
    if fault := _name_fault(host):
        raise ValueError(f"{entry[:_MOST_CHARACTERS]!r} {fault}")
    return host


def _name_fault(host: str) -> str | None:
    """Why no URL that may be called has *host* for its host, and what to write instead."""
    meant = re.split(r"[/?#:]", host.rpartition("://")[2], maxsplit=1)[0]
    if host in LOOPBACK:
        return None
    if re.search(r"[/?#\\]", host):
        return f"is an address with more than a host's name: write {meant or 'the name alone'}"
    if "*" in host:
        return "holds a wildcard: write each host by its exact name"
    if host.count(":") > 1 or host.startswith("["):
        return "is an IPv6 address: write the host's name"
    if ":" in host:
        return f"has a port: write {meant or 'the name alone'}, of which any port may be called"
    if host.endswith("."):
        return f"ends with a dot: write {host.rstrip('.')}"
    if not host.isascii():
        return f"is not ASCII: write {_to_ascii(host)}, here and where the host is called"
    labels = host.split(".")
    if not _HOST_NAME.fullmatch(host) or len(host) > _MOST_CHARACTERS or max(map(len, labels)) > _MOST_OF_A_LABEL:
        return "is no plain host name: write it as in gateway.example.com"
    return _address_fault(host)


def _address_fault(host: str) -> str | None:
    """Why *host* is an IPv4 address that may not be called, whoever allows it; None for every name."""
    if not _ENDS_AS_NUMBER.fullmatch(host):
        return None
    try:
        address = IPv4Address(host)
    except ValueError:
        return "is an IP address in an odd notation: write the host's name"
    return (
        None
        if is_reachable(address)
        else (
            "is a link-local, private or reserved address, which is never called (metadata services live there), "
            "also not under [hosts] allow: write the host's public name"
        )
    )


def is_reachable(address: IPv4Address | IPv6Address) -> bool:
    """Say whether *address*, taken as it is, is globally reachable unicast."""
    return address.is_global and not address.is_multicast and not address.is_reserved


def _to_ascii(host: str) -> str:
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return "its ASCII form (xn--…)"
