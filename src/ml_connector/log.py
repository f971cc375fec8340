"""
Structured log lines that cannot leak: one JSON object a line, on standard error or in a private file.

All of a line is redacted first, foreign libraries' lines too.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
from typing import Any, TextIO

import structlog

from ml_connector import redaction
from ml_connector.errors import ConfigurationError


def configure(level: str = "warning", file: str | os.PathLike[str] | None = None) -> None:
    """
    Send every log line, ours and the libraries', to standard error or to *file* (mode 0600, kept open for append).

    Raises:
        ConfigurationError: the file cannot be opened.
    """
    handler = _handler(file)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,  # text only: local variables hold secrets
                redaction.redactor,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    for old in [known for known in root.handlers if getattr(known, "_ml_connector", False)]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(level.upper())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class _Quiet(logging.Handler):
    """Marks the handler as ours, and never prints a line that could not be written: it has not been redacted."""

    _ml_connector = True

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        sys.stderr.write(f"a log line of {record.name} could not be written\n")


class _StandardError(_Quiet, logging.StreamHandler[TextIO]):
    """Standard error as it is when the line is written, also under a test runner or a progress bar."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)


class _PrivateFile(_Quiet, logging.handlers.WatchedFileHandler):
    """Only its owner reads it; after a rotation by the system it is opened anew."""

    def _open(self) -> Any:
        def private(path: str, flags: int) -> int:
            return os.open(path, flags, 0o600)

        return open(self.baseFilename, "a", encoding="utf-8", opener=private)


def _handler(file: str | os.PathLike[str] | None) -> logging.Handler:
    if file is None:
        return _StandardError()
    try:
        return _PrivateFile(file, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"log.file {os.fspath(file)} cannot be written: {error.strerror}",
            remedy="name a file in a folder this account may write to, or leave log.file out",
        ) from None
