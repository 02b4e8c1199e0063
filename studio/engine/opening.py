"""The show's encoder, opened where a driver that hangs does no harm.

While an encoder opens, PyAV keeps the interpreter's lock: in whichever thread a driver hung there, the program's clock
and the control API would hang with it. So hardware is opened in a child first, with the show's own settings and a
limit; only what answered there is opened here, in the encoding's own thread. Where one hung on air in this process, no
other is opened in it any more: it may be the same driver's under another name, and the thread that was left behind
there may hold what an opening waits for.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from encoders.registry import is_hardware
from encoders.settings import VideoSettings
from studio.engine.probe import rehearse_in_child
from studio.media import ErrorKind, StoaError
from studio.media.beside import beside
from studio.program.call_watch import left_behind
from studio.program.encoding import Encoding

LIMIT_S = 8.0
"""For the child, and again for the encoding's thread."""
KILL_GRACE_S = 2.0
"""A driver that hangs inside the system keeps its process from being killed: it is left behind after so long."""


class StoppedMeanwhile(StoaError):
    """Who started the show, or another, stopped it before its encoder was open."""

    def __init__(self) -> None:
        super().__init__(ErrorKind.CONFLICT, "It was stopped while its encoder was being opened.")


async def open_encoding(settings: VideoSettings, make: Callable[[VideoSettings], Encoding]) -> Encoding:
    """`make` an encoding and wait until its encoder is open; takes little more than 2 × `LIMIT_S` at most.

    Raises StoaError where it does not open; nothing is left of it then, nor where the caller is cancelled.
    """
    if is_hardware(settings.name):
        if left_behind:
            hung = left_behind[0].settings.name
            raise StoaError(
                ErrorKind.TIMEOUT,
                f"The encoder {hung} hung on air; no hardware encoder is tried again before Stoa is started anew.",
                remedy="Choose libx264, or start Stoa anew.",
            )
        await _rehearse(settings)
    encoding = make(settings)
    try:
        async with asyncio.timeout(LIMIT_S):
            await asyncio.wrap_future(encoding.opened)
    except TimeoutError:
        encoding.abandon()
        raise _hung(settings.name, LIMIT_S) from None
    except BaseException:
        encoding.abandon()
        raise
    return encoding


async def _rehearse(settings: VideoSettings) -> None:
    stopped = threading.Event()
    rehearsed = beside(
        lambda: rehearse_in_child(settings, limit_s=LIMIT_S, stopped=stopped.is_set), "encoder rehearsal"
    )
    try:
        async with asyncio.timeout(LIMIT_S + KILL_GRACE_S):
            await rehearsed
    except TimeoutError:
        raise _hung(settings.name, LIMIT_S) from None
    finally:
        stopped.set()


def _hung(name: str, limit_s: float) -> StoaError:
    return StoaError(
        ErrorKind.TIMEOUT,
        f"The encoder {name} did not open: it gave no answer within {limit_s:g} s.",
        remedy="Choose libx264; if its driver hangs, starting the computer anew frees it.",
    )
