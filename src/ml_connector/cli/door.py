"""What one invocation was told: which configuration, which connection, which output, and who is asking."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ml_connector.bootstrap import App

Output = Literal["text", "json"]
ACTOR_VARIABLE = "ML_CONNECTOR_ACTOR"


@dataclass(frozen=True)
class Door:
    """The three options accepted everywhere; a subcommand's own win over those before it."""

    config: Path | None = None
    connection: str | None = None
    output: Output | None = None

    @property
    def json(self) -> bool:
        return self.output == "json"

    def narrowed(self, *, config: Path | None, connection: str | None, output: Output | None) -> Door:
        """The same with what was said again, closer to the command."""
        return Door(config or self.config, connection or self.connection, output or self.output)

    @contextmanager
    def open(self) -> Iterator[App]:
        """Open the application behind the door for one command."""
        from ml_connector.bootstrap import open_app
        from ml_connector.cli.failures import tell
        from ml_connector.errors import AnchorError

        done = False
        try:
            with open_app(
                config=self.config, connection=self.connection, actor=actor(), on_wait=self._tell_wait
            ) as app:
                yield app
                done = True
        except AnchorError as error:
            if not done:
                raise
            tell(f"What was done is done and kept, but {error.message}.", remedy=error.remedy)

    @contextmanager
    def look(self) -> Iterator[App]:
        """
        Open the application for a command that only looks at what is kept here; it goes without the vault's key.

        That the key is missing or wrong is said, for whatever writes will refuse.
        """
        from ml_connector.bootstrap import open_app
        from ml_connector.cli.failures import tell

        with open_app(config=self.config, connection=self.connection, actor=actor(), needs_key=False) as app:
            if app.locked is not None:
                tell(f"Without the key: {app.locked.message}.", remedy=app.locked.remedy)
            yield app

    def write_json(self, value: Any) -> None:
        """Print one JSON value on standard output."""
        import msgspec

        from ml_connector.canonical.keys import to_plain
        from ml_connector.cli.words import shown_json

        body = msgspec.json.format(msgspec.json.encode(to_plain(value)), indent=2).decode()
        sys.stdout.write(shown_json(body) + "\n")

    def _tell_wait(self, system: str, seconds: float) -> None:
        self.say(f"waiting {seconds:,.0f} s before {system.capitalize()} is asked again")

    def say(self, sentence: str) -> None:
        """Tell the person something that is no result: on standard error."""
        sys.stderr.write(sentence + "\n")


def actor() -> str:
    """
    Who the audit trail names: `$ML_CONNECTOR_ACTOR` (for schedules), else the account of the operating system.
    """
    named = os.environ.get(ACTOR_VARIABLE, "").strip()
    if named:
        return named
    try:
        # Not what USER or LOGNAME say: whoever approves what they drew up themselves would only have to set them.
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
