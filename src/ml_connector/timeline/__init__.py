"""Who is who over time. Floor 3: may import storage, canonical, mapping; never connectors, snapshots or sync."""
