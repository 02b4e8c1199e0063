"""Looking into MP4 files."""

from __future__ import annotations

from pathlib import Path


def top_boxes(path: Path) -> list[str]:
    """The top-level boxes of an MP4 (ISO/IEC 14496-12)."""
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        found.append(data[at + 4 : at + 8].decode("latin-1"))
        at += size or len(data)
    return found
