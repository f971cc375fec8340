"""Workers who were read and whom nobody has met yet."""
