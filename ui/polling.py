"""What is polled: meters, statistics, destinations' figures, the recording's size. Nothing while nobody looks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from studio.media import StoaError
from ui.show import Show

METERS_EVERY_S = 0.04
FIGURES_EVERY_S = 1.0


class Polling(QObject):
    """Asks the engine while `watching` says that the window is seen. One question of a kind at a time."""

    meters = Signal(object)
    statistics = Signal(object)

    def __init__(self, show: Show, watching: Callable[[], bool]) -> None:
        super().__init__()
        self._show = show
        self._watching = watching

    def begin(self) -> None:
        """Poll from now on; ends with the show's tasks."""
        self._show.start(self._every(METERS_EVERY_S, self._ask_meters))
        self._show.start(self._every(FIGURES_EVERY_S, self._ask_figures))

    async def _every(self, every_s: float, ask: Callable[[], object]) -> None:
        while True:
            if self._show.is_attached and self._watching():
                try:
                    await ask()  # type: ignore[misc]
                except StoaError:
                    pass  # the engine is going; the window says so elsewhere
            await asyncio.sleep(every_s)

    async def _ask_meters(self) -> None:
        if self._show.strips:
            self.meters.emit(await self._show.call("strip.meters"))

    async def _ask_figures(self) -> None:
        self.statistics.emit(await self._show.call("program.statistics"))
        self._show.take_destinations(await self._show.call("destination.list"))
        self._show.take_recording(await self._show.call("recording.status"))
