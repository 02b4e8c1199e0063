"""A pretended preview: a ring with a moving pattern, offered as the engine offers the program's picture."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from pathlib import Path

import numpy as np

from studio.control.preview import PreviewPicture, PreviewRing, PreviewShown, PreviewToEngine
from studio.media import FrameRing, RingLayout
from studio.process import SocketLink

# BT.709 limited: white, yellow, cyan, green, magenta, red, blue, black at 75 %.
BARS = [
    (180, 128, 128),
    (168, 44, 136),
    (145, 147, 44),
    (134, 63, 52),
    (63, 193, 204),
    (51, 109, 212),
    (28, 212, 120),
    (16, 128, 128),
]


def bars(width_px: int, height_px: int) -> np.ndarray:
    """Colour bars as I420, shape (height * 3 // 2, width)."""
    picture = np.empty((height_px * 3 // 2, width_px), np.uint8)
    luma = np.array([BARS[x * 8 // width_px][0] for x in range(width_px)], np.uint8)
    picture[:height_px] = luma
    half = width_px // 2
    chroma = picture[height_px:].reshape(-1)
    quarter = half * (height_px // 2)
    for plane in (1, 2):
        row = np.array([BARS[x * 8 // half][plane] for x in range(half)], np.uint8)
        chroma[(plane - 1) * quarter : plane * quarter] = np.tile(row, height_px // 2)
    return picture


class FakePreview:
    """Serves one window after another. `offered` and `shown` count pictures; `still` gives the picture's luma row."""

    def __init__(self, folder: Path, width_px: int, height_px: int, fps: float = 30.0) -> None:
        self.offered = self.shown = 0
        self.paused = False
        self._fps = fps
        self.layout = RingLayout(str(folder / f"preview-{secrets.token_hex(4)}"), 3, width_px, height_px)
        self.token = secrets.token_hex(8)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            said = b""
            while not said.endswith(b"\n"):
                said += connection.recv(1) or b"\n"
            if said.strip() == self.token.encode():
                self._offer(SocketLink(connection, PreviewToEngine))
            connection.close()

    def _offer(self, link: SocketLink[PreviewToEngine]) -> None:
        ring = FrameRing.create(self.layout)
        pattern = bars(self.layout.width_px, self.layout.height_px)
        link.send(PreviewRing(self.layout))
        link.receive()
        ring.unlink()
        slot = 0
        while not self._stop.wait(1 / self._fps):
            if self.paused:
                continue
            slot = (slot + 1) % self.layout.slots
            ring.picture(slot)[:] = pattern
            at = self.offered * 4 % (self.layout.width_px - 8)
            ring.picture(slot)[: self.layout.height_px, at : at + 8] = 235
            if not link.send(PreviewPicture(slot, time.monotonic_ns())):
                break
            self.offered += 1
            answer = link.receive()
            if not isinstance(answer, PreviewShown):
                break
            assert answer.slot == slot
            self.shown += 1
        ring.close()
        link.release()

    def close(self) -> None:
        self._stop.set()
        self._listener.close()
