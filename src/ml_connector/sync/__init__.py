"""Keeps Plex in line with Workday: compare, plan, guard, apply, and remember what was agreed."""
