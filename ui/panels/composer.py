"""Where one writes in the chat: the field, who reads it, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from studio.media import StoaError
from ui.line import Line
from ui.panels.bubble import quoted
from ui.room import Presence, Room
from ui.widgets.buttons import icon_button
from ui.widgets.label import ElidedLabel, label

TEXT_CHARACTERS = 500
TYPING_EVERY_S = 3.0
PEOPLE = 100
EVERYONE, BACKSTAGE = 0, 1
"""The first two of the readers; each person comes after them."""


class Composer(QWidget):
    """Enter sends. What the server refuses stays in the field, with the reason."""

    def __init__(self, room: Room, clock_s: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._room, self._clock_s = room, clock_s
        self._sending = False
        self._reply: Line | None = None
        self._told_s = float("-inf")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.problem = label("", "error", wrap=True)
        self.problem.hide()
        column.addWidget(self.problem)
        self.answering = QFrame()
        self.answering.setObjectName("quote")
        answering = QHBoxLayout(self.answering)
        answering.setContentsMargins(8, 0, 0, 0)
        self.answered = ElidedLabel("", "small")
        answering.addWidget(self.answered, 1)
        answering.addWidget(icon_button("close", "Do not answer", on=self.no_answer))
        self.answering.hide()
        column.addWidget(self.answering)
        row = QHBoxLayout()
        row.setSpacing(6)
        self.text = QLineEdit()
        self.text.setMaxLength(TEXT_CHARACTERS)
        self.text.setAccessibleName("Chat message")
        self.text.returnPressed.connect(self.send)
        self.text.textEdited.connect(self._typed)
        row.addWidget(self.text, 1)
        self.reader = QComboBox()
        self.reader.addItem("Everyone", "")
        self.reader.addItem("Backstage", "")
        self.reader.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.reader.setMinimumContentsLength(7)
        self.reader.setAccessibleName("Who reads it")
        self.reader.setToolTip("Backstage is read by hosts, directors and admins only; one person reads it alone")
        self.reader.currentIndexChanged.connect(self.refresh)
        self.reader.activated.connect(self.no_answer)
        row.addWidget(self.reader)
        self.send_button = icon_button("send", "Send (Enter)", on=self.send)
        row.addWidget(self.send_button)
        column.addLayout(row)
        room.presence_changed.connect(self.refresh)
        room.people_changed.connect(self._people_changed)
        self.refresh()

    def refresh(self) -> None:
        """Say who reads it, and whether anything can be sent now."""
        joined = self._room.presence is Presence.JOINED
        for widget in (self.text, self.send_button, self.reader):
            widget.setEnabled(joined)
        person = self.reader.currentData()
        who = f"Write to {self.reader.currentText()} alone" if person else "Write to everyone"
        if self.reader.currentIndex() == BACKSTAGE:
            who = "Write backstage"
        self.text.setPlaceholderText(who if joined else "Not connected")

    def answer(self, line: Line) -> None:
        """Answer a message where it stands."""
        if line.partner:
            self.address(line.partner, line.partner_name)
        else:
            self.reader.setCurrentIndex(BACKSTAGE if line.backstage else EVERYONE)
        self._reply = line
        self.answered.setText(f"Answer to {quoted(line)}")
        self.answering.show()
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def no_answer(self) -> None:
        """Write for itself again."""
        self._reply = None
        self.answering.hide()

    def address(self, person: str, name: str) -> None:
        """Write to one person alone."""
        self.no_answer()
        if self.reader.findData(person) < 0:
            self.reader.addItem(name, person)
        self.reader.setCurrentIndex(self.reader.findData(person))
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def escape(self) -> None:
        """Take back one step: the answer, then the words."""
        if self._reply is not None:
            self.no_answer()
        else:
            self.text.clear()

    def send(self) -> None:
        """Send what is typed."""
        text = self.text.text().strip()
        if text and self._room.attendance is not None and not self._sending:
            self._sending = True
            self._room.start(self._send(text))

    async def _send(self, text: str) -> None:
        reply_to = self._reply.seq if self._reply is not None else 0
        backstage, to = self.reader.currentIndex() == BACKSTAGE, self.reader.currentData()
        try:
            assert self._room.attendance is not None
            await self._room.attendance.say(text, backstage=backstage, to=to, reply_to=reply_to)
        except StoaError as error:
            self._say(str(error))
        else:
            self._say("")
            self._told_s = float("-inf")
            if self.text.text().strip() == text:
                self.text.clear()
                self.no_answer()
        finally:
            self._sending = False

    def _say(self, problem: str) -> None:
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))

    def _typed(self) -> None:
        """Tell the others now and then that somebody writes; of private words nobody is told."""
        now_s = self._clock_s()
        attendance = self._room.attendance
        if not self.text.text().strip() or self.reader.currentData() or now_s - self._told_s < TYPING_EVERY_S:
            return
        self._told_s = now_s
        if attendance is not None:
            channel = "backstage" if self.reader.currentIndex() == BACKSTAGE else "all"
            self._room.start(self._tell_typing(channel))

    async def _tell_typing(self, channel: str) -> None:
        try:
            assert self._room.attendance is not None
            await self._room.attendance.chat("chat.typing", channel=channel)
        except StoaError:
            return  # nobody misses it

    def _people_changed(self) -> None:
        people = sorted((one for one in self._room.people if one.present and not one.me), key=lambda one: one.name)
        wanted = [(one.name, one.id) for one in people[:PEOPLE]]
        kept = (self.reader.currentText(), self.reader.currentData())
        if kept[1] and kept[1] not in [person for _, person in wanted]:
            wanted.append(kept)
        there = [(self.reader.itemText(at), self.reader.itemData(at)) for at in range(2, self.reader.count())]
        if there == wanted:
            return
        self.reader.blockSignals(True)
        while self.reader.count() > 2:
            self.reader.removeItem(2)
        for name, person in wanted:
            self.reader.addItem(name, person)
        if kept[1]:
            self.reader.setCurrentIndex(self.reader.findData(kept[1]))
        self.reader.blockSignals(False)
        self.refresh()
