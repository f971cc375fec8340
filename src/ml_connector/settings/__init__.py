"""
Settings: read once, checked whole, then frozen. Secrets are never in them.

One TOML file plus environment overrides (`ML_CONNECTOR__DATABASE__URL`). Every fault is told with the key's full
path and, for an unknown key, the nearest known one.
"""
