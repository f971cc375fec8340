"""The right to write: one sender for each connection at a time."""
