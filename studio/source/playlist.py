"""Files that hold neither picture nor sound, only names of other files and addresses. None of those is ever opened."""

from __future__ import annotations

from pathlib import Path

from studio.media.errors import ErrorKind, StoaError

HEAD_BYTES = 4096
_ENDINGS = frozenset({".asx", ".ffconcat", ".ism", ".m3u", ".m3u8", ".mpd", ".pls", ".sdp", ".smil", ".wpl", ".xspf"})
_BEGINNINGS = (b"#extm3u", b"ffconcat version", b"[playlist]", b"[reference]", b"<asx", b"<mpd", b"<smil", b"v=0")
_ROOTS = (b"<asx", b"<mpd", b"<playlist", b"<smil", b"<smoothstreamingmedia")
"""The outermost element of those that are XML."""


def refuse_playlist(path: Path) -> None:
    """Raises StoaError(NOT_SUPPORTED) for a playlist; a file that cannot be read is none."""
    if path.suffix.lower() in _ENDINGS or _begins_like_one(path):
        raise StoaError(
            ErrorKind.NOT_SUPPORTED,
            f"“{path.name}” is a playlist: it only names other files or addresses.",
            remedy="Choose the file itself. A stream of the network is a source of its own: rtsp://… or http://….",
            permanent=True,
        )


def _begins_like_one(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    except OSError:
        return False
    return head.startswith(_BEGINNINGS) or (head.startswith(b"<?xml") and any(root in head for root in _ROOTS))
