"""Python's search for reference cycles, in the window's thread alone.

It begins in whichever thread happens to allocate. A closed dialogue with a cycle in it would so be taken apart in the
preview's or a worker's thread, and Qt objects that die outside their own thread take the process with them.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

LOOK_EVERY_MS = 1000


class Garbage(QObject):
    """Collects when Python itself would, from the time on that it is made in the window's thread."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=LOOK_EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Collect the oldest generation that is due; nothing where none is."""
        counts, most = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > most[generation]:
                gc.collect(generation)
                return
