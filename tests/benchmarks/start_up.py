"""From the command to the first packet at the RTMP server, and the memory of all processes."""

from __future__ import annotations

import statistics
import time

from tests.benchmarks.bench import CARD, CLIP, Bench
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import pss_mb

SETTLE_S = 8.0


def measure(bench: Bench) -> list[Figure]:
    """Starts after the first (which warms the disk's cache), and memory of one of them."""
    times = [_start(bench) for _ in range(3 if bench.short else 6)][1:]
    server = bench.nginx()
    show = bench.show("--video", f"file:{CLIP}", "--to", server.url())
    bench.first_packet(server)
    time.sleep(SETTLE_S)
    memory = pss_mb([show.pid])
    bench.end(show)
    server.stop()
    return [
        Figure(
            "command to first packet at the RTMP server, second start",
            statistics.median(times),
            "s",
            1.5,
            detail={"all": times},
        ),
        Figure(
            "memory, headless, one destination (PSS)", sum(memory.values()), "MB", 350, detail={"by_process": memory}
        ),
    ]


def _start(bench: Bench) -> float:
    server = bench.nginx()
    began = time.monotonic()
    show = bench.show(*CARD, "--to", server.url())
    while not server.recordings("show"):
        time.sleep(0.005)
        assert time.monotonic() - began < 30, "no packet within 30 s"
    taken = time.monotonic() - began
    bench.end(show)
    server.stop()
    return taken
