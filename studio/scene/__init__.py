"""Placements and the compositor."""
