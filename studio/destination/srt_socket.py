"""One SRT caller: connect, send datagrams without blocking for ever, statistics."""

from __future__ import annotations

import socket
import struct
import sys
from dataclasses import dataclass
from typing import Any, cast

from studio.destination import srt_library as srt
from studio.destination.srt_library import ffi, load_srt
from studio.media import ErrorKind, StoaError

PAYLOAD_BYTES = 1316
PEER_IDLE_MS = 5_000


@dataclass(frozen=True, slots=True)
class SrtOptions:
    """What a caller asks for. `latency_ms` is for both directions; without a passphrase nothing is encrypted.

    `most_kbps` bounds what goes out, repairs included (0: no bound).
    """

    latency_ms: int = 120
    passphrase: str = ""
    key_bytes: int = 0
    stream_id: str = ""
    connect_limit_s: float = 3.0
    most_kbps: int = 0


@dataclass(frozen=True, slots=True)
class SrtStatistics:
    """From srt_bistats; totals are of this connection.

    `buffered_ms` and `buffered_bytes` are the time span and size of what has not been acknowledged, `latency_ms` how
    long the receiver holds what it has before it hands it on (the larger of what both sides asked for).
    """

    rtt_ms: float
    buffered_ms: int
    buffered_bytes: int
    sent: int
    lost: int
    retransmitted: int
    dropped: int
    latency_ms: int


class SrtSocket:
    """One connection in live mode. One thread uses it; libsrt has threads of its own, and every call frees the lock."""

    def __init__(self, options: SrtOptions) -> None:
        """Raises StoaError: NOT_SUPPORTED without the library, BAD_ARGUMENT for an option that it does not take."""
        self._options = options
        self._library = load_srt()
        self._socket: int = self._library.srt_create_socket()
        self._epoll: int = self._library.srt_epoll_create()
        self._statistics = ffi.new("SRT_TRACEBSTATS *")
        self._set_int(srt.TRANSTYPE, srt.TRANSTYPE_LIVE)
        self._set_int(srt.SENDER, 1)
        self._set_int(srt.LATENCY, options.latency_ms)
        self._set_int(srt.CONNTIMEO, int(options.connect_limit_s * 1000))
        self._set_int(srt.PEER_IDLE, PEER_IDLE_MS)
        self._set_bool(srt.SNDSYN, False)
        if options.most_kbps:
            self._set_long(srt.MAXBW, options.most_kbps * 125)
        if options.stream_id:
            self._set_text(srt.STREAMID, options.stream_id, "stream id")
        if options.passphrase:
            self._set_int(srt.PBKEYLEN, options.key_bytes or 16)
            self._set_text(srt.PASSPHRASE, options.passphrase, "passphrase")

    def connect(self, address: str, port: int) -> None:
        """Call a listener at a numeric address, up to the limit. Raises StoaError: REFUSED, DENIED, UNREACHABLE."""
        name = _socket_address(address, port)
        if self._library.srt_connect(self._socket, name, len(name)) < 0:
            raise self._why_not(address, port)
        events = ffi.new("int *", srt.EPOLL_OUT | srt.EPOLL_ERR)
        self._library.srt_epoll_add_usock(self._epoll, self._socket, events)

    @property
    def connected(self) -> bool:
        """Whether it stands, as far as is known (a silent peer is given up after 5 s)."""
        return bool(self._library.srt_getsockstate(self._socket) == srt.CONNECTED)

    def send(self, payload: bytes, limit_s: float) -> None:
        """One datagram of at most 1316 bytes. Raises StoaError: LOST, or TIMEOUT where the buffer stays full."""
        while self._library.srt_sendmsg(self._socket, payload, len(payload), -1, 1) < 0:
            if self._library.srt_getlasterror(ffi.NULL) != srt.EASYNCSND or not self.connected:
                raise lost()
            if not self._wait_until_writable(limit_s):
                raise StoaError(ErrorKind.TIMEOUT, f"The SRT receiver has taken nothing for {limit_s:g} s.")

    def statistics(self) -> SrtStatistics:
        """The figures of this moment."""
        self._library.srt_bistats(self._socket, self._statistics, 0, 1)
        raw: Any = self._statistics
        return SrtStatistics(
            raw.msRTT,
            raw.msSndBuf if raw.pktSndBuf else 0,
            raw.byteSndBuf,
            raw.pktSentTotal,
            raw.pktSndLossTotal,
            raw.pktRetransTotal,
            raw.pktSndDropTotal,
            raw.msSndTsbPdDelay,
        )

    def close(self) -> None:
        """End it at once; what has not been sent is lost."""
        self._library.srt_epoll_release(self._epoll)
        self._library.srt_close(self._socket)

    def _wait_until_writable(self, limit_s: float) -> bool:
        ready, count = ffi.new("SRTSOCKET[2]"), ffi.new("int *", 2)
        none = ffi.NULL
        found = self._library.srt_epoll_wait(
            self._epoll, none, none, ready, count, int(limit_s * 1000), none, none, none, none
        )
        return bool(found > 0)

    def _set_int(self, option: int, value: int) -> None:
        self._library.srt_setsockflag(self._socket, option, ffi.new("int *", value), 4)

    def _set_long(self, option: int, value: int) -> None:
        self._library.srt_setsockflag(self._socket, option, ffi.new("int64_t *", value), 8)

    def _set_bool(self, option: int, value: bool) -> None:
        self._library.srt_setsockflag(self._socket, option, ffi.new("bool *", value), 1)

    def _set_text(self, option: int, value: str, what: str) -> None:
        data = value.encode()
        if self._library.srt_setsockflag(self._socket, option, data, len(data)) < 0:
            raise StoaError(
                ErrorKind.BAD_ARGUMENT,
                f"The SRT library does not take this {what}.",
                remedy=f"Check the {what}.",
                permanent=True,
            )

    def _why_not(self, address: str, port: int) -> StoaError:
        place = f"{address}:{port}"
        error = self._library.srt_getlasterror(ffi.NULL)
        reason = self._library.srt_getrejectreason(self._socket) if error == srt.ECONNREJ else srt.REJ_TIMEOUT
        if reason == srt.REJ_TIMEOUT:
            return StoaError(
                ErrorKind.UNREACHABLE,
                f"No SRT listener answers at {place} (UDP).",
                remedy="Check the address and the port, that the receiver listens, and the firewall.",
            )
        return rejection(reason, place, encrypted=bool(self._options.passphrase))


def rejection(reason: int, place: str, *, encrypted: bool) -> StoaError:
    """The words for a reason of srt_getrejectreason."""
    if reason == srt.REJ_BADSECRET:
        words, remedy = f"{place} refuses: the passphrase is wrong.", "Check the passphrase."
        return StoaError(ErrorKind.DENIED, words, remedy=remedy, permanent=True)
    if reason == srt.REJ_UNSECURE:
        words = "expects no passphrase" if encrypted else "expects a passphrase"
        remedy = "Remove the passphrase." if encrypted else "Give the passphrase of the receiver."
        return StoaError(ErrorKind.DENIED, f"{place} refuses: it {words}.", remedy=remedy, permanent=True)
    said = _PEER_SAID.get(reason)
    if said is None and reason < 1000:
        said = cast(bytes, ffi.string(load_srt().srt_rejectreason_str(reason))).decode()
    temporary = reason in (srt.REJ_BACKLOG, 1402) or 1500 <= reason < 1600
    return StoaError(
        ErrorKind.REFUSED,
        f"{place} refuses the stream ({said or f'reason {reason}'}).",
        remedy="Check the stream id." if not temporary else "",
        permanent=not temporary,
    )


def lost() -> StoaError:
    """The connection is gone."""
    return StoaError(ErrorKind.LOST, "The SRT receiver is gone.", remedy="")


# srt/access_control.h, SRT_REJX_
_PEER_SAID = {
    srt.REJ_PEER: "it rejects this connection",
    1400: "bad request",
    1401: "not authorised",
    1402: "overloaded",
    1403: "forbidden",
    1404: "no such stream",
    1405: "publishing is not allowed there",
    1406: "not acceptable",
    1409: "the stream is in use",
    1423: "locked",
    1500: "internal error of the receiver",
    1503: "out of service",
}


def _socket_address(address: str, port: int) -> bytes:
    """A sockaddr_in or sockaddr_in6 of this system (BSDs begin it with its length)."""
    six = ":" in address
    family = socket.AF_INET6 if six else socket.AF_INET
    host = socket.inet_pton(family, address.partition("%")[0])
    length = 28 if six else 16
    bsd = sys.platform == "darwin" or "bsd" in sys.platform
    head = struct.pack("BB", length, family) if bsd else struct.pack("=H", family)
    rest = (
        struct.pack("!HI", port, 0) + host + struct.pack("=I", 0) if six else struct.pack("!H", port) + host + bytes(8)
    )
    return head + rest
