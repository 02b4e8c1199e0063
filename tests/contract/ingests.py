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
from tests.fakes.program import make_program, number_of
from tests.fakes.relay import SlowTcp, SlowUdp
from tests.fixtures.nginx_rtmp import NginxRtmp
from tests.fixtures.srt_listener import SrtListener, SrtPeer


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

    kind: str
    url: str

    def kill(self) -> None: ...

    def start(self) -> None: ...

    def shows(self) -> list[Show]:
        """What the publications left, in their order; called after the server's end."""

    def silent_url(self) -> str:
        """A place that takes and never answers."""

    def dead_url(self) -> str:
        """A place where nobody listens."""

    def slow_url(self, kbps: float) -> str:
        """The server behind a narrow line."""

    def widen(self) -> None:
        """The line is narrow no more."""

    def refusal(self) -> tuple[str, str]:
        """URL and secret that this server refuses for good."""

    def close(self) -> None: ...


class RtmpIngest:
    kind = "rtmp"

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._server: NginxRtmp = request.getfixturevalue("nginx_rtmp")
        self._dead: int = request.getfixturevalue("free_port")()
        self._silent = socket.create_server(("127.0.0.1", 0))
        self._relay: SlowTcp | None = None
        self._other: RtmpConnection | None = None
        self.url = self._server.url("show")

    def kill(self) -> None:
        self._server.kill()

    def start(self) -> None:
        self._server.start()

    def shows(self) -> list[Show]:
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
    kind = "srt"

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


INGESTS: dict[str, Callable[[pytest.FixtureRequest], Ingest]] = {"rtmp": RtmpIngest, "srt": SrtIngest}
