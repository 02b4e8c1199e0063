"""Frames lagged and skipped in a 5-minute show, and how often the machine itself stood still meanwhile."""

from __future__ import annotations

import subprocess
import sys

from tests.benchmarks.bench import CLIP, Bench
from tests.benchmarks.figures import Figure


def measure(bench: Bench) -> list[Figure]:
    """A headless 720p30 show; what a stall of the heartbeat outside Stoa explains is printed beside it."""
    seconds = 30 if bench.short else 300
    server = bench.nginx()
    beat = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.heartbeat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    show = bench.show("--video", f"file:{CLIP}", "--to", server.url(), "--duration", str(seconds))
    told = show.result(seconds + 60, status=None)
    stalls, _ = beat.communicate("")
    lengths_ms = [float(line.split()[1]) * 1000 for line in stalls.splitlines()]
    server.stop()
    lost = int(told["lagged"]) + int(told["skipped"])
    long = sum(length > 33 for length in lengths_ms)
    return [
        Figure(
            f"lagged or skipped in {seconds} s of 720p30, headless",
            lost,
            "frames",
            0,
            detail={
                "lagged": told["lagged"],
                "skipped": told["skipped"],
                "dropped": told["destinations"][0]["dropped"],
                "stalls_over_10_ms": len(lengths_ms),
                "stalls_over_a_frame": long,
                "longest_stall_ms": max(lengths_ms, default=0.0),
            },
        )
    ]
