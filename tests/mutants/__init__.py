"""Bugs planted on purpose, and the tests that must catch them."""
