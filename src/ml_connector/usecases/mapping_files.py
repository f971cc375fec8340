"""The crosswalk as a file: a CSV is taken in whole, or nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ml_connector.audit.event import AuditAction
from ml_connector.bootstrap import App
from ml_connector.durable import replace_file
from ml_connector.errors import ConfigurationError, Fault, MLConnectorError, UsageError
from ml_connector.mapping.table import parse_table, render_table
from ml_connector.usecases.mapping_changes import Changed, keep_rows
from ml_connector.usecases.mapping_faults import (
    find_faults,
    find_live_faults,
    find_unknown_codes,
    refuse,
)

_LARGEST = 32 << 20  # bytes: some 300,000 rows


def import_file(app: App, path: Path, *, check: bool = True, preview: bool = False) -> Changed:
    """
    Take in a whole CSV, or nothing of it.

    Raises:
        FaultsError: every fault, by line. UsageError: there is no such file to read, or it is too large.
    """
    table = parse_table(_read_file(path))
    ours = find_faults(app, table.claims, placed=table.placed, in_file=True)
    faults = [*table.faults, *(fault for fault in ours if fault not in table.faults)]
    if check:
        faults += _ask_too("Workday", lambda: find_unknown_codes(app, table.claims, placed=table.placed), known=faults)
        faults += _ask_too("Plex", lambda: find_live_faults(app, table.claims, in_file=True), known=faults)
    warnings = refuse(faults, outcome=f"{path} was not imported")
    return keep_rows(
        app, table.rows, action=AuditAction.MAPPING_IMPORTED, warnings=warnings, file=path.name, preview=preview
    )


def _read_file(path: Path) -> bytes:
    """
    All of a file, which ends.

    Raises:
        UsageError: it cannot be read, is no ordinary file, or is too large.
    """
    remedy = "ml-connector mapping export   writes one"
    try:
        if path.exists() and not path.is_file():  # a pipe or a device may never end
            raise UsageError(f"{path} is no ordinary file", remedy=remedy)
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", remedy=remedy) from None
    if len(data) > _LARGEST:
        largest = f"{_LARGEST >> 20} MB"
        raise UsageError(f"{path} is larger than {largest}", remedy=f"import it in parts of at most {largest}")
    return data


def _ask_too(system: str, ask: Callable[[], list[Fault]], *, known: Sequence[Fault]) -> list[Fault]:
    """What a system says against the lines; that it cannot be asked hides no fault that is known already."""
    try:
        return ask()
    except MLConnectorError as error:
        if not any(fault.blocking for fault in known):
            raise
        message = f"{system} could not be asked, and may have more to say against the lines: {error.message}"
        remedy = error.remedy or f"ml-connector ping {system.lower()}"
        return [Fault(code="not_asked", subject=system.lower(), message=message, remedy=remedy, blocking=False)]


def export_table(app: App) -> bytes:
    """The crosswalk as CSV: what is in force or proposed; changes that wait for approval are not."""
    return render_table(row for row in app.mappings.load(app.name) if row.state != "draft")


def export_file(app: App, path: Path) -> None:
    """
    Write the crosswalk to a file; what was there stays until all of it is on disk.

    Raises:
        ConfigurationError: the file cannot be written. UsageError: it is a folder.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder", remedy=f"ml-connector mapping export {path / 'crosswalk.csv'}")
    try:
        replace_file(path, [export_table(app)], mode=0o666)
    except OSError as error:
        remedy = "name a file in a folder this account may write to, on a disk with room"
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}", remedy=remedy) from None
