"""Stoa Studio."""
