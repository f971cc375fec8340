"""What Workday told of cost centers, job profiles and locations, kept."""
