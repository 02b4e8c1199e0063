"""The messages of `studio.process.Link` over a loopback socket (whose handle is no file descriptor on Windows)."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import Any

import msgspec

from studio.media import ErrorKind, StoaError

_LENGTH = struct.Struct("<I")
LIMIT_BYTES = 1024 * 1024


class SocketLink[Incoming]:
    """One end. `send` and `close` may be called from any thread; `receive` from one."""

    def __init__(self, connection: socket.socket, incoming: Any) -> None:
        self._socket = connection
        self._reader = connection.makefile("rb")
        self._decoder: msgspec.msgpack.Decoder[Incoming] = msgspec.msgpack.Decoder(incoming)
        self._encoder = msgspec.msgpack.Encoder()
        self._sending = threading.Lock()

    def send(self, message: msgspec.Struct) -> bool:
        """Write one message; False where the other side is gone."""
        body = self._encoder.encode(message)
        with self._sending:
            try:
                self._socket.sendall(_LENGTH.pack(len(body)) + body)
            except OSError:
                return False
        return True

    def receive(self) -> Incoming | None:
        """The next message; None at the end. Raises StoaError(BAD_DATA) for what is no message of this link."""
        try:
            head = self._reader.read(_LENGTH.size)
            if len(head) < _LENGTH.size:
                return None
            (length,) = _LENGTH.unpack(head)
            if length > LIMIT_BYTES:
                raise StoaError(ErrorKind.BAD_DATA, f"A message of {length} bytes came over a local link.")
            body = self._reader.read(length)
        except (OSError, ValueError):
            return None
        if len(body) < length:
            return None
        try:
            return self._decoder.decode(body)
        except msgspec.DecodeError as cause:
            raise StoaError(ErrorKind.BAD_DATA, f"A local link carried what it should not: {cause}.") from cause

    def release(self) -> None:
        """Free the descriptors; for the reading thread, after its last `receive`."""
        self.close()
        with contextlib.suppress(OSError):
            self._reader.close()

    def close(self) -> None:
        """End the connection; a waiting `receive` returns None."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self._socket.close()
