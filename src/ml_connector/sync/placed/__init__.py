"""Where everybody was placed by the last plans, so that only those are placed again of whom anything changed."""
