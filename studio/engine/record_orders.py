"""An admin's order to record, as the window's button does it, and what really happened in words."""

from __future__ import annotations

from pathlib import Path

from studio.engine.engine import Engine
from studio.engine.recordings import OUTLET
from studio.media import StoaError

DONE, ALREADY, FAILED = "done", "already", "failed"
BEGIN_LIMIT_S = 6.0
"""Shorter than the server waits for an answer."""


async def record_start(engine: Engine) -> tuple[str, str]:
    """Begin a file of the library. Returns the outcome and its words once the file holds a picture, or cannot."""
    desk = engine.recordings
    if desk.active:
        return ALREADY, f"It records already, to {Path(desk.path).name}."
    try:
        async with engine.going:
            await desk.start()
    except StoaError as error:
        return FAILED, f"{error.message} {error.remedy}".strip()
    info = await desk.begun(BEGIN_LIMIT_S)
    name = Path(info.path).name
    if info.problem is not None:
        return FAILED, f"{info.problem.words} {info.problem.remedy}".strip()
    if not desk.has_begun:
        why = "nothing has been written yet" if info.active else "it was stopped before anything was written"
        return FAILED, f"The recorder was started, but {why}."
    return DONE, f"It records to {name}."


async def record_stop(engine: Engine) -> tuple[str, str]:
    """Close the file in place. Returns the outcome and its words."""
    desk = engine.recordings
    if not desk.active:
        engine.show.give_up(OUTLET)
        return ALREADY, "Nothing is recorded."
    engine.show.give_up(OUTLET)
    async with engine.going:
        await engine.stop_recording()
    info = desk.info()
    if info.problem is not None:
        return FAILED, f"{info.problem.words} {info.problem.remedy}".strip()
    return DONE, f"{Path(info.path).name} is closed and kept."
