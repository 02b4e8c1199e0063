"""Call what may hang (a driver, a frozen server) on a thread of its own, and wait for it no longer than a limit."""

from __future__ import annotations

import threading
from collections.abc import Callable

from studio.media import StoaError


def within[Result](limit_s: float, call: Callable[[], Result], late: StoaError) -> Result:
    """What `call` gives or raises; raises `late` after `limit_s`, and the thread then stays behind."""
    results: list[Result] = []
    failures: list[BaseException] = []

    def attempt() -> None:
        try:
            results.append(call())
        except BaseException as failure:
            failures.append(failure)

    worker = threading.Thread(target=attempt, name="attempt", daemon=True)
    worker.start()
    worker.join(limit_s)
    if worker.is_alive():
        raise late
    if failures:
        raise failures[0]
    return results[0]


def ends_within(limit_s: float, call: Callable[[], object]) -> bool:
    """Whether `call` came back in time."""
    worker = threading.Thread(target=call, name="attempt", daemon=True)
    worker.start()
    worker.join(limit_s)
    return not worker.is_alive()
