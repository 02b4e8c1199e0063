"""How long somebody may take part: camera, microphone, screen, chat and being here, each with an end of its own."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QWidget

from ui.dialogs.form import form_of, form_row
from ui.dialogs.frame import Dialog
from ui.room import Someone
from ui.widgets.label import label

SENT = {"camera": "Camera", "microphone": "Microphone", "screen": "Shared screen"}
ALWAYS = {"data": "Chat", "join": "Time in the session"}
LENGTHS: tuple[tuple[int | None, str], ...] = (
    (300, "5 minutes from now"),
    (900, "15 minutes from now"),
    (1800, "30 minutes from now"),
    (3600, "1 hour from now"),
    (7200, "2 hours from now"),
    (None, "No end"),
    (0, "Ends now"),
)
NOW_PX = 104

Ends = dict[str, int | None]
"""Seconds from now of each grant; None for no end."""


def grants_of(sends: bool) -> dict[str, str]:
    """What may have an end, in words. `sends`: they may send sound and picture."""
    return {**(SENT if sends else {}), **ALWAYS}


class TimesDialog(Dialog):
    """All ends go in one command; what stays "As it is" is not in it."""

    def __init__(self, parent: QWidget | None, someone: Someone, sends: bool, send: Callable[[Ends], object]) -> None:
        super().__init__(parent, f"How long may {someone.name} take part?", 460)
        self._send = send
        words = "When one runs out, that alone stops. They and the admins are told a minute and ten seconds before."
        self.body.addWidget(label(words, "soft", wrap=True))
        top = QWidget()
        form = form_of(top)
        self.all = _choice("All of it")
        form_row(form, "All of it", self.all)
        self.body.addWidget(top)
        rule = QFrame()
        rule.setObjectName("rule")
        self.body.addWidget(rule)
        page = QWidget()
        form = form_of(page)
        now = dict(someone.times)
        self.choices: dict[str, QComboBox] = {}
        for grant, name in grants_of(sends).items():
            told = now.get(grant, "no end")
            self.choices[grant] = _choice(f"{name}, now {told}")
            self.choices[grant].currentIndexChanged.connect(self._one_chosen)
            form_row(form, name, _beside(self.choices[grant], told))
        self.body.addWidget(page)
        self.body.addStretch(1)
        self.all.currentIndexChanged.connect(self._all_chosen)
        self.add_button("Cancel", "", self.reject)
        self.set = self.add_button("Set", "primary", self._set, default=True)
        self.all.setFocus()

    def _all_chosen(self, at: int) -> None:
        for each in self.choices.values():
            with QSignalBlocker(each):
                each.setCurrentIndex(at)

    def _one_chosen(self) -> None:
        chosen = {each.currentIndex() for each in self.choices.values()}
        with QSignalBlocker(self.all):
            self.all.setCurrentIndex(chosen.pop() if len(chosen) == 1 else 0)

    def _set(self) -> None:
        ends = {
            grant: LENGTHS[each.currentIndex() - 1][0]
            for grant, each in self.choices.items()
            if each.currentIndex() > 0
        }
        if not ends:
            self.say("Choose an end for something of it.")
            self.all.setFocus()
            return
        self.accept()
        self._send(ends)


def _choice(name: str) -> QComboBox:
    made = QComboBox()
    made.addItem("As it is")
    made.addItems([words for _, words in LENGTHS])
    made.setAccessibleName(name)
    return made


def _beside(choice: QComboBox, now: str) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    row.addWidget(choice, 1)
    told = label(now, "small")
    told.setMinimumWidth(NOW_PX)
    row.addWidget(told)
    return made
