"""Keeps the machine awake while it is wanted: one seam, a system's own way behind it (docs/decisions/0020)."""
