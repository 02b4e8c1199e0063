"""All links of the session: for viewers and for hosts. Made, copied, shown as a QR code, taken back."""

from __future__ import annotations

from collections.abc import Coroutine
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget
from shiboken6 import isValid

from studio.media import StoaError
from ui.dialogs.frame import Dialog, Question
from ui.room import ROLES, Link, Room
from ui.widgets.buttons import button
from ui.widgets.label import ElidedLabel, label
from ui.widgets.qr import QrCode

FOR = {"viewer": "Viewers", "broadcaster": "A host"}


class LinkRow(QFrame):
    """One link. One that is good for a host is told once, when it is made: copy it then."""

    def __init__(self, dialog: LinksDialog, link: Link) -> None:
        super().__init__()
        self.setObjectName("row")
        self.setProperty("kind", "strip")
        self.link = link
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 8)
        column.setSpacing(4)
        whom = FOR.get(link.role, ROLES.get(link.role, link.role))
        if link.account:
            whom = f"An account: {ROLES.get(link.role, link.role)}"
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(label(whom, "heading"))
        if link.label:
            head.addWidget(label(link.label, "caption"))
        head.addWidget(ElidedLabel(link.facts, "small"), 1)
        column.addLayout(head)
        row = QHBoxLayout()
        row.setSpacing(8)
        if link.url:
            self.field = QLineEdit(link.url)
            self.field.setReadOnly(True)
            self.field.setCursorPosition(0)
            self.field.setAccessibleName(f"Link for {whom.lower()}")
            row.addWidget(self.field, 1)
            self.copy = button("Copy", icon_name="copy", on=self._copy)
            row.addWidget(self.copy)
            if link.role == "viewer" and not link.account and dialog.may_draw:
                self._offer_code(dialog, row, column)
        else:
            row.addWidget(label("It was shown once, when it was made.", "small"), 1)
        self.back = button("Take back…", "quiet", on=partial(dialog.ask_back, link))
        self.back.setAccessibleName(f"Take back the link for {whom.lower()}, {link.facts}")
        row.addWidget(self.back)
        column.insertLayout(1, row)

    def _offer_code(self, dialog: LinksDialog, row: QHBoxLayout, column: QVBoxLayout) -> None:
        self.draw = button("QR code", "quiet", on=partial(dialog.draw, self))
        self.draw.setCheckable(True)
        self.draw.setAccessibleName(f"QR code of this link, {self.link.facts}")
        row.addWidget(self.draw)
        self.qr = QrCode()
        self.qr.hide()
        column.addWidget(self.qr, 0, Qt.AlignmentFlag.AlignHCenter)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.link.url)
        self.copy.setText("Copied")


class LinksDialog(Dialog):
    """Open it with `begin`, which asks the server first."""

    def __init__(self, parent: QWidget | None, room: Room) -> None:
        super().__init__(parent, "Links", 560, scrolls=True)
        self._room = room
        self._told: dict[str, Link] = {}
        self.rows: list[LinkRow] = []
        makers = QHBoxLayout()
        makers.setSpacing(8)
        self.for_viewers = button("New link for viewers", icon_name="plus", on=partial(self._make, "viewer"))
        self.for_host = button("New link for a host", icon_name="plus", on=partial(self._make, "broadcaster"))
        for maker, right in ((self.for_viewers, "invite_viewer"), (self.for_host, "invite_broadcaster")):
            maker.setVisible(right in room.rights)
            makers.addWidget(maker)
        makers.addStretch(1)
        self.body.addLayout(makers)
        area = self._area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setMinimumHeight(280)
        inside = QWidget()
        self._list = QVBoxLayout(inside)
        self._list.setContentsMargins(0, 0, 6, 0)
        self._list.setSpacing(6)
        self.none = label("No links yet. Make one, and send it to the people who shall watch.", "soft", wrap=True)
        self._list.addWidget(self.none)
        self._list.addStretch(1)
        area.setWidget(inside)
        self.body.addWidget(area, 1)
        self.add_button("Close", "", self.reject, default=True).setFocus()

    @property
    def may_draw(self) -> bool:
        """Whether the server draws QR codes for the person at the window."""
        return "invite_viewer" in self._room.rights

    def draw(self, row: LinkRow) -> None:
        """Its link as a QR code; put away by a second press."""
        if row.draw.isChecked():
            self._run(self._draw(row))
        else:
            row.qr.set("")

    def begin(self) -> None:
        """Ask for the links, and open."""
        self._run(self._show())
        self.open()

    def ask_back(self, link: Link) -> None:
        """Take it back, after a question."""
        words = (
            "No account can be made by it any more."
            if link.account
            else "It opens nothing any more, and everyone who came by it is out at once."
        )
        Question(self, "Take this link back?", words, "Keep it", "Take back", partial(self._take_back, link)).open()

    def _take_back(self, link: Link) -> None:
        self._run(self._drop(link))

    def _make(self, role: str) -> None:
        self._run(self._add(role))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._room.start(self._guarded(work))

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except StoaError as error:
            if isValid(self):  # it may have been closed meanwhile
                self.say(error)
        else:
            if isValid(self):
                self.say("")

    async def _add(self, role: str) -> None:
        assert self._room.attendance is not None
        made = await self._room.attendance.new_link(role)
        self._told[made.id] = made
        await self._show()
        if isValid(self):
            next((row.copy.setFocus() for row in self.rows if row.link.id == made.id and made.url), None)

    async def _draw(self, row: LinkRow) -> None:
        assert self._room.attendance is not None
        try:
            drawn = await self._room.attendance.link_qr(row.link.id)
        except StoaError:
            if isValid(row):
                row.draw.setChecked(False)
            raise
        if isValid(row) and row.draw.isChecked():
            row.qr.set(drawn)
            QTimer.singleShot(0, row, lambda: self._area.ensureWidgetVisible(row))  # once it has its place

    async def _drop(self, link: Link) -> None:
        assert self._room.attendance is not None
        await self._room.attendance.take_link_back(link.id)
        await self._show()

    async def _show(self) -> None:
        assert self._room.attendance is not None
        found = await self._room.attendance.links()
        if not isValid(self):
            return
        for row in self.rows:
            row.hide()
            row.deleteLater()
        self.rows = [LinkRow(self, one if one.url else self._told.get(one.id, one)) for one in found]
        for at, row in enumerate(self.rows):
            self._list.insertWidget(at, row)
        self.none.setVisible(not self.rows)
