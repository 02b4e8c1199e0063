"""How long to wait before the next try."""

from __future__ import annotations

from collections.abc import Sequence


class Backoff:
    """Delays that grow with each failure in a row, and begin anew after `settle_s` of health."""

    def __init__(self, delays_s: Sequence[float] = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0), *, settle_s: float = 10.0) -> None:
        self._delays_s = tuple(delays_s)
        self._settle_ns = int(settle_s * 1e9)
        self._failures = 0

    def after_failure(self, healthy_ns: int) -> float:
        """Seconds to wait after a life of `healthy_ns`."""
        if healthy_ns >= self._settle_ns:
            self._failures = 0
        delay_s = self._delays_s[min(self._failures, len(self._delays_s) - 1)]
        self._failures += 1
        return delay_s

    def reset(self) -> None:
        """Begin anew."""
        self._failures = 0
