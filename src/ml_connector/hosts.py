"""
Which hosts may be called at all: the vendors' own domains, exact names from the server's configuration, and loopback.

A pure rule on the text of a URL; the transport adds the check of what the name resolves to.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_VENDOR_DOMAINS = {"workday": ("workday.com", "myworkday.com"), "plex": ("plex.com", "plexonline.com")}


def host_fault(url: str, *, system: str, allow: tuple[str, ...] = ()) -> str | None:
    """Say why *url* may not be called as *system*, or None: vendor domains, exact extra names, or loopback only."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is no URL"
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        return "must not carry a user name or password; use `ml-connector credentials set`"
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.\-]*[a-z0-9])?|::1", host) or re.search(r"[\\\s\x00-\x1f]", url):
        return "is no plain host name"
    if parts.query or parts.fragment:
        return "must end before any ? or #"
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
