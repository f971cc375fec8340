"""What waits for a person: parked records and holds. Knows no system and decides nothing."""
