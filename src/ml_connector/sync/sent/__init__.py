"""What has left for Plex lately, as guards count it."""
