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

from ml_connector.cli.words import plural
from ml_connector.errors import ConfigurationError, UnavailableError, UsageError

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


def load_ready(ready_file: Path) -> dict[str, Any]:
    """
    Read what a sandbox told of itself when it came up.

    Raises:
        ConfigurationError: there is no such file, or it is none of a sandbox.
    """
    try:
        ready: dict[str, Any] = json.loads(ready_file.read_text(encoding="utf-8"))
        ready["control"] = str(ready["control"])
    except (OSError, ValueError, TypeError, KeyError):
        raise ConfigurationError(
            f"{ready_file} tells of no sandbox", remedy=f"ml-connector sandbox --ready-file {ready_file}"
        ) from None
    return ready


def advance(ready: dict[str, Any], *, days: int = 1, quiet: bool = False) -> dict[str, Any]:
    """Let days pass in the pretended Workday; returns what happened on them, which is nothing on *quiet* ones."""
    return _control(ready, "POST", "advance", {"days": days, "quiet": quiet})


def play(ready: dict[str, Any], name: str, **fault: Any) -> dict[str, Any]:
    """
    Play one scenario; returns whom it touched, or of a *fault* (its `system`, its `count`) what waits and has fired.
    """
    return _control(ready, "POST", "scenario", {"name": name} | fault)


def clear_faults(ready: dict[str, Any]) -> dict[str, Any]:
    """Take back every fault that waits; returns how often each fired."""
    return _control(ready, "DELETE", "fault")


def list_scenarios(ready: dict[str, Any]) -> dict[str, Any]:
    """Tell the names `play` takes: all of them as *scenarios*, and by what they show as *groups*."""
    return _control(ready, "GET", "scenario")


def tell_days(told: dict[str, Any]) -> Iterator[str]:
    """Put what happened on each day into a line."""
    for day in told["days"]:
        yield f"{day['date']}: " + (
            "; ".join(f"{name} {', '.join(who)}" for name, who in day.items() if isinstance(who, list) and who)
            or "nothing"
        )


def tell_faults(told: dict[str, Any]) -> Iterator[str]:
    """Put each fault that waits into a line; none waiting, nothing."""
    for fault in told.get("faults", []):
        if fault["count"] == 0:
            continue
        left = "until it is cleared" if fault["count"] is None else f"for {plural(fault['count'], 'request')}"
        after = f", after {plural(fault['after'], 'good answer')}" if fault["after"] else ""
        yield f"{fault['system']}: {fault['mode']} {left}{after}"


def _control(ready: dict[str, Any], method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    try:
        answer = urllib3.request(method, f"{ready['control']}/{path}", json=body, timeout=30, retries=False)
        found: dict[str, Any] = answer.json()
    except (urllib3.exceptions.HTTPError, ValueError):
        raise UnavailableError(
            f"no sandbox answers at {ready['control']}", remedy="ml-connector sandbox --ready-file ready.json"
        ) from None
    if "error" in found:
        remedy = "ml-connector sandbox play   lists the scenarios; docs/guides/sandbox.md tells what each needs"
        raise UsageError(str(found["error"]).partition("; there are")[0], remedy=remedy)
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
