"""Runs of one connection: begun, what they read, ended."""
