"""What the engine and a source's process say to each other.

Times are instants of the studio clock. A source knows the program's grid and stamps by it: a clip or the test card
chooses the tick that its first picture falls on and then delivers *ahead* of time; a camera or microphone delivers
*live*, stamped at capture. Sound is contiguous: each block's `pts_ns` is the end of the one before, to the sample,
since
the source itself resamples its device onto the studio clock; a jump means that something was lost.

Order: engine sends `OpenSource`; the child beats, then says `Opened` (or `Fault` and exits); it asks for a ring with
`RingWanted` when it knows the size of its pictures (again when that changes) and uses only the newest `UseRing`;
a `Picture` hands its slot to the engine, `GiveBack` returns slots. A `Fault` with permanent=False is told and tried
again.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from studio.media import RingLayout


class SourceKind(StrEnum):
    """What a source is; the kind of child that plays it."""

    TEST_CARD = "testcard"
    CLIP = "clip"
    IMAGE = "image"
    CAMERA = "camera"
    MICROPHONE = "microphone"
    SCREEN = "screen"
    NETWORK_CAMERA = "netcamera"


class Timing(StrEnum):
    """How the engine picks the picture of a tick: the nearest in time, or the newest that is due."""

    AHEAD = "ahead"
    LIVE = "live"


class ProgramGrid(msgspec.Struct, frozen=True):
    """The program's ticks: tick k happens at `zero_ns + k * 1e9 * fps_den / fps_num` of the studio clock."""

    zero_ns: int
    fps_num: int
    fps_den: int

    def tick_ns(self, index: int) -> int:
        """The instant of a tick."""
        return self.zero_ns + index * 1_000_000_000 * self.fps_den // self.fps_num

    def first_tick_at(self, instant_ns: int) -> int:
        """Index of the first tick at or after an instant."""
        index = max(0, (instant_ns - self.zero_ns) * self.fps_num // (1_000_000_000 * self.fps_den))
        while self.tick_ns(index) < instant_ns:
            index += 1
        return index


class OpenSource(msgspec.Struct, frozen=True, tag="open"):
    """The first message to a source.

    `target` is what follows the kind in the SPEC (path, device identity, URL; it may hold a password: never log it).
    Pictures larger than `max_width_px` × `max_height_px` are scaled down on entry, keeping their shape; both sides of a
    picture are even. `width_px`, `height_px`, `fps` ask a device for a mode (0: its own choice).
    """

    kind: SourceKind
    target: str
    grid: ProgramGrid
    max_width_px: int
    max_height_px: int
    video: bool = True
    audio: bool = True
    loop: bool = True
    width_px: int = 0
    height_px: int = 0
    fps: float = 0.0


class UseRing(msgspec.Struct, frozen=True, tag="ring"):
    """The engine made this ring: attach to it; slots of an older one are no longer taken."""

    layout: RingLayout


class GiveBack(msgspec.Struct, frozen=True, tag="give_back"):
    """The engine is done with these slots."""

    slots: list[int]


EngineToSource = OpenSource | UseRing | GiveBack


class Opened(msgspec.Struct, frozen=True, tag="opened"):
    """The source plays. `words` says what was given, for a person: "1280x720 at 30 fps, MJPEG, 48 kHz stereo"."""

    has_video: bool
    has_audio: bool
    timing: Timing
    words: str
    width_px: int = 0
    height_px: int = 0
    fps: float = 0.0
    duration_ns: int = 0


class RingWanted(msgspec.Struct, frozen=True, tag="ring_wanted"):
    """Please make a ring for pictures of this (even) size."""

    width_px: int
    height_px: int
    slots: int


class RingAttached(msgspec.Struct, frozen=True, tag="ring_attached"):
    """The ring is mapped here: its name can be taken away."""

    path: str


class Picture(msgspec.Struct, frozen=True, tag="picture"):
    """Slot `slot` of the newest ring holds the picture for the instant `pts_ns`; it is the engine's until given
    back.
    """

    slot: int
    pts_ns: int


class Sound(msgspec.Struct, frozen=True, tag="sound"):
    """float32 little-endian, interleaved stereo, 48 kHz; `pts_ns` is the instant of the first sample."""

    samples: bytes
    pts_ns: int


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """A clip that plays once has come to its end (the last picture holds)."""


class SourceStatistics(msgspec.Struct, frozen=True, tag="statistics"):
    """About once a second: pictures delivered and dropped (no free slot), the device's drift against the studio
    clock.
    """

    pictures: int = 0
    dropped: int = 0
    fps: float = 0.0
    drift_ppm: float = 0.0
    words: str = ""


SourceToEngine = Opened | RingWanted | RingAttached | Picture | Sound | Ended | SourceStatistics
