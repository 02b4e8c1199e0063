"""The audit log of the session: read, filtered, saved as CSV. What happens meanwhile comes on top."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget
from shiboken6 import isValid

from studio.media import ErrorKind, StoaError
from studio.session import AuditDesk, AuditWanted
from ui import words
from ui.audit_words import KINDS, OUTCOMES, whole
from ui.dialogs.frame import Dialog
from ui.dialogs.saving import ask_where, write
from ui.panels.audit_table import AuditModel, AuditTable
from ui.room import Room
from ui.widgets.empty import EmptyState
from ui.widgets.label import label

PAGE = 500
TYPING_MS, SOON_MS = 300, 400
SPANS = ((1, "Today"), (7, "The last 7 days"), (30, "The last 30 days"), (0, "From the beginning"))
USUAL_SPAN = 1
NAME = "audit-log.csv"


class AuditDialog(Dialog):
    """For who has the right read_audit. `now` is the clock by which the days are counted."""

    def __init__(
        self, parent: QWidget | None, room: Room, now: Callable[[], datetime] = lambda: datetime.now().astimezone()
    ) -> None:
        super().__init__(parent, "Audit log", 860, scrolls=True)
        self._room, self._now = room, now
        self._turn = self._last = 0
        self._reading = False
        row = QHBoxLayout()
        row.setSpacing(8)
        self.person = QLineEdit()
        self.person.setMaxLength(100)
        self.person.setPlaceholderText("Who or whom: a name, whole or in part")
        self.person.setAccessibleName("Who or whom")
        self.person.setClearButtonEnabled(True)
        row.addWidget(self.person, 1)
        self.kind = _choice("What", KINDS)
        self.outcome = _choice("Outcome", OUTCOMES)
        self.span = _choice("Since when", SPANS)
        self.span.setCurrentIndex(USUAL_SPAN)
        for each in (self.kind, self.outcome, self.span):
            row.addWidget(each)
            each.currentIndexChanged.connect(lambda _: self._again())
        self.body.addLayout(row)
        self.lines = AuditModel()
        self.table = AuditTable(self.lines)
        self.table.setMinimumHeight(200)
        self.table.hide()
        self.body.addWidget(self.table, 1)
        self.empty = EmptyState("search", "Asking the server", "This takes a moment.")
        self.empty.setMinimumHeight(200)
        self.body.addWidget(self.empty, 1)
        self.said = label("", "small", wrap=True)
        self.said.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.said.setMinimumHeight(34)
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self.said)
        self.save = self.add_button("Save as CSV…", "", self._choose_file)
        self.add_button("Close", "", self.reject, default=True)
        self.resize(self.width(), 560)
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._typing.timeout.connect(self._again)
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._read_on)
        self.person.textChanged.connect(self._typing.start)
        self.person.returnPressed.connect(self._again)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._tell())
        for happened in (room.people_changed, room.line_added, room.agenda.changed):
            happened.connect(self._soon.start)  # the log will have it
        self._again()

    @property
    def wanted(self) -> AuditWanted:
        """What the lines must have."""
        days: int = self.span.currentData()
        since = ""
        if days:
            midnight = self._now().replace(hour=0, minute=0, second=0, microsecond=0)
            since = (midnight - timedelta(days=days - 1)).isoformat()
        return AuditWanted(self.person.text().strip(), self.kind.currentData(), self.outcome.currentData(), since)

    # -- reading -----------------------------------------------------------------------------------------------------

    def _again(self) -> None:
        """Another filter: what is listed goes, and what is on its way is not listed any more."""
        self._typing.stop()
        self._turn += 1
        self._last = 0
        self._reading = False
        self.lines.clear()
        self._read_on()

    def _read_on(self) -> None:
        if self._reading:
            self._soon.start()
            return
        self._reading = True
        self._room.start(self._read(self._turn))

    async def _read(self, turn: int) -> None:
        problem: StoaError | str = ""
        try:
            desk, wanted, more = self._desk(), self.wanted, True
            while more:
                entries, more = await desk.page(wanted, after=self._last, limit=PAGE)
                if not isValid(self) or turn != self._turn:
                    return
                self.lines.add(entries)
                self._last = entries[-1].number if entries else self._last
                more = more and bool(entries)
        except StoaError as error:
            problem = error
        if isValid(self) and turn == self._turn:
            self._reading = False
            self.say(problem)
            self._show(bool(problem))

    def _show(self, failed: bool) -> None:
        count = len(self.lines.entries)
        self.table.setVisible(count > 0)
        self.empty.setVisible(count == 0)
        self.save.setEnabled(count > 0)
        if failed:
            self.empty.set_words("search", "The log is not there", "The words below say why.")
        else:
            self.empty.set_words("search", "Nothing like this", "No line of the log fits. Look further back.")
        self._tell()

    def _tell(self) -> None:
        """The chosen line in full, or how many there are."""
        chosen = self.table.chosen
        count = len(self.lines.entries)
        self.said.setText(whole(chosen) if chosen else words.count(count, "line") if count else "")

    # -- saving ------------------------------------------------------------------------------------------------------

    def _choose_file(self) -> None:
        ask_where(self, "Save the audit log", NAME, "CSV (*.csv)", self.save_to)

    def save_to(self, file: Path) -> None:
        """The lines that the filter lets through, with their hashes, as a file."""
        self.save.setEnabled(False)
        self._room.start(self._save(file))

    async def _save(self, file: Path) -> None:
        told: StoaError | str = ""
        try:
            await write(file, await self._desk().csv(self.wanted))
        except StoaError as error:
            told = error
        if isValid(self):
            self.save.setEnabled(True)
            self.say(told)
            if not told:
                self.said.setText(f"Saved in {file}.")

    def _desk(self) -> AuditDesk:
        if self._room.attendance is None:
            raise StoaError(ErrorKind.LOST, "The session is not there at present.", remedy="It comes back by itself.")
        return self._room.attendance.audit_log


def _choice(name: str, choices: tuple[tuple[object, str], ...]) -> QComboBox:
    made = QComboBox()
    made.setAccessibleName(name)
    for key, said in choices:
        made.addItem(said, key)
    return made
