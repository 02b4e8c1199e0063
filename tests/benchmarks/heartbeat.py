"""A heartbeat of 1 ms outside Stoa: where it stalls, the machine itself stood still.

`python -m tests.benchmarks.heartbeat` prints the monotonic instant and length of each stall until its input closes.
"""

from __future__ import annotations

import sys
import threading
import time

BEAT_S = 0.001
STALL_S = 0.010


def main() -> None:
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    last = time.monotonic()
    while not over.is_set():
        time.sleep(BEAT_S)
        now = time.monotonic()
        if now - last > STALL_S:
            print(f"{last:.4f} {now - last:.4f}", flush=True)
        last = now


if __name__ == "__main__":
    main()
