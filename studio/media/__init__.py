"""The vocabulary: frames, audio blocks, packets, clock, rings, queues, errors. Imports nothing of Stoa.

Each name is loaded when it is first asked for: a launcher, or a child without pictures, never pays for NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.media.audio import BLOCK_SAMPLES as BLOCK_SAMPLES
    from studio.media.audio import CHANNELS as CHANNELS
    from studio.media.audio import SAMPLE_RATE_HZ as SAMPLE_RATE_HZ
    from studio.media.audio import AudioBlock as AudioBlock
    from studio.media.audio import ns_to_samples as ns_to_samples
    from studio.media.audio import samples_to_ns as samples_to_ns
    from studio.media.clock import NS_PER_MS as NS_PER_MS
    from studio.media.clock import NS_PER_S as NS_PER_S
    from studio.media.clock import Clock as Clock
    from studio.media.clock import StudioClock as StudioClock
    from studio.media.errors import ErrorKind as ErrorKind
    from studio.media.errors import StoaError as StoaError
    from studio.media.frame import VideoFrame as VideoFrame
    from studio.media.frame import blank_frame as blank_frame
    from studio.media.frame import i420_bytes as i420_bytes
    from studio.media.packet import AudioTrack as AudioTrack
    from studio.media.packet import Codec as Codec
    from studio.media.packet import EncodedPacket as EncodedPacket
    from studio.media.packet import VideoTrack as VideoTrack
    from studio.media.queue import OverflowPolicy as OverflowPolicy
    from studio.media.queue import PacketQueue as PacketQueue
    from studio.media.ring import FrameRing as FrameRing
    from studio.media.ring import RingLayout as RingLayout
    from studio.media.ring import SlotPool as SlotPool

_HOME = {
    "audio": ("BLOCK_SAMPLES", "CHANNELS", "SAMPLE_RATE_HZ", "AudioBlock", "ns_to_samples", "samples_to_ns"),
    "clock": ("NS_PER_MS", "NS_PER_S", "Clock", "StudioClock"),
    "errors": ("ErrorKind", "StoaError"),
    "frame": ("VideoFrame", "blank_frame", "i420_bytes"),
    "packet": ("AudioTrack", "Codec", "EncodedPacket", "VideoTrack"),
    "queue": ("OverflowPolicy", "PacketQueue"),
    "ring": ("FrameRing", "RingLayout", "SlotPool"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names}


def __getattr__(name: str) -> object:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{module}"), name)
    globals()[name] = found
    return found
