"""Typed messages over a pair of pipes: u32 little-endian length, then one msgpack map with its tag in `type`."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from typing import Any, BinaryIO

import msgspec

from studio.media import ErrorKind, StoaError

_LENGTH = struct.Struct("<I")
LIMIT_BYTES = 64 * 1024 * 1024


class Link[Incoming]:
    """One end of a link. `send` may be called from any thread; `receive` from one."""

    def __init__(self, read_fd: int, write_fd: int, incoming: Any) -> None:
        """`incoming` is the type (usually a Union of tagged structs) that may arrive here. Takes over both
        descriptors.
        """
        self._begin(os.fdopen(read_fd, "rb", buffering=1 << 18), incoming)
        self._write_fd = write_fd

    def _begin(self, reader: BinaryIO, incoming: Any) -> None:
        self._reader = reader
        self._decoder: msgspec.msgpack.Decoder[Incoming] = msgspec.msgpack.Decoder(incoming)
        self._encoder = msgspec.msgpack.Encoder()
        self._sending = threading.Lock()
        self._open = True

    def send(self, message: msgspec.Struct) -> bool:
        """Write one message; blocks while the other side does not read. False where it is gone."""
        body = self._encoder.encode(message)
        parts = memoryview(_LENGTH.pack(len(body)) + body)
        with self._sending:
            while self._open and parts:
                try:
                    parts = parts[self._write(parts) :]
                except OSError:
                    self._shut_writer()
            return self._open

    def receive(self) -> Incoming | None:
        """The next message; None at end of file. Raises StoaError(BAD_DATA) for what is no message of this link."""
        try:
            head = self._reader.read(_LENGTH.size)
            if len(head) < _LENGTH.size:
                return None
            (length,) = _LENGTH.unpack(head)
            if length > LIMIT_BYTES:
                raise StoaError(ErrorKind.BAD_DATA, f"A message of {length} bytes came over a process link.")
            body = self._reader.read(length)
        except (OSError, ValueError):
            return None
        if len(body) < length:
            return None
        try:
            return self._decoder.decode(body)
        except msgspec.DecodeError as cause:
            raise StoaError(ErrorKind.BAD_DATA, f"A process link carried what it should not: {cause}.") from cause

    def close_writer(self) -> None:
        """Let the other side see end of file."""
        with self._sending:
            self._shut_writer()

    def _write(self, parts: memoryview) -> int:
        return os.write(self._write_fd, parts)

    def _shut_writer(self) -> None:
        if self._open:
            self._open = False
            with contextlib.suppress(OSError):
                os.close(self._write_fd)

    def close_reader(self) -> None:
        """Free the reading end; only once its reading thread has seen the end."""
        with contextlib.suppress(OSError):
            self._reader.close()


class SocketLink[Incoming](Link[Incoming]):
    """The same over a local socket (whose handle is no file descriptor on Windows). Takes over the socket."""

    def __init__(self, connection: socket.socket, incoming: Any) -> None:
        self._socket = connection
        self._begin(connection.makefile("rb"), incoming)

    def close(self) -> None:
        """End the connection; a waiting `receive` returns None. Any thread."""
        self._open = False
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self._socket.close()

    def release(self) -> None:
        """Free the descriptors; for the reading thread, after its last `receive`."""
        self.close()
        self.close_reader()

    def _write(self, parts: memoryview) -> int:
        self._socket.sendall(parts)
        return len(parts)

    def _shut_writer(self) -> None:
        self._open = False
