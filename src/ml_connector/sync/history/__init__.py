"""What was planned, sent and agreed on before, to be looked up."""
