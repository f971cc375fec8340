"""Throw-away virtual environments for the peers, made from pinned lists when a bench first needs them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
VENVS = HERE / ".venvs"


class NotInstalledError(Exception):
    """A peer cannot be installed here; the table says so."""


def open_environment(name: str) -> Path:
    """
    Give the Python of the environment for `requirements/NAME.txt`, made anew when the list changed.

    Raises:
        NotInstalledError: pip could not install it, with pip's own last words.
    """
    wanted = HERE / "requirements" / f"{name}.txt"
    folder, stamp = VENVS / name, VENVS / name / "installed.txt"
    digest = hashlib.sha256(wanted.read_bytes()).hexdigest()
    python = folder / "bin" / "python"
    if stamp.exists() and stamp.read_text() == digest:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(folder)])
    _run([str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--requirement", str(wanted)])
    stamp.write_text(digest)
    return python


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = [line for line in done.stderr.splitlines() if line.strip()] or ["no reason given"]
        raise NotInstalledError(words[-1].strip())
