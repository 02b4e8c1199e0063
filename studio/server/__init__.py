"""The embedded session server: the people process (HTTP, chat, rights, database), its parent, and the media router."""
