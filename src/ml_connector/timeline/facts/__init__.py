"""What Workday told of each worker, kept."""
