"""Keeps the canvas fed: opens a preview of the size that is shown, and again when that or the engine changes."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import QObject

from studio.control import api
from studio.media import StoaError
from ui.preview.canvas import Canvas
from ui.preview.reader import PreviewReader
from ui.show import Show

AGAIN_AFTER_S = 0.5


class Feed(QObject):
    """One preview at a time. Begins with the first `attached`."""

    def __init__(self, show: Show, canvas: Canvas) -> None:
        super().__init__()
        self._show, self._canvas = show, canvas
        self._asking = self._stopped = False
        self._asked_px = (0, 0)
        self.reader: PreviewReader | None = None
        show.attached.connect(lambda _: self._open())
        show.program_changed.connect(self._shape_changed)
        canvas.size_settled.connect(self._shape_changed)

    def stop(self) -> None:
        """No more pictures; for the end."""
        self._stopped = True
        self._canvas.use(None)

    def _wanted_px(self) -> tuple[int, int]:
        size = self._canvas.picture_size_px()
        program = self._show.program
        if program is None:
            return size.width(), size.height()
        return min(size.width(), program.width_px), min(size.height(), program.height_px)

    def _shape_changed(self) -> None:
        if self.reader is not None and self._wanted_px() != self._asked_px:
            self._open()

    def _open(self) -> None:
        if not self._asking and not self._stopped and self._show.is_attached:
            self._asking = True
            self._show.start(self._ask())

    async def _ask(self) -> None:
        try:
            while self._show.is_attached and not self._stopped:
                wanted = self._wanted_px()
                try:
                    info: api.PreviewInfo = await self._show.call("preview.open", api.PreviewOpen(*wanted))
                except StoaError:
                    await asyncio.sleep(AGAIN_AFTER_S)
                    continue
                self._asked_px = wanted
                self._use(info)
                if self._wanted_px() == wanted:
                    return
        finally:
            self._asking = False

    def _use(self, info: api.PreviewInfo) -> None:
        size = self._canvas.picture_size_px()
        self.reader = PreviewReader(info, size.width(), size.height())
        self.reader.ended.connect(self._ended)
        self._canvas.use(self.reader)

    def _ended(self) -> None:
        if self.sender() is self.reader and self._show.is_attached and not self._stopped:
            self._show.start(self._reopen())

    async def _reopen(self) -> None:
        await asyncio.sleep(AGAIN_AFTER_S)
        self._open()
