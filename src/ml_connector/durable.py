"""What a file needs, besides its own bytes, to be there after a power failure: its folder's word."""

from __future__ import annotations

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Wait until *folder*'s entries are on disk; a file made or replaced in it would not last without that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
