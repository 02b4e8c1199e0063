"""Strips, buses, meters and the limiter."""
