"""A person at a terminal: commands run in this process against a sandbox in this process."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ml_connector.cli.main import app
from ml_connector.connectors import hands
from ml_connector.sandbox.server import Sandbox, write_ready_file

WORKERS = 60


class Terminal:
    """Types commands in one folder."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.config = folder / "ml-connector.toml"
        self.ready = folder / "ready.json"
        write_ready_file(self.ready, sandbox.ready)

    def type(self, *words: object, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, [*map(str, words), "--config", str(self.config)], input=stdin)

    def ask(self, *words: object, exit_code: int = 0) -> Any:
        result = self.type(*words, "--output", "json")
        assert result.exit_code == exit_code, result.output
        return json.loads(result.stdout)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Set up once, for tests that only look."""
    yield from _set_up(tmp_path_factory.mktemp("shared"))


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """Set up anew, for a test that changes something."""
    yield from _set_up(tmp_path)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever would sleep between two tries does not."""
    monkeypatch.setattr(hands, "time", SimpleNamespace(sleep=lambda _seconds: None, monotonic=time.monotonic))


def _set_up(folder: Path) -> Iterator[Terminal]:
    with Sandbox(workers=WORKERS, calls_per_minute=600_000) as sandbox:
        terminal = Terminal(sandbox, folder)
        result = terminal.type("init", "--sandbox", terminal.ready)
        assert result.exit_code == 0, result.output
        yield terminal
        for handler in list(logging.getLogger().handlers):
            if getattr(handler, "_ml_connector", False):
                logging.getLogger().removeHandler(handler)
                handler.close()
