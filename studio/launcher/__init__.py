"""The small process that starts and watches engine, session server and window, and the words of the command line."""
