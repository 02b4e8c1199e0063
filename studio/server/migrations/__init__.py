"""The database's history: one file for each change, run by Alembic when a database is older than the program."""
