"""What waits to be written to a child: a thread of its own writes it, so that a hung child never blocks its owner."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

import msgspec

from studio.media import EncodedPacket, PacketQueue
from studio.process.link import Link

CONTROL_LIMIT = 4096


class Outbox:
    """Control messages (in order, first) and packets (by the queue's policy) for one child's link.

    Any thread may call `send` and `send_packet`; neither blocks. `lost_messages` counts control messages that a hung
    child would have piled up beyond `CONTROL_LIMIT`.
    """

    def __init__(self, link: Link[Any], packets: PacketQueue | None = None) -> None:
        self._link = link
        self._packets = packets
        self._control: deque[msgspec.Struct] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._last: msgspec.Struct | None = None
        self.lost_messages = 0
        self._thread = threading.Thread(target=self._write, name="outbox", daemon=True)
        self._thread.start()

    def send(self, message: msgspec.Struct) -> None:
        """Queue a control message."""
        with self._changed:
            if len(self._control) >= CONTROL_LIMIT:
                self.lost_messages += 1
                return
            self._control.append(message)
            self._changed.notify()

    def send_packet(self, packet: EncodedPacket) -> bool:
        """Queue a packet; False where the queue's policy gave something up."""
        assert self._packets is not None
        kept = self._packets.put(packet)
        with self._changed:
            self._changed.notify()
        return kept

    def close(self, last: msgspec.Struct | None = None) -> None:
        """Write what is queued, packets too, then `last`; then shut the pipe."""
        with self._changed:
            if not self._closing:
                self._last = last
            self._closing = True
            self._changed.notify()

    def _next(self) -> msgspec.Struct | None:
        with self._changed:
            while True:
                if self._control:
                    return self._control.popleft()
                if self._packets is not None and (packet := self._packets.get(0)) is not None:
                    return packet
                if self._closing:
                    last, self._last = self._last, None
                    return last
                self._changed.wait()

    def _write(self) -> None:
        while (message := self._next()) is not None:
            if not self._link.send(message):
                return
        self._link.close_writer()
