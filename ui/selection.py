"""What the person has chosen: one source, and one of its placements where it has any."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from ui.show import Show


class Selection(QObject):
    """Kept true as sources and placements come and go. "" is none."""

    changed = Signal()

    def __init__(self, show: Show) -> None:
        super().__init__()
        self._show = show
        self.source = ""
        self.placement = ""
        show.sources_changed.connect(self._mend)
        show.scene_changed.connect(self._mend)

    def choose_source(self, source: str) -> None:
        """Choose a source, with its front placement."""
        front = next((one.id for one in reversed(self._show.placements) if one.source == source), "")
        self._set(source, front)

    def choose_placement(self, placement_id: str) -> None:
        """Choose a placement, with its source; "" chooses nothing."""
        placement = self._show.placement(placement_id)
        self._set("" if placement is None else placement.source, "" if placement is None else placement.id)

    def _set(self, source: str, placement: str) -> None:
        if (source, placement) != (self.source, self.placement):
            self.source, self.placement = source, placement
            self.changed.emit()

    def _mend(self) -> None:
        if self.source and self.source not in self._show.sources:
            self._set("", "")
        elif self.source and self._show.placement(self.placement) is None:
            self.choose_source(self.source)
