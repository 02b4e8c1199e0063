"""The studio's own place in a session: in it or not, leaving it, joining this machine's or another's by its link."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from studio.control import api
from studio.media import StoaError
from ui.account import Account
from ui.dialogs.form import form_of, form_row
from ui.dialogs.frame import Dialog, Question
from ui.show import Show
from ui.widgets.buttons import button
from ui.widgets.label import label

HOST_PX = 160


class JoinDialog(Dialog):
    """Join somebody's session by the link they sent."""

    def __init__(self, parent: QWidget | None, show: Show) -> None:
        super().__init__(parent, "Join a session", 480)
        self._show = show
        page = QWidget()
        form = form_of(page)
        self.link = QLineEdit()
        self.link.setPlaceholderText("https://server/guest/studio#i=…")
        self.link.setAccessibleName("Invite link")
        self.name = QLineEdit()
        self.name.setMaxLength(40)
        self.name.setAccessibleName("Your name")
        form_row(form, "Invite link", self.link)
        form_row(form, "Your name", self.name)
        self.body.addWidget(page)
        self.body.addStretch(1)
        self.add_button("Cancel", "", self.reject)
        self.join = self.add_button("Join", "primary", self._join, default=True)
        self.link.setFocus()

    def _join(self) -> None:
        if not self.link.text().strip():
            self.say("Paste the link that you were sent.")
            self.link.setFocus()
            return
        self.join.setEnabled(False)
        self._show.start(self._ask(api.SessionJoin(self.link.text().strip(), self.name.text().strip())))

    async def _ask(self, params: api.SessionJoin) -> None:
        try:
            await self._show.call("session.join", params)
        except StoaError as error:
            self.say(error)
            self.join.setEnabled(True)
            return
        self.accept()


class SessionBox(QWidget):
    """A sentence and what can be done."""

    def __init__(self, show: Show, account: Account) -> None:
        super().__init__()
        self._show, self._account = show, account
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 12)
        column.setSpacing(6)
        column.addWidget(label("The studio's place", "heading"))
        self.words = label("", "small", wrap=True)
        column.addWidget(self.words)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.leave = button("Leave the session…", on=self.ask_leave)
        self.join_own = button("Join", on=self._join_own, tip="Join this machine's own session")
        self.join_other = button("Join by a link…", on=self._join_other)
        for each in (self.leave, self.join_own, self.join_other):
            row.addWidget(each)
        row.addStretch(1)
        column.addLayout(row)
        self.join_there = button("", on=self._join_there, tip="Join the session of the server where you are signed in")
        column.addWidget(self.join_there, 0, Qt.AlignmentFlag.AlignLeft)
        for signal in (show.session_changed, show.attached, show.detached, account.changed):
            signal.connect(self._refresh)
        self._refresh()

    def ask_leave(self) -> None:
        """Leave, after a question."""
        Question(
            self.window(),
            "Leave the session?",
            "Its viewers lose the picture, its admins no longer reach you. Your other destinations and the recording "
            "go on.",
            "Stay",
            "Leave",
            lambda: self._show.do("session.leave"),
        ).open()

    def _join_own(self) -> None:
        self._show.do("session.join", api.SessionJoin())

    def _join_other(self) -> None:
        JoinDialog(self.window(), self._show).open()

    def _join_there(self) -> None:
        self.join_there.setEnabled(False)
        self._show.start(self._ask_there())

    async def _ask_there(self) -> None:
        account = self._account
        try:
            await self._show.call("session.join", api.SessionJoin(account.server, sign_in=account.bearer))
        finally:
            self._refresh()

    def _refresh(self) -> None:
        session, attached = self._show.session, self._show.is_attached
        if session.joined:
            where = (
                f"In the session at {session.server.partition('://')[2]}" if session.by_account else "In the session"
            )
            who = f"{where} as {session.name}." if session.name else f"{where}."
            self.words.setText(f"{who} {session.words}".strip())
        else:
            more = "You can go on without it: other destinations and recordings work as ever."
            self.words.setText(f"{session.words} {more}".strip())
        self.leave.setVisible(session.joined)
        self.join_own.setVisible(not session.joined)
        self.join_other.setVisible(not session.joined)
        host = self.fontMetrics().elidedText(self._account.host, Qt.TextElideMode.ElideMiddle, HOST_PX)
        self.join_there.setText(f"Join at {host}")
        self.join_there.setVisible(self._account.is_in and not session.joined)
        for each in (self.leave, self.join_own, self.join_other, self.join_there):
            each.setEnabled(attached)
