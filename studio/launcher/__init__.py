"""Starts and watches the engine, the session server and the window."""
