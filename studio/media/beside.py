"""Blocking work beside the event loop that may never end: a driver that hangs, a keyring that waits for its person."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future


def beside[Result](work: Callable[[], Result], name: str) -> asyncio.Future[Result]:
    """Run it in a thread of its own, which the end of the process does not wait for (`asyncio.to_thread` does, and its
    few threads would be taken). Cancelling the answer leaves the work to itself. Belongs to the event loop."""
    told: Future[Result] = Future()
    told.set_running_or_notify_cancel()

    def run() -> None:
        try:
            told.set_result(work())
        except BaseException as cause:
            told.set_exception(cause)

    threading.Thread(target=run, name=name, daemon=True).start()
    return asyncio.wrap_future(told)
