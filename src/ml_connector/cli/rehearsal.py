"""The sandbox as a child process: started, waited for, told to let days pass, and ended with us."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3

from ml_connector.errors import UnavailableError

_START_S = 60
_END_S = 10


@contextmanager
def running(folder: Path, *, workers: int, seed: int) -> Iterator[dict[str, Any]]:
    """
    Run a sandbox for the length of the block and give what its ready file tells.

    Raises:
        UnavailableError: it did not come up; its own words are in `sandbox.log`.
    """
    ready_file, log = folder / "ready.json", folder / "sandbox.log"
    ready_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "ml_connector", "sandbox", "--ready-file", str(ready_file)]
    command += ["--workers", str(workers), "--seed", str(seed)]
    with log.open("w", encoding="utf-8") as out, _ending_with_us():
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=out)  # noqa: S603
        try:
            yield _await_ready(child, ready_file, log)
        finally:
            _end(child)


def advance(ready: dict[str, Any], *, days: int = 1) -> dict[str, Any]:
    """Let days pass in the pretended Workday; returns what happened on them."""
    return _control(ready, "POST", "advance", {"days": days})


def _control(ready: dict[str, Any], method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = urllib3.request(method, f"{ready['control']}/{path}", json=body, timeout=30, retries=False)
    found: dict[str, Any] = answer.json()
    return found


def _await_ready(child: subprocess.Popen[bytes], ready_file: Path, log: Path) -> dict[str, Any]:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and child.poll() is None:
        if ready_file.exists():
            ready: dict[str, Any] = json.loads(ready_file.read_text(encoding="utf-8"))
            return ready
        time.sleep(0.05)
    raise UnavailableError("the sandbox did not come up", remedy=f"its own words are in {log}")


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_END_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


@contextmanager
def _ending_with_us() -> Iterator[None]:
    """A plain SIGTERM would end us without a word to the child, which would then live on."""

    def leave(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    former = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
