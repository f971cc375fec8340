"""Speaks to each system in its own words: one port, one transport, one folder per system. Knows no database."""
