"""The vocabulary: frames, audio blocks, packets, clock, shared-memory rings, queues, errors. Imports nothing of
Stoa.
"""

from studio.media.audio import BLOCK_SAMPLES, CHANNELS, SAMPLE_RATE_HZ, AudioBlock, ns_to_samples, samples_to_ns
from studio.media.clock import NS_PER_MS, NS_PER_S, Clock, StudioClock
from studio.media.errors import ErrorKind, StoaError
from studio.media.frame import VideoFrame, blank_frame, i420_bytes
from studio.media.packet import AudioTrack, Codec, EncodedPacket, VideoTrack
from studio.media.queue import OverflowPolicy, PacketQueue
from studio.media.ring import FrameRing, RingLayout, SlotPool

__all__ = [
    "BLOCK_SAMPLES",
    "CHANNELS",
    "NS_PER_MS",
    "NS_PER_S",
    "SAMPLE_RATE_HZ",
    "AudioBlock",
    "AudioTrack",
    "Clock",
    "Codec",
    "EncodedPacket",
    "ErrorKind",
    "FrameRing",
    "OverflowPolicy",
    "PacketQueue",
    "RingLayout",
    "SlotPool",
    "StoaError",
    "StudioClock",
    "VideoFrame",
    "VideoTrack",
    "blank_frame",
    "i420_bytes",
    "ns_to_samples",
    "samples_to_ns",
]
