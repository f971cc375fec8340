"""`python -m ml_connector` is the same program as `ml-connector`."""

from __future__ import annotations

from ml_connector.cli.main import main

if __name__ == "__main__":
    main()
