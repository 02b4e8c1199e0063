"""Strips, meters, delays and the limiter that make one sound of all sources."""
