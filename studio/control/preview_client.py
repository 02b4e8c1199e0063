"""The reader of the preview: the program's pictures out of a ring, one at a time, given back once shown."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from studio.control.api import PreviewInfo
from studio.control.preview import EngineToPreview, PreviewAttached, PreviewPicture, PreviewRing, PreviewShown
from studio.media import ErrorKind, FrameRing, StoaError
from studio.process import SocketLink

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

CONNECT_LIMIT_S = 5.0


class PreviewClient:
    """A preview that `preview.open` told of. `picture` belongs to one thread; `shown` and `close` to any.

    Until `shown` gives a slot back the engine offers no other: who does not show costs nothing.
    """

    def __init__(self, info: PreviewInfo) -> None:
        """Connect; blocks at most `CONNECT_LIMIT_S`. Raises StoaError(LOST) where the engine is not there."""
        try:
            connection = socket.create_connection(("127.0.0.1", info.port), CONNECT_LIMIT_S)
            connection.settimeout(None)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(info.token.encode() + b"\n")
        except OSError as cause:
            raise StoaError(ErrorKind.LOST, "The engine offers no preview at present.") from cause
        self._link: SocketLink[EngineToPreview] = SocketLink(connection, EngineToPreview)
        self._ring: FrameRing | None = None

    def picture(self) -> tuple[int, int, npt.NDArray[np.uint8], int, int] | None:
        """Wait for the next picture: (slot, pts_ns, I420 of shape (height * 3 // 2, width), width_px, height_px).

        The array is valid until `shown(slot)`. None once the connection has ended, or the ring that it tells of is
        gone: another size or the engine's end was quicker.
        """
        while True:
            try:
                message = self._link.receive()
                if isinstance(message, PreviewRing):
                    self._attach(message)
            except StoaError:
                return None
            if message is None:
                return None
            if isinstance(message, PreviewPicture) and self._ring is not None:
                layout = self._ring.layout
                if not 0 <= message.slot < layout.slots:
                    return None
                view = self._ring.picture(message.slot)
                return message.slot, message.pts_ns, view, layout.width_px, layout.height_px

    def _attach(self, message: PreviewRing) -> None:
        old, self._ring = self._ring, FrameRing.attach(message.layout)
        if old is not None:
            old.close()
        self._link.send(PreviewAttached())

    def shown(self, slot: int) -> None:
        """The slot is free again."""
        self._link.send(PreviewShown(slot))

    def close(self) -> None:
        """End the connection; `picture` then returns None."""
        self._link.close()

    def release(self) -> None:
        """Free what the connection held; for the thread of `picture`, after the last one."""
        self._link.release()
        if self._ring is not None:
            self._ring.close()
