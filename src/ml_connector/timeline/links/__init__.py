"""Who is one person, and which Plex record they are, kept."""
