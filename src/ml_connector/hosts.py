"""
Which hosts may be called at all: the vendors' own domains, exact names from the server's configuration, and loopback.

A pure rule on the text of a URL; the transport adds the check of what the name resolves to.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_VENDOR_DOMAINS = {"workday": ("workday.com", "myworkday.com"), "plex": ("plex.com", "plexonline.com")}

_LABEL = r"[a-z0-9]([a-z0-9\-]*[a-z0-9])?"
_HOST_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*|::1")
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
    if host in LOOPBACK:
        return None if parts.scheme in {"http", "https"} else "must start with http:// or https://"
    if parts.scheme != "https":
        return f"{parts.scheme}:// is refused outside this machine: write https://{host}"
    if host in allow:
        return None
    if not any(host.endswith(f".{domain}") for domain in _VENDOR_DOMAINS[system]):
        domains = ", ".join(_VENDOR_DOMAINS[system])
        return f"{host} is no {system.capitalize()} host ({domains}); a gateway of yours goes under [hosts] allow"
    if port not in {None, 443}:
        return f"port {port} is refused: only 443 outside this machine"
    return None
