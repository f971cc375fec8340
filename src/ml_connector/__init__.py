"""Keeps Plex in step with Workday. Start reading at `cli`, or at `sync` for the heart of it."""
