"""Frames lagged and skipped in a 5-minute show, and how often the machine itself stood still meanwhile."""

from __future__ import annotations

import subprocess
import sys

from tests.benchmarks.bench import CLIP, Bench
from tests.benchmarks.figures import Figure

FRAME_S = 1 / 30


def measure(bench: Bench) -> list[Figure]:
    """A headless 720p30 show. A lagged frame counts unless the heartbeat outside Stoa stalled at that moment."""
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
    lines, _ = beat.communicate("")
    stalls = [(float(began), float(length)) for began, length in map(str.split, lines.splitlines())]
    server.stop()
    explained = sum(
        any(began <= tick_ns / 1e9 + FRAME_S and tick_ns / 1e9 <= began + length for began, length in stalls)
        for tick_ns in told["lagged_at_ns"]
    )
    return [
        Figure(
            f"lagged or skipped in {seconds} s of 720p30, headless, while the machine ran",
            int(told["lagged"]) - explained + int(told["skipped"]),
            "frames",
            0,
            detail={
                "lagged": told["lagged"],
                "lagged_while_the_machine_stood_still": explained,
                "skipped": told["skipped"],
                "dropped": told["destinations"][0]["dropped"],
                "stalls_over_10_ms": len(stalls),
                "stalls_over_a_frame": sum(length > FRAME_S for _, length in stalls),
                "longest_stall_ms": max((length * 1000 for _, length in stalls), default=0.0),
            },
        )
    ]
