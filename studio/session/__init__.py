"""The client of a session: sign in, join, chat, people, notices, commands."""
