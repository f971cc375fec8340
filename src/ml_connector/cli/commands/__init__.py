"""One module per group of commands. Use cases are imported inside the commands, so that `--help` costs nothing."""
