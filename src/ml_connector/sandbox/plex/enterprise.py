"""
All plants together, over time: commands that come true later, and reads that may lag behind writes.

Nothing runs by itself. What has become due is applied when somebody next looks, so that the same calls at the same
moments always give the same answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from ml_connector.sandbox.company import PLANTS
from ml_connector.sandbox.plex.seed import seed_tables
from ml_connector.sandbox.plex.switches import Switches
from ml_connector.sandbox.plex.tables import Row, Tables


@dataclass
class _Command:
    due: float
    act: Callable[[], None]


class Enterprise:
    """The tables of every plant, by PCN. Not thread-safe: the pretender above it takes one call at a time."""

    def __init__(
        self,
        *,
        workers: int,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        switches: Switches,
    ) -> None:
        self._workers, self._clock, self._monotonic, self._switches = workers, clock, monotonic, switches
        self.reset()

    def reset(self) -> None:
        """Go back to the first morning; commands under way are forgotten."""
        self.plants: dict[str, Tables] = {plant.pcn: seed_tables(plant, workers=self._workers) for plant in PLANTS}
        self.failed_commands: list[Row] = []
        self._commands: list[_Command] = []
        self._read_lag_s = 0.0
        self._past: list[tuple[float, dict[str, Tables]]] = []

    def now_text(self) -> str:
        """The present instant as Plex writes it."""
        return self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def later(self, act: Callable[[], None]) -> None:
        """Accept a command: *act* happens when the lag set now has passed."""
        self._commands.append(_Command(self._monotonic() + self._switches.apply_lag_s, act))

    def settle(self) -> None:
        """Apply every command that has become due, in the order they were accepted."""
        now = self._monotonic()
        due = [command for command in self._commands if command.due <= now]
        if not due:
            return
        self._commands = [command for command in self._commands if command.due > now]
        self.remember()
        for command in due:
            command.act()

    def lag_reads(self, seconds: float) -> None:
        """Let reads see the world as it was *seconds* ago; 0 ends it."""
        self._read_lag_s = seconds
        self._past = []

    def remember(self) -> None:
        """Keep what reads may still have to see; called before anything is written."""
        if self._read_lag_s:
            now = self._monotonic()
            self._past = [(at, view) for at, view in self._past if at > now - self._read_lag_s]
            self._past.append((now, {pcn: tables.snapshot() for pcn, tables in self.plants.items()}))

    def seen(self, pcn: str) -> Tables:
        """The tables of a plant as a read sees them."""
        floor = self._monotonic() - self._read_lag_s
        return next((view[pcn] for at, view in self._past if at > floor), self.plants[pcn])

    def plant_of(self, employee: str) -> Tables | None:
        """The plant that holds an employee, wherever in the enterprise."""
        return next((tables for tables in self.plants.values() if employee in tables.employees), None)
