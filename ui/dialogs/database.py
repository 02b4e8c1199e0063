"""Where the session server keeps its data: a file of its own, or PostgreSQL, whose URL goes into the keyring unseen."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from shiboken6 import isValid

from studio.media import StoaError
from studio.session.kept_database import KeptDatabase
from ui.widgets.buttons import Choices
from ui.widgets.label import label

FILE, POSTGRESQL = "file", "postgresql"
CHOICES = ((FILE, "A file here"), (POSTGRESQL, "PostgreSQL"))
EXAMPLE = "postgresql://USER:PASSWORD@HOST/NAME"
NEXT = "It holds from the next start of Stoa on. A new database is empty; stoa backup and stoa restore move the data."


class DatabasePage(QWidget):
    """Takes effect by `save`. `load` fills it in; until then it cannot be changed. `changed`: it is taller or lower."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._kept = KeptDatabase()
        self._shown = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.where = Choices(CHOICES, "Data of the session server")
        self.where.chosen.connect(self._choose)
        column.addWidget(self.where)
        self.url = QLineEdit()
        self.url.setEchoMode(QLineEdit.EchoMode.Password)
        self.url.setMaxLength(2000)
        self.url.setAccessibleName("URL of the PostgreSQL database")
        column.addWidget(self.url)
        self.note = label(NEXT, "caption", wrap=True)
        column.addWidget(self.note)
        self._choose(FILE)
        self.setEnabled(False)

    def _choose(self, key: str) -> None:
        self._chosen = key
        self.where.set(key)
        self.url.setVisible(key == POSTGRESQL)
        self.note.setVisible((key == POSTGRESQL) is not bool(self._shown) or bool(self.url.text()))
        self.changed.emit()

    async def load(self) -> None:
        """What was chosen before. Raises StoaError."""
        found = await asyncio.to_thread(self._kept.shown)
        if isValid(self):
            self._shown = found
            self.url.setPlaceholderText(f"{found} (in the keyring)" if found else EXAMPLE)
            self._choose(POSTGRESQL if found else FILE)
            self.setEnabled(True)

    async def save(self) -> None:
        """Keep what is chosen. Raises StoaError: nothing is another then."""
        url = self.url.text().strip()
        if self._chosen == FILE and self._shown:
            await asyncio.to_thread(self._kept.forget)
        elif self._chosen == POSTGRESQL and (url or not self._shown):
            try:
                await asyncio.to_thread(self._kept.keep, url)
            except StoaError:
                if isValid(self):
                    self.url.setFocus()
                raise
