"""RTMP and RTMPS by PyAV. The child "rtmp"."""

from __future__ import annotations

import logging

import av

from studio.destination.addresses import probe_port, resolve
from studio.destination.certificates import authority_bundle
from studio.destination.connection import Connection, Measures, WantKeyframe
from studio.destination.contract import OpenDestination
from studio.destination.rtmp_words import connect_error, write_error
from studio.destination.runner import run_destination
from studio.destination.url import parse_destination, with_key
from studio.media import EncodedPacket
from studio.muxer import Container, Muxer
from studio.process import ChildPipes

CONNECT_LIMIT_S = 5.0
WRITE_LIMIT_S = 5.0
LEAST_SEND_BUFFER_BYTES = 96 * 1024
SEND_BUFFER_S = 0.5


class RtmpConnection:
    """One publication. After a loss another one is made: metadata and parameter sets are sent anew."""

    connect_limit_s = 2 * CONNECT_LIMIT_S + 3.0
    write_limit_s = WRITE_LIMIT_S

    def __init__(self, opening: OpenDestination) -> None:
        """`opening.secret` is the stream key, where it is kept apart from the URL."""
        self._opening = opening
        self._url = parse_destination(opening.url)
        self._muxer: Muxer | None = None

    def connect(self) -> None:
        """Raises StoaError: UNREACHABLE, REFUSED, TIMEOUT, TLS."""
        url = self._url
        tls = url.scheme == "rtmps"
        bundle = authority_bundle(self._opening.ca_file) if tls else ""
        resolve(url.host, url.port)
        self._muxer = Muxer(
            with_key(url, self._opening.secret),
            Container.FLV,
            self._opening.video,
            self._opening.audio,
            options=self._options(bundle),
            open_limit_s=CONNECT_LIMIT_S,
            write_limit_s=WRITE_LIMIT_S,
        )
        with av.logging.Capture() as log:
            try:
                self._muxer.open()
            except av.FFmpegError as cause:
                lines = [line for *_, line in log]
                probe = probe_port(url.host, url.port, ca_file=bundle, tls=tls)
                raise connect_error(cause, lines, url.host, url.port, probe, tls=tls) from cause

    def write(self, packet: EncodedPacket) -> None:
        """Raises StoaError: LOST, TIMEOUT, REFUSED."""
        assert self._muxer is not None
        with av.logging.Capture() as log:
            try:
                self._muxer.write(packet)
            except av.FFmpegError as cause:
                lines = [line for *_, line in log]
                raise write_error(cause, lines, self._url.host, WRITE_LIMIT_S) from cause

    def check(self) -> None:
        """RTMP notices a loss when it writes."""

    def measures(self) -> Measures:
        """RTMP tells nothing of its network."""
        return Measures()

    def close(self) -> None:
        """Unpublish where it stands, else just let go."""
        muxer, self._muxer = self._muxer, None
        if muxer is not None:
            try:
                muxer.close()
            except av.FFmpegError:
                pass  # the connection is gone already, which whoever closes it knows

    def _options(self, bundle: str) -> dict[str, str]:
        kbps = sum(track.bitrate_kbps for track in (self._opening.video, self._opening.audio) if track)
        options = {
            "rtmp_live": "live",
            "tcp_nodelay": "1",
            # What the system holds is late and cannot be dropped any more: half a second of it is enough.
            "send_buffer_size": str(max(LEAST_SEND_BUFFER_BYTES, int(kbps * 1000 / 8 * SEND_BUFFER_S))),
        }
        return options | {"tls_verify": "1", "ca_file": bundle} if bundle else options


def make_connection(opening: OpenDestination, want_keyframe: WantKeyframe) -> Connection:
    """A connection that has not begun."""
    return RtmpConnection(opening)


def run(pipes: ChildPipes) -> None:
    """The child's life."""
    # FFmpeg's log is read for its words (`Capture`) and written nowhere: it may name the key.
    logging.getLogger("libav").setLevel(logging.CRITICAL + 1)
    av.logging.set_level(av.logging.ERROR)
    run_destination(pipes, make_connection)
