"""The pictures since the last keyframe, kept for a viewer who comes in the middle of them."""

from __future__ import annotations

from studio.server.router import h264
from studio.server.router.rtp import RtpPacket

LIMIT_PACKETS = 6000
LIMIT_BYTES = 8 * 1024 * 1024


class GopCache:
    """Packets of the current group of pictures, in order, from the first packet of its keyframe on.

    A group that outgrows the limits is forgotten until the next keyframe begins. `parameter_sets` are the last SPS and
    PPS seen, for publishers that do not repeat them before each keyframe.
    """

    def __init__(self) -> None:
        self.packets: list[RtpPacket] = []
        self.parameter_sets: dict[int, bytes] = {}
        self.keyframes = 0
        self._bytes = 0
        self._picture: list[RtpPacket] = []
        self._holding = False

    def add(self, packet: RtpPacket) -> bool:
        """Take the next packet, repaired ones too. True where a keyframe begins with it or with its picture."""
        kinds = h264.nal_types(packet.payload)
        for unit in h264.parameter_sets(packet.payload) if 7 in kinds or 8 in kinds else []:
            self.parameter_sets[unit[0] & 0x1F] = unit
        if self._picture and packet.seq < self._picture[0].seq:
            self._insert(packet)
            return False
        if not self._picture or packet.timestamp != self._picture[0].timestamp:
            self._picture = []
        self._picture.append(packet)
        if (5 in kinds or 7 in kinds) and not self._is_keyframe_known(packet):
            self._begin(packet)
            return True
        if self._holding:
            self._insert(packet)
        return False

    def _is_keyframe_known(self, packet: RtpPacket) -> bool:
        return bool(self.packets) and self.packets[0].timestamp == packet.timestamp

    def _begin(self, packet: RtpPacket) -> None:
        self._picture.sort(key=lambda one: one.seq)
        self.packets = list(self._picture)
        self._bytes = sum(len(one.payload) for one in self.packets)
        self._holding = True
        self.keyframes += 1

    def _insert(self, packet: RtpPacket) -> None:
        if not self._holding or packet.seq < self.packets[0].seq:
            return
        at = len(self.packets)
        while at and self.packets[at - 1].seq > packet.seq:
            at -= 1
        self.packets.insert(at, packet)
        self._bytes += len(packet.payload)
        if len(self.packets) > LIMIT_PACKETS or self._bytes > LIMIT_BYTES:
            self.forget()

    def forget(self) -> None:
        """Hold nothing until the next keyframe."""
        self.packets = []
        self._bytes = 0
        self._holding = False

    @property
    def is_whole(self) -> bool:
        """Whether a viewer could begin here: a keyframe, and no packet missing up to the newest."""
        packets = self.packets
        return bool(packets) and packets[-1].seq - packets[0].seq + 1 == len(packets)

    def leading_parameter_sets(self) -> bytes | None:
        """A payload to send before the group where its keyframe has no SPS of its own; None where it has."""
        first = self.packets[0].timestamp if self.packets else None
        for packet in self.packets:
            if packet.timestamp != first:
                break
            if 7 in h264.nal_types(packet.payload):
                return None
        units = [self.parameter_sets[kind] for kind in (7, 8) if kind in self.parameter_sets]
        return h264.aggregate(units) if len(units) == 2 else None
