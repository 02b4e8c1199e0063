"""A network that loses packets: between a WebRTC sender and a port of the loopback, both ways."""

from __future__ import annotations

import random
import selectors
import socket
import threading


class LossyUdp:
    """Forwards datagrams and loses a share of the media (RTP and RTCP), never of handshakes or checks."""

    def __init__(self, target_port: int, loss: float, seed: int = 1) -> None:
        self.loss = loss
        self.lost = 0
        self.passed = 0
        self._random = random.Random(seed)
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.bind(("127.0.0.1", 0))
        self._back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._back.connect(("127.0.0.1", target_port))
        for one in (self._front, self._back):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.port: int = self._front.getsockname()[1]
        self._sender: tuple[str, int] | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed = True
        self._thread.join(5)
        self._front.close()
        self._back.close()

    def _is_lost(self, data: bytes) -> bool:
        lost = 127 < data[0] < 192 and self._random.random() < self.loss
        self.lost += lost
        self.passed += not lost
        return lost

    def _serve(self) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(self._front, selectors.EVENT_READ)
            ready.register(self._back, selectors.EVENT_READ)
            while not self._closed:
                for key, _ in ready.select(0.05):
                    try:
                        if key.fileobj is self._front:
                            data, self._sender = self._front.recvfrom(2048)
                            if data and not self._is_lost(data):
                                self._back.send(data)
                        else:
                            data = self._back.recv(2048)
                            if data and self._sender is not None and not self._is_lost(data):
                                self._front.sendto(data, self._sender)
                    except OSError:
                        pass  # one side is gone, as happens on a network
