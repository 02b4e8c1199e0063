"""Files of the program on disk."""
