"""A network between a sender and a server: it can be slow, and it can take and never answer."""

from __future__ import annotations

import selectors
import socket
import threading
import time


class SlowTcp:
    """Forwards TCP to a port of the loopback; what goes there passes at `kbps`. Answers come back at once."""

    def __init__(self, target_port: int, kbps: float) -> None:
        self.kbps = kbps
        self._target_port = target_port
        self._server = socket.socket()
        self._server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        self._server.bind(("127.0.0.1", 0))
        self._server.listen()
        self.port: int = self._server.getsockname()[1]
        self._closed = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed = True
        self._thread.join(5)
        self._server.close()

    def _serve(self) -> None:
        self._server.settimeout(0.1)
        while not self._closed:
            try:
                client, _ = self._server.accept()
            except TimeoutError:
                continue
            with client, socket.create_connection(("127.0.0.1", self._target_port)) as behind:
                self._forward(client, behind)

    def _forward(self, client: socket.socket, behind: socket.socket) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ)
            ready.register(behind, selectors.EVENT_READ)
            while not self._closed:
                for key, _ in ready.select(0.1):
                    source = key.fileobj
                    assert isinstance(source, socket.socket)
                    try:
                        data = source.recv(4096)
                        (behind if source is client else client).sendall(data)
                    except OSError:
                        return
                    if not data:
                        return
                    if source is client:
                        time.sleep(len(data) * 8 / 1000 / self.kbps)


class SlowUdp:
    """Forwards datagrams to a port of the loopback at `kbps` through a short queue, as a narrow uplink does."""

    QUEUE_BYTES = 60_000

    def __init__(self, target_port: int, kbps: float) -> None:
        self.kbps = kbps
        self._target = ("127.0.0.1", target_port)
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.bind(("127.0.0.1", 0))
        self._back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._back.connect(self._target)
        self.port: int = self._front.getsockname()[1]
        self._caller: object = None
        self._closed = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed = True
        self._thread.join(5)
        self._front.close()
        self._back.close()

    def _serve(self) -> None:
        waiting: list[bytes] = []
        free_s = time.monotonic()
        with selectors.DefaultSelector() as ready:
            ready.register(self._front, selectors.EVENT_READ)
            ready.register(self._back, selectors.EVENT_READ)
            while not self._closed:
                for key, _ in ready.select(0.002):
                    if key.fileobj is self._front:
                        data, self._caller = self._front.recvfrom(2048)
                        if sum(map(len, waiting)) + len(data) <= self.QUEUE_BYTES:
                            waiting.append(data)
                    else:
                        try:
                            self._front.sendto(self._back.recv(2048), self._caller)  # type: ignore[arg-type]
                        except OSError:
                            pass  # the server is not there
                free_s = max(free_s, time.monotonic() - 0.05)
                while waiting and free_s <= time.monotonic():
                    data = waiting.pop(0)
                    free_s += len(data) * 8 / 1000 / self.kbps
                    try:
                        self._back.send(data)
                    except OSError:
                        pass
