"""Statistics, and sound against picture measured on what was received."""
