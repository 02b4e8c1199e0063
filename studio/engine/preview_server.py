"""The preview's socket: each client has a ring of its own and is offered a picture only when it has shown the last."""

from __future__ import annotations

import contextlib
import hmac
import logging
import secrets
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from studio.control.api import PreviewInfo, PreviewOpen
from studio.control.preview import (
    EngineToPreview,
    PreviewAttached,
    PreviewPicture,
    PreviewRing,
    PreviewShown,
    PreviewToEngine,
)
from studio.media import ErrorKind, FrameRing, RingLayout, StoaError, VideoFrame
from studio.media.lease import PictureLease
from studio.process import SocketLink
from studio.scene.compositor import opencv

SLOTS = 2
TOKEN_LIMIT_S = 5.0
"""For the whole greeting."""
TOKEN_LIMIT_BYTES = 100
MAX_UNADMITTED = 16
"""So many may stand at the door; for one more, whoever has stood there longest is sent away."""
WAIT_LIMIT_S = 1.0
log = logging.getLogger(__name__)


class PreviewServer:
    """`offer` belongs to the program thread and never blocks; `open` to the engine's loop."""

    def __init__(self, size_px: Callable[[], tuple[int, int]], ring_path: Callable[[], Path]) -> None:
        self._size_px = size_px
        self._ring_path = ring_path
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._tokens: dict[str, PreviewOpen] = {}
        self._latest: PictureLease | None = None
        self._number = 0
        self._clients = 0
        self._closed = False
        self._changed = threading.Condition()
        self._door = threading.Lock()
        self._unadmitted: list[socket.socket] = []
        threading.Thread(target=self._accept, name="preview door", daemon=True).start()

    def open(self, request: PreviewOpen) -> PreviewInfo:
        """A place for one client to connect to."""
        if not (16 <= request.width_px <= 7680 and 16 <= request.height_px <= 7680):
            raise StoaError(ErrorKind.BAD_ARGUMENT, "A preview is 16 to 7680 pixels wide and high.", permanent=True)
        if len(self._tokens) > 100:
            self._tokens.pop(next(iter(self._tokens)))
        token = secrets.token_urlsafe(24)
        self._tokens[token] = request
        return PreviewInfo(self._listener.getsockname()[1], token)

    def offer(self, lease: PictureLease, tick_ns: int) -> None:
        """This tick's picture."""
        if not self._clients:
            return
        with self._changed:
            old, self._latest = self._latest, lease.hold()
            self._number += 1
            self._changed.notify_all()
        if old is not None:
            old.release()

    def close(self) -> None:
        """End every client."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # closing alone does not wake who accepts
        self._listener.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._door:
                self._unadmitted.append(connection)
                if len(self._unadmitted) > MAX_UNADMITTED:
                    _send_away(self._unadmitted.pop(0))
            threading.Thread(target=self._serve, args=(connection,), name="preview", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        request = self._admit(connection)
        if request is None:
            connection.close()
            return
        try:
            ring = self._make_ring(request)
        except StoaError as error:
            log.warning("no preview: %s", error)
            connection.close()
            return
        link: SocketLink[PreviewToEngine] = SocketLink(connection, PreviewToEngine)
        client = _Client(link, ring)
        try:
            link.send(PreviewRing(ring.layout))
            threading.Thread(target=client.read, name="preview reader", daemon=True).start()
            with self._changed:
                self._clients += 1
            self._feed(client, ring)
        finally:
            with self._changed:
                self._clients -= 1
                old = None
                if not self._clients:
                    old, self._latest = self._latest, None
            if old is not None:
                old.release()
            ring.unlink()
            ring.close()
            link.close()

    def _admit(self, connection: socket.socket) -> PreviewOpen | None:
        try:
            given = _greeting(connection, time.monotonic() + TOKEN_LIMIT_S)
            connection.settimeout(None)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            return None
        finally:
            with self._door:
                if connection in self._unadmitted:
                    self._unadmitted.remove(connection)
        for token in list(self._tokens):
            if hmac.compare_digest(token.encode(), given.strip()):
                return self._tokens.pop(token)
        return None

    def _make_ring(self, request: PreviewOpen) -> FrameRing:
        width, height = self._size_px()
        scale = min(1.0, request.width_px / width, request.height_px / height)
        layout = RingLayout(
            str(self._ring_path()), SLOTS, max(16, int(width * scale) // 2 * 2), max(16, int(height * scale) // 2 * 2)
        )
        return FrameRing.create(layout)

    def _feed(self, client: _Client, ring: FrameRing) -> None:
        """Until the client is gone, or the program has another size: the client then opens another preview."""
        seen = 0
        slot = 0
        size_px = self._size_px()
        while client.ready():
            with self._changed:
                while self._number == seen or self._latest is None:
                    if self._closed or client.gone:
                        return
                    self._changed.wait(WAIT_LIMIT_S)
                lease, seen = self._latest.hold(), self._number
            if (lease.frame.width_px, lease.frame.height_px) != size_px:
                lease.release()
                return
            layout = ring.layout
            target = VideoFrame(ring.picture(slot), layout.width_px, layout.height_px, 0, 0)
            try:
                _scale(lease.frame, target)
            finally:
                pts_ns = lease.frame.pts_ns
                lease.release()
            if not client.offer(slot, pts_ns):
                return
            slot = (slot + 1) % SLOTS


class _Client:
    """One preview: waits for the ring to be attached, then for each picture to be shown."""

    def __init__(self, link: SocketLink[PreviewToEngine], ring: FrameRing) -> None:
        self._link: SocketLink[PreviewToEngine] = link
        self._ring = ring
        self._may_offer = threading.Event()
        self.gone = False

    def read(self) -> None:
        """Its own thread: what the client says."""
        try:
            while (message := self._link.receive()) is not None:
                if isinstance(message, PreviewAttached):
                    self._ring.unlink()
                    self._may_offer.set()
                elif isinstance(message, PreviewShown):
                    self._may_offer.set()
        except StoaError:
            log.warning("a preview said what it may not")
        self.gone = True
        self._may_offer.set()

    def ready(self) -> bool:
        """Wait until the client takes a picture; False where it is gone."""
        self._may_offer.wait()
        return not self.gone

    def offer(self, slot: int, pts_ns: int) -> bool:
        self._may_offer.clear()
        message: EngineToPreview = PreviewPicture(slot, pts_ns)
        return self._link.send(message)


def _greeting(connection: socket.socket, until_s: float) -> bytes:
    """The line that the client begins with, or as much of it as came. Raises OSError where it did not come in time."""
    given = b""
    while not given.endswith(b"\n") and len(given) < TOKEN_LIMIT_BYTES:
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        connection.settimeout(left_s)
        piece = connection.recv(1)
        if not piece:
            break
        given += piece
    return given


def _send_away(connection: socket.socket) -> None:
    """Its thread sees the end and closes it."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _scale(source: VideoFrame, target: VideoFrame) -> None:
    if source.data.shape == target.data.shape:
        target.data[:] = source.data
        return
    cv2 = opencv()
    method = cv2.INTER_AREA if source.width_px > 2 * target.width_px else cv2.INTER_LINEAR
    for plane, into in ((source.y, target.y), (source.u, target.u), (source.v, target.v)):
        cv2.resize(plane, (into.shape[1], into.shape[0]), dst=into, interpolation=method)
