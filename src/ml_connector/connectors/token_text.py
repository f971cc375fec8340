"""What an authorization server may give as a token: printable ASCII, and at least one character of it. *Pure*."""

from __future__ import annotations

import re
from typing import TypeGuard

# RFC 6749, appendix A.12 and A.17: 1*VSCHAR.
_TOKEN = re.compile(r"[\x20-\x7e]+")
UNPRINTABLE = "holds a line break or another character that no token may hold"


def is_token(value: object) -> TypeGuard[str]:
    """Whether *value* may stand in a header or a form as a token."""
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None
