"""Kept pages with some workers changed for a while, so that a reader finds exactly so many changes."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LAST_NAME = re.compile(rb"<wd:Last_Name>")
_WORKER = b"<wd:Worker>"
_CONTINGENT = b"Contingent_Worker_ID"
_KEPT = ".kept"


@contextmanager
def changed_pages(folder: Path, page_size: int, changes: int) -> Iterator[None]:
    """
    Let *changes* workers of the kept pages have another last name; afterwards the pages are as before.

    A process of its own does it: whoever is measured meanwhile would be charged with the memory of whole pages.
    """
    try:
        command = [sys.executable, "-m", "bench.rewrite", str(folder), str(page_size), str(changes)]
        subprocess.run(command, check=True)
        yield
    finally:
        for kept in folder.glob(f"*{_KEPT}"):
            kept.replace(kept.with_suffix(""))


def change_pages(folder: Path, page_size: int, changes: int) -> None:
    """Rename *changes* workers, from the first page on; each page they stand on is kept beside itself."""
    left, number = changes, 0
    while left > 0:
        number += 1
        page = folder / f"soap-{page_size}-{number}.gz"
        kept = page.rename(page.with_name(page.name + _KEPT))
        text, left = rename(gzip.decompress(kept.read_bytes()), left)
        page.write_bytes(gzip.compress(text, compresslevel=1, mtime=0))


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


if __name__ == "__main__":
    change_pages(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
