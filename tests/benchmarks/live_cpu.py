"""CPU of `stoa live` from the first packet on, against bare ffmpeg with the same x264 options, and for more places."""

from __future__ import annotations

import statistics
import time

from tests.benchmarks.bench import CLIP, Bench
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import cpu_per_second, cpu_times
from tests.fixtures.srt_listener import SrtListener, SrtPeer

KBPS = 2500


def measure(bench: Bench) -> list[Figure]:
    """The first two rows of the table."""
    runs, seconds = (1, 15) if bench.short else (3, 60)
    stoa, peer, ratios, parts = [], [], [], []
    for _ in range(runs):
        cost = _stoa(bench, seconds)
        other = _ffmpeg(bench, seconds)
        stoa.append(sum(cost.values()))
        peer.append(other)
        ratios.append(stoa[-1] / other)
        parts.append(cost)
    four = [_four(bench, seconds) for _ in range(runs)]
    one = statistics.median(stoa)
    detail = {"stoa": stoa, "ffmpeg": peer, "ratios": ratios, "by_process": parts[-1], "seconds": seconds}
    return [
        Figure(
            "CPU of stoa live against bare ffmpeg, 720p30 RTMP", statistics.median(ratios), "x", 1.25, detail=detail
        ),
        Figure(
            "four RTMP destinations against one",
            statistics.median(four) / one,
            "x",
            1.25,
            detail={"four": four, "one": one},
        ),
        Figure("two RTMP and SRT against one RTMP", _mixed(bench, seconds) / one, "x"),
    ]


def _arguments(*places: str) -> list[str]:
    words = ["--video", f"file:{CLIP}", "--size", "1280x720", "--fps", "30", "--video-bitrate", f"{KBPS}k"]
    for place in places:
        words += ["--to", place]
    return words


def _watch(pid: int, seconds: float) -> dict[str, float]:
    before = cpu_times([pid])
    time.sleep(seconds)
    return cpu_per_second(before, cpu_times([pid]))


def _stoa(bench: Bench, seconds: float, places: int = 1) -> dict[str, float]:
    servers = [bench.nginx() for _ in range(places)]
    show = bench.show(*_arguments(*(server.url() for server in servers)))
    for server in servers:
        bench.first_packet(server)
    cost = _watch(show.pid, seconds)
    bench.end(show)
    for server in servers:
        server.stop()
    return cost


def _four(bench: Bench, seconds: float) -> float:
    return sum(_stoa(bench, seconds, 4).values())


def _mixed(bench: Bench, seconds: float) -> float:
    servers = [bench.nginx(), bench.nginx()]
    listener = SrtListener(
        bench.programs, bench.new_folder("srt"), bench.ports.take(), SrtPeer.TRANSMIT, "a-long-passphrase", 120
    )
    show = bench.show(*_arguments(*(server.url() for server in servers), listener.url(passphrase="a-long-passphrase")))
    for server in servers:
        bench.first_packet(server)
    listener.wait_for_bytes(1000)
    cost = _watch(show.pid, seconds)
    bench.end(show)
    for server in servers:
        server.stop()
    return sum(cost.values())


def _ffmpeg(bench: Bench, seconds: float) -> float:
    server = bench.nginx()
    rate = ["-b:v", f"{KBPS}k", "-maxrate", f"{KBPS}k", "-bufsize", f"{KBPS * 6 // 10}k"]
    picture = ["-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-profile:v", "high", *rate]
    picture += ["-g", "60", "-x264-params", "filler=1:scenecut=0", "-pix_fmt", "yuv420p", "-r", "30"]
    source = ["-re", "-stream_loop", "-1", "-i", CLIP]
    command = ["ffmpeg", "-loglevel", "error", *source, *picture, "-c:a", "aac", "-b:a", "128k", "-f", "flv"]
    peer = bench.programs.start([*command, server.url()], package="ffmpeg")
    bench.first_packet(server)
    cost = sum(_watch(peer.pid, seconds).values())
    peer.stop()
    server.stop()
    return cost
