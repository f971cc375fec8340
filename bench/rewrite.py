"""Kept pages with some workers changed for a while, so that a reader finds exactly so many changes."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LAST_NAME = re.compile(rb"<wd:Last_Name>")
_WORKER = b"<wd:Worker>"
_CONTINGENT = b"Contingent_Worker_ID"


@contextmanager
def changed_pages(folder: Path, page_size: int, changes: int) -> Iterator[None]:
    """Let *changes* workers of the kept pages have another last name; afterwards the pages are as before."""
    before: dict[Path, bytes] = {}
    try:
        left, number = changes, 0
        while left > 0:
            number += 1
            page = folder / f"soap-{page_size}-{number}.gz"
            before[page] = page.read_bytes()
            text, left = rename(gzip.decompress(before[page]), left)
            page.write_bytes(gzip.compress(text, compresslevel=1, mtime=0))
        yield
    finally:
        for page, data in before.items():
            page.write_bytes(data)


def rename(page: bytes, most: int) -> tuple[bytes, int]:
    """
    Put an X before both last names (legal and preferred) of up to *most* employees; tell how many are left over.

    Contingent workers are passed over: a default sync leaves them alone, so that their changes would send nothing.
    """
    head, *workers = page.split(_WORKER)
    chosen = [index for index, worker in enumerate(workers) if _CONTINGENT not in worker][:most]
    for index in chosen:
        workers[index] = _LAST_NAME.sub(b"<wd:Last_Name>X", workers[index])
    return _WORKER.join([head, *workers]), most - len(chosen)
