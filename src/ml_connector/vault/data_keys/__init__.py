"""The keys that credentials are sealed with, at rest."""
