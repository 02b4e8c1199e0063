"""The rules of the chat: slow mode, links, reading first, unwanted words, the host's own commands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QCheckBox, QPlainTextEdit, QWidget

from ui.dialogs.form import form_of, form_row
from ui.dialogs.frame import Dialog
from ui.room import Room
from ui.widgets.label import label
from ui.widgets.number import number_field

if TYPE_CHECKING:
    from studio.session import ChatRulesData

SLOW_LIMIT_S = 3600
COOL_DOWN_S = 10
COMMAND = re.compile(r"!?(\S+)\s+(?:(\d{1,4})\s+)?(\S.*)")


class ChatRulesDialog(Dialog):
    """Shows the rules as they are, and sets all of them anew."""

    def __init__(self, parent: QWidget | None, room: Room, rules: ChatRulesData) -> None:
        super().__init__(parent, "Rules of the chat", 480)
        self._room = room
        self.body.addWidget(label("They hold for the audience, not for those who run the session.", "soft", wrap=True))
        page = QWidget()
        form = form_of(page)
        self.slow = number_field("Seconds between two messages of one person", 0, SLOW_LIMIT_S, " s")
        self.slow.setSpecialValueText("off")
        self.slow.setValue(rules.slow_s)
        form_row(form, "Slow mode", self.slow)
        self.links = QCheckBox("Links are allowed")
        self.links.setChecked(rules.links)
        form.addRow("", self.links)
        self.hold = QCheckBox("Read each message before it appears")
        self.hold.setChecked(rules.hold)
        form.addRow("", self.hold)
        self.words = _lines("Words that are not wanted, one on each line", "\n".join(rules.words))
        form_row(form, "Not wanted", self.words)
        form.addRow("", label("One word on each line. With * at its end: all words that begin so.", "small", wrap=True))
        commands = "\n".join(f"!{one.name} {one.cool_down_s} {one.answer}" for one in rules.commands)
        self.commands = _lines("Commands, one on each line: name, seconds, answer", commands)
        form_row(form, "Commands", self.commands)
        hint = "One on each line: !name, seconds until it is answered again, the answer."
        form.addRow("", label(hint, "small", wrap=True))
        self.body.addWidget(page)
        self.body.addStretch(1)
        self.add_button("Cancel", "", self.reject)
        self.save = self.add_button("Save", "primary", self._save, default=True)
        self.slow.setFocus()

    def _save(self) -> None:
        self.slow.interpretText()
        commands: list[dict[str, Any]] = []
        for line in _written(self.commands):
            found = COMMAND.fullmatch(line)
            if found is None:
                self.say("A command needs a name and an answer. Write it as: !rules 30 Be kind to each other.")
                self.commands.setFocus()
                return
            name, seconds, answer = found.groups()
            commands.append({"name": name, "answer": answer, "cool_down_s": int(seconds or COOL_DOWN_S)})
        rules = {
            "slow_s": self.slow.value(),
            "links": self.links.isChecked(),
            "hold": self.hold.isChecked(),
            "words": _written(self.words),
            "commands": commands,
        }
        if self._room.attendance is not None:
            self.save.setEnabled(False)
            sent = self._room.attendance.chat("chat.rules", **rules)
            self._room.start(self.hand_in(self.save, sent))


def _lines(name: str, text: str) -> QPlainTextEdit:
    made = QPlainTextEdit(text)
    made.setTabChangesFocus(True)
    made.setFixedHeight(88)
    made.setAccessibleName(name)
    return made


def _written(field: QPlainTextEdit) -> list[str]:
    return [line.strip() for line in field.toPlainText().splitlines() if line.strip()]
