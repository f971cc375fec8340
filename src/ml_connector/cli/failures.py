"""
How a command ends badly: one sentence, the remedy, the exit code; never a traceback on the terminal.

    0 done · 1 unexpected · 2 usage · 3 done in part · 4 a person must decide · 5 refused · 6 configuration ·
    7 unavailable · 130 interrupted · 141 nobody reads the output any more
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import json
import os
import secrets
import shutil
import sys
import textwrap
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import typer

from ml_connector.cli.words import plural, printable, shown_json
from ml_connector.errors import FaultsError, MLConnectorError

DONE = 0
UNEXPECTED = 1
IN_PART = 3
WAITING = 4
CONFIGURATION = 6
INTERRUPTED = 130
UNREAD = 141

_FULL = {errno.ENOSPC, errno.EDQUOT}


def survive_any_terminal() -> None:
    """What the terminal's encoding lacks is written as JSON writes it (`\\u2713`), for output to end no command."""
    codecs.register_error("ml-connector", _escape)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="ml-connector")


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return json.dumps(missing)[1:-1], error.end


def guarded(action: Callable[[], int | None], *, config: Path | None = None, as_json: bool = False) -> int:
    """Carry out a command and turn however it ends into an exit code; *as_json* lists faults on standard output."""
    try:
        code = action() or DONE
        sys.stdout.flush()
    except FaultsError as error:
        tell_faults(error, as_json=as_json)
        return error.exit_code
    except MLConnectorError as error:
        tell(error.message, remedy=error.remedy)
        return error.exit_code
    except KeyboardInterrupt:
        tell("Stopped. Whatever was written is recorded, and the same command can be given again.")
        return INTERRUPTED
    except BrokenPipeError:
        _let_go_of_output()
        return UNREAD
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except Exception as error:  # noqa: BLE001 - the last door: a person gets a reference, the log the rest
        if isinstance(error, OSError) and is_full(error):
            return tell_full(error)
        return _report_unexpected(error, config=config)
    return code


def tell_full(error: OSError) -> int:
    """Say that what was to be written found no room."""
    _let_go_of_output()
    what = printable(error.filename) if error.filename else "the output"
    tell(f"{what} cannot be written: {error.strerror}", remedy="make room on that disk, or write to another one")
    return CONFIGURATION


def is_full(error: OSError) -> bool:
    """Whether a disk has no room left, or no more for this account."""
    return error.errno in _FULL


def _let_go_of_output() -> None:
    """The interpreter flushes once more on its way out and would complain then."""
    with contextlib.suppress(OSError, ValueError):  # an output that is no file has nothing to be flushed
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell(problem: str, *, remedy: str | None = None) -> None:
    """Print a problem, and under it what to do about it, on standard error."""
    colour = False if os.environ.get("NO_COLOR") else None
    typer.secho(printable(problem), fg="red", err=True, color=colour)
    if remedy:
        typer.echo(f"  → {printable(remedy)}", err=True)


def tell_faults(error: FaultsError, *, as_json: bool) -> None:
    """Print everything that is wrong, each fault with its line and its remedy; as JSON on standard output."""
    stopping = sum(fault.blocking for fault in error.faults)
    head = f"{error.head}: {plural(stopping, 'fault')}"
    if as_json:
        faults = [asdict(fault) for fault in error.faults]
        body = json.dumps({"refused": error.head, "faults": faults}, indent=2, ensure_ascii=False)
        sys.stdout.write(shown_json(body) + "\n")
        tell(head, remedy=error.remedy)
        return
    tell(head)
    for fault in error.faults:
        where = f"line {fault.line}: " if fault.line else ""
        weight = "" if fault.blocking else "worth a look: "
        typer.echo(_folded(f"{where}{weight}{printable(fault.message)}", first="  ", rest="    "), err=True)
        if fault.remedy:
            typer.echo(f"    → {printable(fault.remedy)}", err=True)  # one line, however long, for it to be copied
    if error.remedy:
        typer.echo(f"  → {printable(error.remedy)}", err=True)


def _folded(text: str, *, first: str, rest: str) -> str:
    width = max(20, shutil.get_terminal_size().columns - 1)
    return textwrap.fill(text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def _report_unexpected(error: Exception, *, config: Path | None) -> int:
    import structlog

    from ml_connector import log

    reference = secrets.token_hex(4)
    file = _log_file(config)
    remedy = f"the log has the rest: grep {reference} {file}"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        log.configure(level="error", file=file)
        structlog.get_logger(__name__).error("unexpected", reference=reference, exc_info=error)
    except (OSError, MLConnectorError):
        remedy = (
            f"{file} cannot be written, so nothing more is told: make room, or name another log.file, and try again"
        )
    tell(f"Something unexpected happened (reference {reference}, {type(error).__name__}).", remedy=remedy)
    return UNEXPECTED


def _log_file(config: Path | None) -> Path:
    """Where the configuration says; where it says nothing or is broken itself, the user's folder for state."""
    from ml_connector.settings.loading import load_settings

    try:
        configured = load_settings(config).log.file
    except MLConnectorError:
        configured = None
    if configured:
        return Path(configured)
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "ml-connector" / "errors.log"
