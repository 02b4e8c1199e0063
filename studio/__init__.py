"""The broadcast engine and what stands around it. Imports no Qt."""

__version__ = "0.1.0"
