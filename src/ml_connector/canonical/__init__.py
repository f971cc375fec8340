"""
The language both systems are translated into: frozen data and its canonical bytes. Imports nothing of ours but the
ground floor.
"""
