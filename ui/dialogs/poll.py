"""Asks for a question and its options, and opens the poll."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from ui.dialogs.form import form_of, form_row
from ui.dialogs.frame import Dialog
from ui.room import Room
from ui.widgets.label import label

OPTIONS = 10


class PollDialog(Dialog):
    """Each line of the lower field is an option."""

    def __init__(self, parent: QWidget | None, room: Room) -> None:
        super().__init__(parent, "Ask everyone", 440)
        self._room = room
        page = QWidget()
        form = form_of(page)
        self.question = QLineEdit()
        self.question.setMaxLength(200)
        self.question.setAccessibleName("Question")
        form_row(form, "Question", self.question)
        self.options = QPlainTextEdit()
        self.options.setTabChangesFocus(True)
        self.options.setFixedHeight(112)
        self.options.setAccessibleName(f"Options, one on each line, 2 to {OPTIONS}")
        form_row(form, "Options", self.options)
        form.addRow("", label(f"One on each line, 2 to {OPTIONS}", "small"))
        self.body.addWidget(page)
        self.body.addStretch(1)
        self.add_button("Cancel", "", self.reject)
        self.ask = self.add_button("Open poll", "primary", self._ask, default=True)
        self.question.setFocus()

    def _ask(self) -> None:
        question = self.question.text().strip()
        options = [line.strip() for line in self.options.toPlainText().splitlines() if line.strip()]
        if not question:
            self.say("Write the question.")
            self.question.setFocus()
        elif not 2 <= len(options) <= OPTIONS:
            self.say(f"A poll has 2 to {OPTIONS} options, and this one has {len(options)}. Write each on its own line.")
            self.options.setFocus()
        elif self._room.attendance is not None:
            self.ask.setEnabled(False)
            sent = self._room.attendance.chat("poll.open", question=question, options=options)
            self._room.start(self.hand_in(self.ask, sent))
