"""What a person or a schedule can ask for, one function each. May use everything but the doors."""
