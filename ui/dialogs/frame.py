"""What all dialogs share: a title, a body, a row of buttons, words for a refusal; open without a loop of their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from studio.media import StoaError
from ui.widgets.buttons import button
from ui.widgets.label import label


class Dialog(QDialog):
    """Window-modal; `open` returns at once. Subclasses fill `body` and call `add_buttons`."""

    def __init__(self, parent: QWidget | None, title: str, width_px: int = 440) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(width_px)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 20, 24, 20)
        outer.setSpacing(16)
        outer.addWidget(label(title, "title", wrap=True))
        self.body = QVBoxLayout()
        self.body.setSpacing(12)
        outer.addLayout(self.body, 1)
        self._problem = label("", "error", wrap=True)
        self._problem.setVisible(False)
        self._problem.setAccessibleName("Problem")
        outer.addWidget(self._problem)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        self._buttons.addStretch(1)
        outer.addLayout(self._buttons)

    def add_button(self, words: str, kind: str, on: Callable[[], object], *, default: bool = False) -> QPushButton:
        """A button at the bottom; `default` is the one that Enter presses."""
        made = button(words, kind, on=on)
        made.setDefault(default)
        self._buttons.addWidget(made)
        return made

    def say(self, error: StoaError | str) -> None:
        """Show why it did not work; "" hides it."""
        words = error if isinstance(error, str) else str(error)
        self._problem.setText(words)
        self._problem.setVisible(bool(words))
        self.fit()

    async def hand_in(self, press: QPushButton, sent: Awaitable[object]) -> None:
        """Wait for what `press` has sent: close when it is taken, else say why not and let it be sent again."""
        try:
            await sent
        except StoaError as error:
            if isValid(self):  # it may have been closed meanwhile
                press.setEnabled(True)
                self.say(error)
        else:
            if isValid(self):
                self.accept()

    def fit(self) -> None:
        """Grow where what is shown now needs more height: an open dialogue would squeeze its fields."""
        layout = self.layout()
        if layout is None or not self.isVisible():
            return
        layout.activate()
        tall = max(layout.totalHeightForWidth(self.width()), layout.totalMinimumSize().height())
        if tall > self.height():
            self.resize(self.width(), tall)

    @property
    def problem(self) -> str:
        """What `say` said last."""
        return self._problem.text()


class Question(Dialog):
    """Asks before something that cannot be undone. Enter and Escape both keep things as they are."""

    def __init__(
        self, parent: QWidget | None, title: str, words: str, keep: str, act: str, on: Callable[[], object]
    ) -> None:
        super().__init__(parent, title, 420)
        said = label(words, "soft", wrap=True)
        self.body.addWidget(said)
        self.setAccessibleDescription(words)
        self.keep = self.add_button(keep, "", self.reject, default=True)
        self._on = on
        self.act = self.add_button(act, "danger", self._act)
        self.keep.setFocus()

    def _act(self) -> None:
        self.accept()
        self._on()
