"""Encoded packets into containers, shared by destinations and recorder."""
