"""Speaks to Plex: the resource API ("connect") and the data sources, with one budget for both. Translates nothing."""
