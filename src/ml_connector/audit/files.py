"""Files an auditor keeps: written whole or not at all, or by one durable line at a time; private to their owner."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ml_connector.durable import replace_file, sync_folder
from ml_connector.errors import AnchorError, ConfigurationError

_TAIL = 4096  # more than the longest line we append


def write_whole(path: Path, lines: Iterable[str]) -> None:
    """
    Put *lines* into *path*; what was there stays until all of them are on disk.

    Raises:
        ConfigurationError: the folder cannot be written to.
    """
    try:
        replace_file(path, (line.encode() for line in lines), mode=0o600)
    except OSError as error:
        raise _unwritable(path, error) from None


def begin_file(path: Path) -> None:
    """
    Make *path*, empty, unless it is there.

    Raises:
        ConfigurationError: the folder cannot be written to.
    """
    if path.exists():
        return
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        sync_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None


def append_line(path: Path, line: str) -> None:
    """
    Add *line* durably, unless it is the last one already; a last line cut short by a power failure goes first.

    Raises:
        AnchorError: the file cannot be written to.
    """
    try:
        new = not path.exists()
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL))
            tail = file.read(_TAIL)
            whole = tail[: tail.rfind(b"\n") + 1]
            if whole.splitlines(keepends=True)[-1:] == [line.encode()] and whole == tail:
                return
            file.truncate(size - len(tail) + len(whole))
            file.seek(0, os.SEEK_END)
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
        if new:
            sync_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error, kind=AnchorError) from None


def _unwritable(
    path: Path, error: OSError, *, kind: type[ConfigurationError] = ConfigurationError
) -> ConfigurationError:
    return kind(
        f"{path} cannot be written: {error.strerror}",
        remedy="name a file in a folder this account may write to, on a disk with room",
    )
