"""The thread that takes the program's pictures out of the ring and makes them drawable.

It takes one, converts it, waits until the window has painted it, and only then gives the slot back: nothing is made
that is not shown, a window that is not seen costs nothing, and at most one slot is held.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from studio.control.api import PreviewInfo
from studio.media import StoaError

if TYPE_CHECKING:
    from studio.control.preview_client import PreviewClient
    from ui.preview.conversion import Conversion


class PreviewReader(QObject):
    """One preview connection. `arrived` brings the pixels (height, width, 4) to the window's thread, which
    answers with `painted`; they stay as they are until two pictures later.

    `ended` comes when the engine has ended the preview.
    """

    arrived = Signal(object)
    ended = Signal()

    def __init__(self, info: PreviewInfo, width_px: int, height_px: int) -> None:
        """`width_px` and `height_px` are what the picture covers on the screen, in its own pixels."""
        super().__init__()
        self._info = info
        self._size = (width_px, height_px)
        self._painted = threading.Event()
        self._stopping = threading.Event()
        self._client: PreviewClient | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="preview", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def painted(self) -> None:
        """The picture that came last is on the screen."""
        self._painted.set()

    def resize(self, width_px: int, height_px: int) -> None:
        """From the next picture on, make them of this size."""
        self._size = (width_px, height_px)

    def stop(self) -> None:
        """End soon; does not wait."""
        self._stopping.set()
        self._painted.set()
        with self._lock:
            if self._client is not None:
                self._client.close()

    def wait(self, timeout_s: float) -> None:
        """Until the thread has ended; for the end of the program and for tests."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        # NumPy and OpenCV load here, beside the window, and not before it is painted.
        from studio.control.preview_client import PreviewClient
        from ui.preview.conversion import Conversion

        try:
            client = PreviewClient(self._info)
        except StoaError:
            self._tell_end()
            return
        with self._lock:
            self._client = client
        conversion: Conversion | None = None
        while not self._stopping.is_set() and (found := client.picture()) is not None:
            slot, _, view, width_px, height_px = found
            width, height = _inside(self._size, width_px, height_px)
            if conversion is None or (conversion.width_px, conversion.height_px) != (width, height):
                conversion = Conversion(width, height)
            pixels = conversion.convert(view)
            del view, found
            self._painted.clear()
            if self._stopping.is_set():
                break
            self.arrived.emit(pixels)
            self._painted.wait()
            client.shown(slot)
        client.release()
        self._tell_end()

    def _tell_end(self) -> None:
        if not self._stopping.is_set():
            self.ended.emit()


def _inside(size: tuple[int, int], width_px: int, height_px: int) -> tuple[int, int]:
    """The largest even size of this shape inside `size`; the picture's own where that is as good as the same."""
    scale = min(size[0] / width_px, size[1] / height_px)
    if abs(scale - 1) * width_px < 3:
        return width_px // 2 * 2, height_px // 2 * 2
    return max(2, int(width_px * scale) // 2 * 2), max(2, int(height_px * scale) // 2 * 2)
