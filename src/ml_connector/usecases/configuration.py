"""The configuration file by itself: checked, or described. Needs no database and no key, and so starts at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ml_connector.settings.loading import load_settings
from ml_connector.settings.model import Settings


def check(*, config: Path | None) -> Settings:
    """
    Read the configuration.

    Raises:
        ConfigurationError: every faulty key at once.
    """
    return load_settings(config)


def describe() -> dict[str, Any]:
    """The JSON Schema of the configuration, for editors."""
    return Settings.model_json_schema()
