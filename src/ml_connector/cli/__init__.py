"""The command line: a thin door. Parses, asks one use case, renders. Only here may the sandbox be started."""
