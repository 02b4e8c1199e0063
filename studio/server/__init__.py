"""The session server: people, sessions and pages in one process, the media router in another."""
