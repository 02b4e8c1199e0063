"""What all dialogs share: a title, a body, a row of buttons, words for a refusal; open without a loop of their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget
from shiboken6 import isValid

from studio.media import StoaError
from ui.widgets.buttons import button
from ui.widgets.label import label

SIDE_PX = 24
FRAME_PX = 48
"""For the desktop's frame around a dialogue."""
LEAST_PX = 96
"""So much of the body is seen at least."""


class Body(QScrollArea):
    """What a dialogue holds. It asks for little: `Dialog.fit` gives it what it needs, as far as the screen has it."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.inside = QWidget()
        self.setWidget(self.inside)

    def needs_px(self, width_px: int) -> int:
        """The height at which nothing has to be scrolled."""
        inside = self.inside
        layout = inside.layout()
        if layout is not None:
            layout.activate()
        least = inside.minimumSizeHint().height()
        return max(least, inside.heightForWidth(width_px) if inside.hasHeightForWidth() else inside.sizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(self.inside.sizeHint().width(), min(LEAST_PX, self.inside.minimumSizeHint().height()))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.inside.minimumSizeHint().width(), self.sizeHint().height())

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() is QEvent.Type.LayoutRequest:
            self.updateGeometry()
            self._choose_bar()
        return done

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._choose_bar()
        super().resizeEvent(event)

    def _choose_bar(self) -> None:
        """A bar that is there makes words wrap earlier, for which there has to be a bar: none where all fits."""
        fits = self.needs_px(self.width()) <= self.height()
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOff if fits else Qt.ScrollBarPolicy.ScrollBarAsNeeded
        if policy is not self.verticalScrollBarPolicy():
            self.setVerticalScrollBarPolicy(policy)


class Dialog(QDialog):
    """Window-modal; `open` returns at once. Subclasses fill `body` and call `add_buttons`.

    On a screen that is too small the body scrolls, between the title and the buttons; one that `scrolls` by itself
    (a list) only gets smaller.
    """

    def __init__(self, parent: QWidget | None, title: str, width_px: int = 440, *, scrolls: bool = False) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(width_px)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(SIDE_PX, 20, SIDE_PX, 20)
        outer.setSpacing(16)
        outer.addWidget(label(title, "title", wrap=True))
        self.body = QVBoxLayout()
        self.body.setSpacing(12)
        self._scrolled: Body | None = None
        if scrolls:
            outer.addLayout(self.body, 1)
        else:
            self._scrolled = Body()
            self.body.setContentsMargins(0, 0, 0, 0)
            self._scrolled.inside.setLayout(self.body)
            outer.addWidget(self._scrolled, 1)
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

    def fit(self, *, anew: bool = False) -> None:
        """Grow where what is shown now needs more height: an open dialogue would squeeze its fields. Not beyond the
        screen. `anew`: get smaller too.
        """
        layout = self.layout()
        if layout is None or not self.isVisible():
            return
        if self._scrolled is not None:
            self._scrolled.updateGeometry()  # what its layout remembers of it may be of before
        layout.activate()
        tall = max(layout.totalHeightForWidth(self.width()), layout.totalMinimumSize().height())
        if self._scrolled is not None:
            tall += self._scrolled.needs_px(self.width() - 2 * SIDE_PX) - self._scrolled.sizeHint().height()
        tall = min(max(tall, self.minimumHeight()), self.screen().availableGeometry().height() - FRAME_PX)
        if anew or tall > self.height():
            self.resize(self.width(), tall)

    def showEvent(self, event: QShowEvent) -> None:
        self.fit(anew=self._scrolled is not None)  # before it is placed
        super().showEvent(event)
        QTimer.singleShot(0, self, self.fit)  # and once all of it has its final fonts

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
