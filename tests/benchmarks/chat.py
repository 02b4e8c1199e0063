"""The chat of a full house: 500 connected clients, 50 messages a second, over the real `stoa serve`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import cpu_per_second, cpu_times
from tests.benchmarks.serving import Serving

CLIENTS = 500
RATE = 50.0


def measure(bench: Bench) -> list[Figure]:
    """From a client's sending to the arrival at each client; every message at everyone, once and in order."""
    seconds = 10 if bench.short else 30
    server = Serving(bench)
    command = [sys.executable, "-m", "tests.benchmarks.chat_clients", "--base", server.base]
    command += ["--invite", server.invite(), "--clients", str(CLIENTS), "--rate", str(RATE), "--seconds", str(seconds)]
    folder = Path(__file__).parents[2]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder) as child:
        assert child.stdin is not None and child.stdout is not None
        assert child.stdout.readline() == "ready\n", "the clients did not all connect"
        before = cpu_times([server.people().pid])
        child.stdin.write("go\n")
        child.stdin.flush()
        found = json.loads(child.stdout.readline())
        found["people_cpu"] = round(cpu_per_second(before, cpu_times([server.people().pid]))["people"], 3)
    server.end()
    faults = found["missing"] + found["doubled"] + found["out_of_order"] + found["not_acknowledged"]
    return [
        Figure(
            f"chat: {CLIENTS} clients, all settled, {RATE:g} messages/s: median to arrive", found["median_ms"], "ms", 30
        ),
        Figure("the same, 95th percentile", found["p95_ms"], "ms", 80, detail=found),
        Figure("messages missing, doubled or out of order at a client", faults, "messages", 0),
    ]
