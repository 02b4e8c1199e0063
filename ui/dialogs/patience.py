"""A button that waits: for an answer, or for as long as the server said after too many attempts."""

from __future__ import annotations

import math

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QPushButton


class Patience(QObject):
    """Belongs to its button: cannot be pressed meanwhile, says why, and counts the seconds down."""

    def __init__(self, pressed: QPushButton) -> None:
        super().__init__(pressed)
        self._button = pressed
        self._words = pressed.text()
        self._left_s = 0
        self._timer = QTimer(self, interval=1000)
        self._timer.timeout.connect(self._tick)

    def set_busy(self, words: str) -> None:
        """What it says while an answer is awaited; empty once it came."""
        self._button.setText(words or self._words)
        self._button.setEnabled(not words)

    def wait(self, seconds: float) -> None:
        """Nothing for 0."""
        self._left_s = math.ceil(seconds)
        if self._left_s > 0:
            self._timer.start()
            self._tell()

    def _tick(self) -> None:
        self._left_s -= 1
        self._tell()

    def _tell(self) -> None:
        if self._left_s > 0:
            self._button.setEnabled(False)
            self._button.setText(f"Wait {self._left_s} s")
        else:
            self._timer.stop()
            self.set_busy("")
