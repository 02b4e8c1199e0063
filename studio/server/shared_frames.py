"""One frame for all: what many connections get is encoded once, and written to each that waits without a task's turn.

A server's frames carry no mask (RFC 6455, 5.1), and none is compressed here, so that they are the same bytes for all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

FrameWriter = Callable[[bytes], bool]
"""Writes a whole frame at once, or says that it must take the long way: the line is slow, or it is closing."""
WRITER = "stoa.frame_writer"


def text_frame(text: str) -> bytes:
    """The text as one final, unmasked frame (RFC 6455, 5.2)."""
    body = text.encode()
    size = len(body)
    if size < 126:
        return bytes((0x81, size)) + body
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2) + body
    return b"\x81\x7f" + size.to_bytes(8) + body


def frame_writer(scope: Mapping[str, Any]) -> FrameWriter:
    """What the listener offers for this WebSocket; where it offers nothing, everything takes the long way."""
    found: FrameWriter | None = scope.get("state", {}).get(WRITER)
    return found or (lambda frame: False)
