"""What Plex held on a day and why, from our own records alone. May import everything up to `sync`."""
