"""How often one person or one address may do a thing."""

from __future__ import annotations

from collections import OrderedDict

from studio.media.clock import NS_PER_S, Clock
from studio.server.api import ErrorCode
from studio.server.errors import Refusal


class RateLimit:
    """A bucket of `burst` turns for each key, refilled by `per_s`. Of `capacity` keys the longest unused goes first."""

    def __init__(self, clock: Clock, *, burst: int, per_s: float, capacity: int = 4096) -> None:
        self._clock = clock
        self._burst = float(burst)
        self._per_s = per_s
        self._capacity = capacity
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def wait_s(self, key: str) -> float:
        """Take a turn and return 0, or return how long to wait for one."""
        now_ns = self._clock.now_ns()
        turns, at_ns = self._buckets.pop(key, (self._burst, now_ns))
        turns = min(self._burst, turns + (now_ns - at_ns) / NS_PER_S * self._per_s)
        taken = turns >= 1.0
        self._buckets[key] = (turns - 1.0 if taken else turns, now_ns)
        while len(self._buckets) > self._capacity:
            self._buckets.popitem(last=False)
        return 0.0 if taken else (1.0 - turns) / self._per_s

    def give_back(self, key: str) -> None:
        """The turn that was taken just now came to nothing: it is there again."""
        turns, at_ns = self._buckets.get(key, (self._burst, self._clock.now_ns()))
        self._buckets[key] = (min(self._burst, turns + 1.0), at_ns)

    def check(self, key: str, message: str) -> None:
        """Take a turn. Raises Refusal(TOO_FAST) with `message` where there is none."""
        wait_s = self.wait_s(key)
        if wait_s > 0:
            seconds = max(1, round(wait_s + 0.5))
            unit = "second" if seconds == 1 else "seconds"
            raise Refusal(ErrorCode.TOO_FAST, message, f"Try again in {seconds} {unit}.", retry_after_s=seconds)
