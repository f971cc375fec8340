"""
The program, also as `python -m ml_connector`.

Whoever interrupts it before it has begun, or on its way out, is told no more than that it ended.
"""

from __future__ import annotations

import sys

from ml_connector import heap


def main() -> None:
    """Run the command line."""
    heap.keep_small()
    try:
        from ml_connector.cli.main import main as run_commands

        run_commands()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
