"""How many WHEP receivers one core of the media router serves: `whep_receivers`, as a figure."""

from __future__ import annotations

import asyncio

from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Figure
from tests.benchmarks.whep_receivers import measure as measure_receivers

RECEIVERS = 60


def measure(bench: Bench) -> list[Figure]:
    """60 receivers that decrypt and count; their number is the figure where no packet was lost on one core."""
    found = asyncio.run(measure_receivers(RECEIVERS, 8 if bench.short else 20))
    served = RECEIVERS if found["missing"] == 0 and found["without_packets"] == 0 else 0
    return [
        Figure("WHEP receivers of 2.5 Mb/s, no packet lost", served, "viewers", 60, least=True, detail=found),
    ]
