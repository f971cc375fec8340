"""What a sync remembers of the last one, to compare the next with."""
