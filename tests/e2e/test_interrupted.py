"""Ctrl-C ends a command at once, whatever it waits for, and nothing that has left is forgotten (trust A2.2)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from ml_connector.sandbox.faults import parse_fault
from tests.e2e.conftest import Terminal

_QUARTER_OF_AN_HOUR = "840"


def _begin(terminal: Terminal, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ml_connector", *words, "--config", str(terminal.config)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"NO_COLOR": "1"},
    )


def _interrupt_once(terminal: Terminal, child: subprocess.Popen[str], refused: Callable[[], bool]) -> str:
    """Interrupt the child as soon as it sits out what it was asked to; it must end within a minute."""
    until = time.monotonic() + 60
    while not refused():
        assert child.poll() is None, child.communicate()[1]
        assert time.monotonic() < until
        time.sleep(0.05)
    time.sleep(0.5)  # for the answer to arrive; earlier is no other case, only less of one
    child.send_signal(signal.SIGINT)
    _, words = child.communicate(timeout=60)
    return words


def _refusals(terminal: Terminal) -> Callable[[], bool]:
    return lambda: any(each["status"] == 429 for each in terminal.sandbox.arrivals.list())


def _ask_for_patience(terminal: Terminal, **where: Any) -> None:
    fault = {"mode": "429", "retry_after": _QUARTER_OF_AN_HOUR, "count": None, **where}
    terminal.sandbox.faults.add(parse_fault(fault))


@pytest.mark.parametrize("words", [("read", "workday", "worker"), ("plan",)], ids=" ".join)
def test_a_reading_that_was_asked_for_patience_ends_at_once(terminal: Terminal, words: tuple[str, ...]) -> None:
    """Pages are asked for ahead, in threads of their own: they sit out what Workday asks for, and wake up."""
    text = terminal.config.read_text(encoding="utf-8")
    terminal.config.write_text(
        text.replace("[connections.sandbox.workday]\n", "[connections.sandbox.workday]\npage_size = 5\n")
    )
    _ask_for_patience(terminal, system="workday", after=3, data_only=True)
    child = _begin(terminal, *words)
    told = _interrupt_once(terminal, child, _refusals(terminal))
    assert child.returncode == 130
    assert "Stopped." in told
    assert "Traceback" not in told


def test_writes_that_were_asked_for_patience_have_not_left_and_are_sent_by_the_next_run(terminal: Terminal) -> None:
    _ask_for_patience(terminal, system="plex", method="POST", after=7)
    child = _begin(terminal, "sync")
    told = _interrupt_once(terminal, child, _refusals(terminal))
    assert child.returncode == 130
    assert "Stopped." in told
    terminal.sandbox.faults.clear()
    report = terminal.ask("sync")
    assert report["counts"]["unknown"] == 0
    again = terminal.ask("sync")
    assert again["counts"]["applied"] == 0
    assert terminal.ask("audit", "verify")["ok"]
