"""The engine's API: typed commands and events, its server and its one client."""
