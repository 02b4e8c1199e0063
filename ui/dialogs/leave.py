"""Asked when the window is closed while the show is on air or recorded."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from ui.dialogs.frame import Dialog
from ui.widgets.label import label


class LeaveQuestion(Dialog):
    """Closing while on air or recording: stay, close the window only, or stop."""

    stop_chosen = Signal()
    keep_chosen = Signal()

    def __init__(self, parent: QWidget, *, live: bool, recording: bool) -> None:
        what = "on air and recording" if live and recording else "on air" if live else "recording"
        super().__init__(parent, f"You are {what}", 480)
        self.body.addWidget(
            label("The show can go on without the window: start Stoa again to get the window back.", "soft", wrap=True)
        )
        self.stop: QPushButton = self.add_button("Stop and close", "danger", self._stop)
        self.keep: QPushButton = self.add_button("Close the window only", "", self._keep)
        self.stay: QPushButton = self.add_button("Stay", "primary", self.reject, default=True)
        self.stay.setFocus()

    def _stop(self) -> None:
        self.accept()
        self.stop_chosen.emit()

    def _keep(self) -> None:
        self.accept()
        self.keep_chosen.emit()
