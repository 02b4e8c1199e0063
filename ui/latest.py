"""Sending what changes fast (a drag, a fader): only the newest value of each thing, one call at a time."""

from __future__ import annotations

from collections.abc import Hashable

import msgspec
from PySide6.QtCore import QObject, Signal

from studio.media import StoaError
from ui.show import Show


class Latest(QObject):
    """`send` may be called as often as a mouse moves. `settled(key)` comes when all of a key was taken or refused."""

    settled = Signal(object)

    def __init__(self, show: Show) -> None:
        super().__init__()
        self._show = show
        self._next: dict[Hashable, tuple[str, msgspec.Struct]] = {}
        self._busy: set[Hashable] = set()

    def send(self, key: Hashable, method: str, params: msgspec.Struct) -> None:
        """Call `method` with these parameters, unless newer ones for `key` come before it is their turn."""
        self._next[key] = (method, params)
        if key not in self._busy:
            self._busy.add(key)
            self._show.start(self._drain(key))

    def is_busy(self, key: Hashable) -> bool:
        """Whether the engine has not yet answered the last value of `key`."""
        return key in self._busy

    async def _drain(self, key: Hashable) -> None:
        try:
            while key in self._next:
                method, params = self._next.pop(key)
                await self._show.call(method, params)
        except StoaError as error:
            self._next.pop(key, None)
            self._show.refused.emit(error)
        finally:
            self._busy.discard(key)
            self.settled.emit(key)
