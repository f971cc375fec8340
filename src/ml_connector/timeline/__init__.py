"""
Who is who over time, what is known to come, and when to look at what. Decides what to ask, and asks nobody.

May import the connectors' port (the words a question is put in), canonical, storage and settings; never snapshots or
sync.
"""
