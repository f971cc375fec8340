"""
Native records ↔ canonical records, and the crosswalk between the two systems' codes. Imports canonical, storage,
settings and errors.
"""
