"""What one may ask of the audit trail. Checking it and taking it away are recorded like everything else."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from ml_connector.audit.event import AuditAction, AuditEvent
from ml_connector.audit.store import StoredEvent
from ml_connector.audit.verifier import TrailVerdict
from ml_connector.bootstrap import App
from ml_connector.errors import ConfigurationError, StorageError, UsageError


def list_events(app: App, *, limit: int = 50, action: str | None = None, key: str | None = None) -> list[StoredEvent]:
    """
    The newest events first, of one action or about one key.

    Raises:
        UsageError: there is no such action.
    """
    if action is not None and action not in set(AuditAction):
        raise UsageError(f"there is no audit action {action}", remedy=f"one of {', '.join(AuditAction)}")
    return list(app.trail.list(limit, action=AuditAction(action) if action else None, key=key))


def verify(app: App) -> TrailVerdict:
    """Recompute the whole chain; the verdict becomes the trail's next event, after the part it speaks of."""
    verdict = app.trail.verify()
    if app.locked is not None:  # without the key nothing can be recorded, and the seals could not be checked
        return verdict
    detail: dict[str, str | int] = {"events": verdict.events}
    if verdict.first_bad is not None:
        detail["first_bad"] = verdict.first_bad
    # A trail whose end was altered takes no more events; the verdict must be told all the same.
    with (
        contextlib.nullcontext()
        if verdict.ok
        else contextlib.suppress(ConfigurationError, StorageError, SQLAlchemyError)
    ):
        _record(app, AuditAction.AUDIT_VERIFIED, outcome="ok" if verdict.ok else "altered", detail=detail)
    return verdict


def export(app: App, path: Path, *, key_file: Path | None = None) -> int:
    """
    Write the trail as JSON Lines for the stand-alone verifier; returns how many events.

    *key_file* receives what an auditor needs to check the seals too, readable by its owner only.

    Raises:
        ConfigurationError: the file is there already.
    """
    for target in (path, key_file):
        if target is not None and target.exists():
            raise ConfigurationError(f"{target} is there already", remedy="name a new file: nothing is overwritten")
    _record(app, AuditAction.AUDIT_EXPORTED, detail={"file": path.name, "with_key": str(key_file is not None).lower()})
    if key_file is not None:
        handle = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(app.trail.auditor_key() + "\n")
    return app.trail.export(path)


def _record(app: App, action: AuditAction, *, detail: dict[str, str | int], outcome: str | None = None) -> None:
    event = AuditEvent(
        action=action, actor=app.actor, at=app.clock(), object="audit//trail", outcome=outcome, detail=detail
    )
    with app.database.transaction() as tx:
        app.trail.append(tx, [event])
