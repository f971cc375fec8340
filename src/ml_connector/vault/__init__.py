"""Credentials at rest: sealed per field, opened only for the line that sends them. May import storage and below."""
