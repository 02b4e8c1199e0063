"""Encoded packets into containers, shared by destinations and recorder."""

from studio.muxer.muxer import Container, Muxer
from studio.muxer.timeline import Timeline

__all__ = ["Container", "Muxer", "Timeline"]
