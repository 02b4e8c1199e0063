"""The servers that destinations publish to in the contract suite, one class for each protocol."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av
import pytest

from studio.destination.contract import OpenDestination
from studio.destination.rtmp import RtmpConnection
from tests.fakes.program import Program, make_program, make_webrtc_program, number_of
from tests.fakes.relay import SlowTcp, SlowUdp
from tests.fixtures.janus import WhipServer, read_mjr
from tests.fixtures.nginx_rtmp import NginxRtmp
from tests.fixtures.srt_listener import SrtListener, SrtPeer
from tests.fixtures.waiting import until


@dataclass(frozen=True)
class Show:
    """What one publication left, demuxed and decoded: numbers of its pictures (modulo 25), times, keyframes, sound."""

    numbers: list[int]
    times_s: list[Fraction]
    keyframes: list[bool]
    sound_s: list[Fraction]

    @property
    def gaps(self) -> list[int]:
        """The indexes of pictures that do not follow their predecessor."""
        return [index for index in range(1, len(self.times_s)) if self.times_s[index] - self.times_s[index - 1] > 0.05]

    def is_whole(self) -> bool:
        """Begins with a keyframe and has every picture after it."""
        follows = all((later - earlier) % 25 == 1 for earlier, later in zip(self.numbers, self.numbers[1:]))  # noqa: B905
        return self.keyframes[0] and follows and not self.gaps


def read_show(path: Path) -> Show:
    """Demux and decode a file."""
    with av.open(path) as opened:
        packets = [
            (packet.stream_index, packet.pts * packet.time_base, packet.is_keyframe)
            for packet in opened.demux()
            if packet.pts is not None
        ]
        video = opened.streams.video[0].index
    with av.open(path) as opened:
        lumas = [float(frame.to_ndarray(format="yuv420p")[:180].mean()) for frame in opened.decode(video=0)]
    pictures = sorted((at, key) for index, at, key in packets if index == video)
    return Show(
        [number_of(luma) for luma in lumas],
        [Fraction(at) for at, _ in pictures],
        [key for _, key in pictures],
        sorted(Fraction(at) for index, at, _ in packets if index != video),
    )


class Ingest(Protocol):
    """A server of one protocol, with the faults that a destination must survive."""

    url: str

    def program(self, duration_s: float, *, gop: int, bitrate_kbps: int = 300) -> Program:
        """A show with the sound that this protocol carries."""

    def kill(self) -> None: ...

    def start(self) -> None: ...

    def shows(self) -> list[Show]:
        """What the publications left, in their order; called after the server's end."""

    def silent_url(self) -> str:
        """A place that takes and never answers."""

    def dead_url(self) -> str:
        """A place where nobody listens."""

    def refusal(self) -> tuple[str, str]:
        """URL and secret that this server refuses for good."""

    def close(self) -> None: ...


class SlowIngest(Ingest, Protocol):
    """A server whose protocol makes the sender wait where the line is narrow. (WHIP's lets packets be lost instead.)"""

    def slow_url(self, kbps: float) -> str:
        """The server behind a narrow line."""

    def widen(self) -> None:
        """The line is narrow no more."""


class RtmpIngest:
    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._server: NginxRtmp = request.getfixturevalue("nginx_rtmp")
        self._dead: int = request.getfixturevalue("free_port")()
        self._silent = socket.create_server(("127.0.0.1", 0))
        self._relay: SlowTcp | None = None
        self._other: RtmpConnection | None = None
        self.url = self._server.url("show")

    def program(self, duration_s: float, *, gop: int, bitrate_kbps: int = 300) -> Program:
        return make_program(duration_s, gop=gop, bitrate_kbps=bitrate_kbps)

    def kill(self) -> None:
        self._server.kill()

    def start(self) -> None:
        self._server.start()

    def shows(self) -> list[Show]:
        self._server.wait_until_left()
        self._server.stop()
        return [read_show(path) for path in self._server.recordings("show")]

    def silent_url(self) -> str:
        return f"rtmp://127.0.0.1:{self._silent.getsockname()[1]}/live/show"

    def dead_url(self) -> str:
        return f"rtmp://127.0.0.1:{self._dead}/live/show"

    def slow_url(self, kbps: float) -> str:
        self._relay = SlowTcp(self._server.port, kbps)
        return f"rtmp://127.0.0.1:{self._relay.port}/live/show"

    def widen(self) -> None:
        assert self._relay is not None
        self._relay.kbps = 100_000

    def refusal(self) -> tuple[str, str]:
        program = make_program()
        self._other = RtmpConnection(OpenDestination(self._server.url("taken"), "", program.video, program.audio))
        self._other.connect()
        for packet in program.packets[:10]:
            self._other.write(packet)
        return self._server.url("taken"), ""

    def close(self) -> None:
        self._silent.close()
        if self._other is not None:
            self._other.close()
        if self._relay is not None:
            self._relay.close()


class SrtIngest:
    def __init__(self, request: pytest.FixtureRequest) -> None:
        start: Callable[..., SrtListener] = request.getfixturevalue("start_srt_listener")
        self._start_other = start
        self._server = start(SrtPeer.TRANSMIT)
        self._silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._silent.bind(("127.0.0.1", 0))
        self._dead: int = request.getfixturevalue("free_port")()
        self._relay: SlowUdp | None = None
        self._kept: list[Path] = []
        self.url = self._server.url("show")

    def program(self, duration_s: float, *, gop: int, bitrate_kbps: int = 300) -> Program:
        return make_program(duration_s, gop=gop, bitrate_kbps=bitrate_kbps)

    def kill(self) -> None:
        self._server.program.kill()
        self._keep()

    def start(self) -> None:
        self._server.start()

    def shows(self) -> list[Show]:
        self._server.program.stop()
        self._keep()
        return [read_show(path) for path in self._kept]

    def _keep(self) -> None:
        """A listener appends to one file: keep what each of its lives got apart."""
        received = self._server.received
        if received.stat().st_size:
            self._kept.append(received.rename(received.with_name(f"{received.stem}-{len(self._kept)}.ts")))
            received.touch()

    def silent_url(self) -> str:
        return f"srt://127.0.0.1:{self._silent.getsockname()[1]}"

    def dead_url(self) -> str:
        return f"srt://127.0.0.1:{self._dead}"

    def slow_url(self, kbps: float) -> str:
        self._relay = SlowUdp(self._server.port, kbps)
        return f"srt://127.0.0.1:{self._relay.port}?latency=1500"

    def widen(self) -> None:
        assert self._relay is not None
        self._relay.kbps = 100_000

    def refusal(self) -> tuple[str, str]:
        guarded = self._start_other(passphrase="correct-horse-battery")
        return guarded.url(), "a-wrong-passphrase"

    def close(self) -> None:
        self._silent.close()
        if self._relay is not None:
            self._relay.close()


class WhipIngest:
    """Janus behind its WHIP front, which records the RTP of each publication."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._server: WhipServer = request.getfixturevalue("whip_server")
        self._dead: int = request.getfixturevalue("free_port")()
        self._silent = socket.create_server(("127.0.0.1", 0))
        self.url = f"whip+{self._server.make_endpoint('show')}"

    def program(self, duration_s: float, *, gop: int, bitrate_kbps: int = 300) -> Program:
        return make_webrtc_program(duration_s, gop=gop, bitrate_kbps=bitrate_kbps)

    def kill(self) -> None:
        if self._server.live("show"):  # what Janus has not yet written to its file dies with it
            until(lambda: len(self._server.rtp("video")) > 60, 10, "Janus has written a second of the show")
        self._server.janus.kill()
        self._server.front.kill()

    def start(self) -> None:
        self._server.start()
        self._server.make_endpoint("show")

    def shows(self) -> list[Show]:
        until(lambda: not self._server.live("show"), 5, "the endpoint is free again")
        videos, sounds = self._server.recordings("video"), self._server.recordings("audio")
        return [
            self._read(video, sound) for video, sound in zip(videos, sounds, strict=True) if len(read_mjr(video)) > 1
        ]

    def _read(self, video: Path, sound: Path) -> Show:
        pictures = read_show(self._server.converted(video))
        heard = read_mjr(sound)
        first = heard[0].timestamp if heard else 0
        sound_s = [Fraction((packet.timestamp - first) % (1 << 32), 48_000) for packet in heard]
        return Show(pictures.numbers, pictures.times_s, pictures.keyframes, sound_s)

    def silent_url(self) -> str:
        return f"whip+http://127.0.0.1:{self._silent.getsockname()[1]}/whip"

    def dead_url(self) -> str:
        return f"whip+http://127.0.0.1:{self._dead}/whip"

    def refusal(self) -> tuple[str, str]:
        return f"whip+{self._server.make_endpoint('guarded', token='let-me-in')}", "a-wrong-token"

    def close(self) -> None:
        self._silent.close()


INGESTS: dict[str, Callable[[pytest.FixtureRequest], Ingest]] = {
    "rtmp": RtmpIngest,
    "srt": SrtIngest,
    "whip": WhipIngest,
}
SLOW_INGESTS: dict[str, Callable[[pytest.FixtureRequest], SlowIngest]] = {"rtmp": RtmpIngest, "srt": SrtIngest}
