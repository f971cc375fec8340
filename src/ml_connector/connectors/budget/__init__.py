"""How many calls a minute leave, and that all threads and all commands of a connection keep to it together."""
