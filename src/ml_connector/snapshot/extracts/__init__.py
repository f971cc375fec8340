"""Which readings there were, and what each may be taken for."""
