"""SRT: MPEG-TS by PyAV, sent by libsrt. The child "srt"."""

from __future__ import annotations

import logging
import time
from typing import IO, cast

import av

from studio.destination.addresses import RESOLVE_LIMIT_S, resolve
from studio.destination.connection import Connection, Measures, WantKeyframe
from studio.destination.contract import OpenDestination
from studio.destination.runner import run_destination
from studio.destination.srt_call import CALL_LIMIT_S, call, in_order
from studio.destination.srt_socket import PAYLOAD_BYTES, SrtOptions, SrtSocket, SrtStatistics, lost
from studio.destination.url import check_passphrase, parse_destination
from studio.media import EncodedPacket, ErrorKind, StoaError
from studio.muxer import Container, Muxer
from studio.process import ChildPipes

WRITE_LIMIT_S = 6.0
# libsrt has no congestion control in live mode and gives up single datagrams that are late, here or there. So a
# picture waits while more is unacknowledged than a line that keeps up explains: three round trips, for one repair.
FULL_MS, FULL_ROUND_TRIPS, FULL_AT_MOST_MS = 100, 3, 600
FLUSH_LIMIT_S = 0.7
HOLD_LIMIT_S = 1.0
# A keyframe is sent faster than the mean, but repairs on a line that is full may not flood it.
BURST = 4
_TURN_S = 0.01
# Sound is not gathered into large packets, and the clock reference comes often enough for every receiver.
_MPEGTS_OPTIONS = {"pes_payload_size": "0", "pcr_period": "20", "max_delay": "0"}


class Datagrams:
    """What the muxer writes to: bytes, cut into payloads of seven transport stream packets."""

    name = "srt"

    def __init__(self) -> None:
        self._bytes = bytearray()

    def write(self, data: bytes) -> int:
        self._bytes += data
        return len(data)

    def take(self, *, rest: bool = False) -> list[bytes]:
        """The payloads that are full; with `rest` the last, shorter one as well."""
        whole = len(self._bytes) if rest else len(self._bytes) - len(self._bytes) % PAYLOAD_BYTES
        data = bytes(self._bytes[:whole])
        del self._bytes[:whole]
        return [data[at : at + PAYLOAD_BYTES] for at in range(0, len(data), PAYLOAD_BYTES)]


class SrtConnection:
    """One call of one listener."""

    connect_limit_s = RESOLVE_LIMIT_S + CALL_LIMIT_S + 1.0
    write_limit_s = WRITE_LIMIT_S

    def __init__(self, opening: OpenDestination, answered_before: str = "") -> None:
        """`opening.secret` is the passphrase, where it is not in the URL. Raises StoaError(BAD_ARGUMENT).

        `answered_before` is the address at which this host answered the last time.
        """
        self._opening = opening
        self.address = answered_before
        self._url = parse_destination(opening.url)
        query = self._url.query
        passphrase = opening.secret or query.get("passphrase", "")
        check_passphrase(passphrase)
        self._kbps = sum(track.bitrate_kbps for track in (opening.video, opening.audio) if track) or 1
        self._options = SrtOptions(
            latency_ms=int(query.get("latency", "120")),
            passphrase=passphrase,
            key_bytes=int(query.get("pbkeylen", "0")),
            stream_id=query.get("streamid", ""),
            most_kbps=BURST * self._kbps,
        )
        self._shortest_rtt_ms = float("inf")
        self._socket: SrtSocket | None = None
        self._muxer: Muxer | None = None
        self._datagrams = Datagrams()
        self._latest: SrtStatistics | None = None
        self._before: SrtStatistics | None = None
        self._pictures_dropped = 0
        self._dropped_seen = 0

    def connect(self) -> None:
        """Raises StoaError: UNREACHABLE, REFUSED, DENIED (passphrase), NOT_SUPPORTED (no libsrt)."""
        addresses = in_order(resolve(self._url.host, self._url.port), self.address)
        answered = call(self._url.host, self._url.port, addresses, self._options)
        self._socket, self.address = answered.socket, answered.address
        self._shortest_rtt_ms = answered.took_s * 1000 / 2  # a handshake is two round trips
        self._muxer = Muxer(
            cast(IO[bytes], self._datagrams),
            Container.MPEGTS,
            self._opening.video,
            self._opening.audio,
            options=_MPEGTS_OPTIONS,
        )
        self._muxer.open()

    def write(self, packet: EncodedPacket) -> None:
        """Waits while the receiver is behind. Raises StoaError: LOST, TIMEOUT."""
        assert self._muxer is not None
        self._wait_for_room(picture=packet.codec.is_video)
        try:
            self._muxer.write(packet)
        except av.FFmpegError as cause:
            raise StoaError(
                ErrorKind.BAD_DATA, f"The stream cannot be written as MPEG-TS: {cause.strerror}."
            ) from cause
        self._send(self._datagrams.take())

    def check(self) -> None:
        """Raises StoaError(LOST) where libsrt has given the receiver up."""
        if self._socket is None or not self._socket.connected:
            raise lost()

    def measures(self) -> Measures:
        """From srt_bistats; the loss is that since the last call."""
        now = self._latest
        if now is None:
            return Measures()
        before, self._before = self._before, now
        sent = now.sent - (before.sent if before else 0)
        missed = now.lost - (before.lost if before else 0)
        loss = min(1.0, missed / sent) if sent > 0 else 0.0
        return Measures(now.rtt_ms, loss, now.retransmitted, self._pictures_dropped, now.buffered_ms)

    def close(self) -> None:
        """Send what is left, let the receiver hand it on (it forgets what it still holds), then hang up."""
        socket, self._socket = self._socket, None
        if socket is None:
            return
        try:
            if self._muxer is not None and socket.connected:
                self._muxer.close()
                for payload in self._datagrams.take(rest=True):
                    socket.send(payload, FLUSH_LIMIT_S)
                end_s = time.monotonic() + FLUSH_LIMIT_S
                left = socket.statistics()
                while socket.connected and left.buffered_ms and time.monotonic() < end_s:
                    time.sleep(_TURN_S)
                    left = socket.statistics()
                time.sleep(min(HOLD_LIMIT_S, (left.latency_ms + left.rtt_ms) / 1000 + _TURN_S))
        except (StoaError, av.FFmpegError):
            pass  # gone already
        finally:
            socket.close()

    def _send(self, payloads: list[bytes]) -> None:
        assert self._socket is not None
        for payload in payloads:
            self._socket.send(payload, WRITE_LIMIT_S)

    def _wait_for_room(self, *, picture: bool) -> None:
        """Sound is small and always goes; a picture waits until the receiver has caught up."""
        assert self._socket is not None
        if not picture:
            return
        end_s = time.monotonic() + WRITE_LIMIT_S
        while True:
            self._latest = self._socket.statistics()
            if self._latest.dropped > self._dropped_seen:
                self._dropped_seen = self._latest.dropped
                self._pictures_dropped += 1
            self._shortest_rtt_ms = min(self._shortest_rtt_ms, self._latest.rtt_ms)
            full_ms = min(FULL_MS + FULL_ROUND_TRIPS * self._shortest_rtt_ms, FULL_AT_MOST_MS)
            # What is written in one go has no time span: its size at the stream's rate counts as well.
            buffered_ms = max(self._latest.buffered_ms, self._latest.buffered_bytes * 8 / self._kbps)
            if buffered_ms <= full_ms:
                return
            if not self._socket.connected:
                raise lost()
            if time.monotonic() > end_s:
                raise StoaError(ErrorKind.TIMEOUT, f"The SRT receiver has taken nothing for {WRITE_LIMIT_S:g} s.")
            time.sleep(_TURN_S)


class SrtCaller:
    """Makes the connections of one destination, each where the one before it was answered."""

    def __init__(self) -> None:
        self._last: SrtConnection | None = None

    def make_connection(self, opening: OpenDestination, want_keyframe: WantKeyframe) -> Connection:
        """A connection that has not begun."""
        self._last = SrtConnection(opening, self._last.address if self._last else "")
        return self._last


def run(pipes: ChildPipes) -> None:
    """The child's life."""
    logging.getLogger("libav").setLevel(logging.CRITICAL + 1)
    run_destination(pipes, SrtCaller().make_connection)
