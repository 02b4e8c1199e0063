"""The preview's own socket: the engine offers pictures, the window holds one at most.

Loopback TCP at the port that `preview.open` told. The client sends the token and a newline, then both sides speak
`studio.process.Link` messages: the engine `PreviewRing` first, then `PreviewPicture`; the client `PreviewShown` for
each, which gives the slot back (until then the engine offers no other: nothing is drawn that is not shown).
"""

from __future__ import annotations

import msgspec

from studio.media import RingLayout


class PreviewRing(msgspec.Struct, frozen=True, tag="ring"):
    """Attach to this ring; its name goes as soon as `PreviewAttached` is back."""

    layout: RingLayout


class PreviewPicture(msgspec.Struct, frozen=True, tag="picture"):
    """Slot `slot` holds the program's picture of the instant `pts_ns`."""

    slot: int
    pts_ns: int


class PreviewAttached(msgspec.Struct, frozen=True, tag="attached"):
    """The ring is mapped."""


class PreviewShown(msgspec.Struct, frozen=True, tag="shown"):
    """The slot is free again."""

    slot: int


EngineToPreview = PreviewRing | PreviewPicture
PreviewToEngine = PreviewAttached | PreviewShown
