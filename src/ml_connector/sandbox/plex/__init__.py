"""
Pretends to be a Plex enterprise: resource API, data-source API and token endpoint over tables that really change.

Written from the vendor's documents alone; may import `sandbox.http` and `sandbox.company`, and nothing else of ours.
"""
