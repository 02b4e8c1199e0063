"""A source's SPEC as people write it on the command line and scripts in the control API."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from studio.media import ErrorKind, StoaError
from studio.media.mask import MASK
from studio.source.contract import SourceKind

FORMS = (
    "testcard, tone, file:PATH, camera:ID, mic:ID, screen:ID, window:ID, image:PATH, rtsp://…, http://… or https://…"
)


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """`target` is what the child opens (it may hold a password); `masked` may be shown and logged.

    A window's target is `window:ID`, a whole screen's just its ID.
    """

    kind: SourceKind
    target: str
    masked: str
    video: bool
    audio: bool


def parse_source(spec: str) -> SourceSpec:
    """Take a SPEC apart. Raises StoaError(BAD_ARGUMENT) that says what may be written."""
    word, colon, rest = spec.partition(":")
    match word:
        case "testcard" if not colon:
            return SourceSpec(SourceKind.TEST_CARD, "", spec, True, True)
        case "tone" if not colon:
            return SourceSpec(SourceKind.TEST_CARD, "", spec, False, True)
        case "file" if rest:
            return SourceSpec(SourceKind.CLIP, rest, spec, True, True)
        case "image" if rest:
            return SourceSpec(SourceKind.IMAGE, rest, spec, True, False)
        case "camera" if rest:
            return SourceSpec(SourceKind.CAMERA, rest, spec, True, False)
        case "mic" if rest:
            return SourceSpec(SourceKind.MICROPHONE, rest, spec, False, True)
        case "screen" if rest:
            return SourceSpec(SourceKind.SCREEN, rest, spec, True, False)
        case "window" if rest:
            return SourceSpec(SourceKind.SCREEN, spec, spec, True, False)
        case "rtsp" | "rtsps" | "http" | "https" if rest.startswith("//"):
            if not _names_a_host(spec):
                raise StoaError(
                    ErrorKind.BAD_ARGUMENT,
                    "The camera's address names no host.",
                    remedy=f"Write {word}://HOST/PATH.",
                    permanent=True,
                )
            return SourceSpec(SourceKind.NETWORK_CAMERA, spec, mask_url(spec), True, True)
    shown = f"{word[:20]}://…" if rest.startswith("//") else spec[:200]  # the rest of a URL may be a stream key
    raise StoaError(ErrorKind.BAD_ARGUMENT, f"“{shown}” is no source.", remedy=f"Write {FORMS}.", permanent=True)


def _names_a_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def mask_url(url: str) -> str:
    """A URL without its password and query."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{MASK}@{host}" if "@" in parts.netloc else host
    return urlunsplit((parts.scheme, netloc, parts.path, MASK if parts.query else "", ""))
