"""A bounded queue of encoded packets: limited in milliseconds and bytes, with one policy and a counter of what it
lost.
"""

from __future__ import annotations

import threading
from collections import deque
from enum import StrEnum

from studio.media.packet import EncodedPacket


class OverflowPolicy(StrEnum):
    """What happens to a packet that finds the queue full."""

    DROP_VIDEO_TO_KEYFRAME = "drop_video_to_keyframe"
    """A destination: queued video goes, up to the next keyframe; sound stays."""
    REFUSE = "refuse"
    """A recorder: `put` answers False and loses nothing silently; the caller must say so."""


class PacketQueue:
    """Packets from one producer thread to one consumer thread.

    Capacity: `limit_ms` of video between the oldest and the newest packet, and `limit_bytes` altogether.
    `dropped_video` counts the video packets lost, `refused` those that the policy REFUSE turned away, for ever. Any
    thread may call anything.
    """

    def __init__(self, *, limit_ms: int, limit_bytes: int, policy: OverflowPolicy) -> None:
        self._limit_ns = limit_ms * 1_000_000
        self._limit_bytes = limit_bytes
        self._policy = policy
        self._packets: deque[EncodedPacket] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._awaiting_keyframe = False
        self._closed = False
        self.dropped_video = 0
        self.refused = 0

    def put(self, packet: EncodedPacket) -> bool:
        """Add a packet; False where this packet (or, dropping, queued video) had to go. Never blocks."""
        with self._changed:
            if self._closed:
                return False
            if packet.codec.is_video:
                if packet.keyframe:
                    self._awaiting_keyframe = False
                elif self._awaiting_keyframe:
                    self.dropped_video += 1
                    return False
            kept = True
            if self._is_over(packet):
                kept = self._overflow(packet)
                if self._policy is OverflowPolicy.REFUSE or (packet.codec.is_video and not packet.keyframe):
                    return False
            self._packets.append(packet)
            self._bytes += len(packet.data)
            self._changed.notify()
            return kept

    def _is_over(self, packet: EncodedPacket) -> bool:
        if self._bytes + len(packet.data) > self._limit_bytes and self._packets:
            return True
        oldest = next((queued for queued in self._packets if queued.codec.is_video), None)
        return oldest is not None and packet.codec.is_video and packet.made_ns - oldest.made_ns > self._limit_ns

    def _overflow(self, packet: EncodedPacket) -> bool:
        if self._policy is OverflowPolicy.REFUSE:
            self.refused += 1
            return False
        sound = [queued for queued in self._packets if not queued.codec.is_video]
        while sound and sum(len(queued.data) for queued in sound) + len(packet.data) > self._limit_bytes:
            sound.pop(0)
        self.dropped_video += sum(queued.codec.is_video for queued in self._packets)
        self._packets = deque(sound)
        self._bytes = sum(len(queued.data) for queued in sound)
        if packet.codec.is_video and not packet.keyframe:
            self.dropped_video += 1
            self._awaiting_keyframe = True
        elif not packet.codec.is_video:
            self._awaiting_keyframe = True
        return False

    def get(self, timeout_s: float | None = None) -> EncodedPacket | None:
        """The oldest packet; None after `timeout_s` without one, or once closed and empty."""
        with self._changed:
            if not self._packets and not self._closed:
                self._changed.wait(timeout_s)
            if not self._packets:
                return None
            packet = self._packets.popleft()
            self._bytes -= len(packet.data)
            return packet

    def await_keyframe(self) -> None:
        """Forget (and count) what is queued; take video again from the next keyframe on (a new connection)."""
        with self._changed:
            self.dropped_video += sum(queued.codec.is_video for queued in self._packets)
            self._packets.clear()
            self._bytes = 0
            self._awaiting_keyframe = True

    def close(self) -> None:
        """No more `put`; `get` hands out the rest, then None at once."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def queued_bytes(self) -> int:
        return self._bytes

    @property
    def queued_ms(self) -> float:
        """Milliseconds of video between the oldest and newest queued packet."""
        with self._changed:
            made = [packet.made_ns for packet in self._packets if packet.codec.is_video]
        return (made[-1] - made[0]) / 1e6 if made else 0.0
