"""
A whole sandbox in a child process, which sends pages of workers that were made beforehand.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ml_connector.sandbox.prerender import PAGE_SIZES, Filling
from ml_connector.sandbox.server import serve


class Prerendered(msgspec.Struct, frozen=True):
    """A running server of kept pages: its Workday address and all a client needs, as the ready file tells it."""

    url: str
    ready: dict[str, Any]


@contextlib.contextmanager
def serve_prerendered(
    *,
    workers: int = 10_000,
    page_sizes: Sequence[int] = PAGE_SIZES,
    filling: Filling = "full",
    folder: Path | None = None,
    seed: int = 7,
) -> Iterator[Prerendered]:
    """
    Run a sandbox with kept pages in a child process, from `with` to its end.

    *folder* keeps the pages for the next time; without one they go to a temporary place.
    """
    with contextlib.ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-pages-")))
        wishes = {"workers": workers, "page_sizes": list(page_sizes), "filling": filling, "seed": seed}
        command = [sys.executable, "-m", "ml_connector.sandbox.kept_pages", str(place), json.dumps(wishes)]
        child = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))  # noqa: S603 - this very module
        stack.callback(child.terminate)
        line = child.stdout.readline() if child.stdout is not None else b""
        if not line:
            raise RuntimeError(f"the child process ended with {child.wait()} before it could answer")
        ready = json.loads(line)
        yield Prerendered(url=ready["workday"]["url"], ready=ready)


def _serve(folder: str, wishes: str) -> None:
    serve(pages_folder=Path(folder), **json.loads(wishes))


if __name__ == "__main__":
    _serve(*sys.argv[1:])
