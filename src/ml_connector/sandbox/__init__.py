"""
Next door: pretends to be a Workday tenant and a Plex enterprise, on loopback.

Written from the vendors' own documents, never from our client, so that both cannot share a mistake; imports nothing of
ours.
"""
