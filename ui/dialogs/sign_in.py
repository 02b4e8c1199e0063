"""Signing in at a server with an account: its address, login and password. What is wrong is said in words."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QWidget
from shiboken6 import isValid

from studio.media import StoaError
from studio.session.sign_in import is_readable_on_the_way, server_base
from ui.account import Account
from ui.dialogs.credentials import READABLE, is_in_use, password_field, why_not_at
from ui.dialogs.form import form_of, form_row
from ui.dialogs.frame import Dialog
from ui.dialogs.patience import Patience
from ui.show import Show
from ui.widgets.buttons import button
from ui.widgets.label import label, set_property, set_tone


class SignInDialog(Dialog):
    """`why`: the words for somebody who must sign in anew. `by_link_wanted(pasted)`: rather by a link, which may have
    been pasted as the server's address."""

    by_link_wanted = Signal(str)

    def __init__(self, parent: QWidget | None, show: Show, account: Account, why: str = "") -> None:
        super().__init__(parent, "Sign in", 480)
        self._show, self._account = show, account
        self._task: asyncio.Task[None] | None = None
        self.why = label(why, "soft", wrap=True)
        self.why.setVisible(bool(why))
        self.body.addWidget(self.why)
        page = QWidget()
        form = form_of(page)
        self.server = QLineEdit(account.server)
        self.server.setPlaceholderText("https://studio.example:8470")
        self.server.setMaxLength(500)
        self.server.setCursorPosition(0)  # a long one is told by its beginning
        self.server.setAccessibleName("Server")
        self.login = QLineEdit(account.login)
        self.login.setMaxLength(200)
        self.login.setAccessibleName("Login")
        self.password = password_field("Password")
        for words, field in (("Server", self.server), ("Login", self.login), ("Password", self.password)):
            form_row(form, words, field)
        self.body.addWidget(page)
        self.readable = label(READABLE, "caption", wrap=True)
        set_tone(self.readable, "warn")
        self.body.addWidget(self.readable)
        asks = "Who has no account, or forgot the password, asks an admin of the server for a link."
        self.body.addWidget(label(asks, "caption", wrap=True))
        self.by_link = button("I have a link…", on=self._go_by_link)
        self.body.addWidget(self.by_link, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addStretch(1)
        self.add_button("Cancel", "", self.reject)
        self.enter = self.add_button("Sign in", "primary", self._enter, default=True)
        self._patience = Patience(self.enter)
        self.server.textChanged.connect(self._look_at_address)
        self.finished.connect(self._give_up)
        self._look_at_address()
        self._focus_missing()

    def begin_at(self, server: str, password: str) -> None:
        """With a server, and a password that was just set there."""
        self.login.setText(self._account.login if self._account.server == server else "")
        self.server.setText(server)
        self.server.setCursorPosition(0)
        self.password.setText(password)
        self._focus_missing()

    def _focus_missing(self) -> None:
        empty = next((each for each in (self.server, self.login) if not each.text()), self.password)
        empty.setFocus()

    def _go_by_link(self) -> None:
        pasted = self.server.text() if "#" in self.server.text() else ""
        self.reject()
        self.by_link_wanted.emit(pasted)

    def _look_at_address(self) -> None:
        try:
            readable = is_readable_on_the_way(server_base(self.server.text()))
        except StoaError:
            readable = False
        self.readable.setVisible(readable)
        set_property(self.server, "invalid", "false")
        self.fit()

    def _enter(self) -> None:
        missing = (
            (self.server, "Type the address of the server."),
            (self.login, "Type your login."),
            (self.password, "Type your password."),
        )
        for field, words in missing:
            if not field.text().strip():
                self._refuse(words, field)
                return
        try:
            server = server_base(self.server.text())
        except StoaError as error:
            self._refuse(error, self.server)
            set_property(self.server, "invalid", "true")
            return
        refused = why_not_at(self._show, self._account, server)
        if refused:
            self._refuse(refused, self.server)
            return
        self.say("")
        self._set_busy(True)
        in_use = is_in_use(self._show, self._account)
        self._show.start(self._ask(server, self.login.text().strip(), self.password.text(), in_use))

    async def _ask(self, server: str, login: str, password: str, in_use: bool) -> None:
        if not isValid(self) or not self.isVisible():  # closed before it began
            return
        self._task = asyncio.current_task()
        try:
            await self._account.sign_in(server, login, password, in_use=in_use)
        except StoaError as error:
            self._task = None
            self._set_busy(False)
            self._refuse(error, self.password)
            self.password.selectAll()
            self._patience.wait(getattr(error, "retry_after_s", 0.0))
            return
        self._task = None
        self.accept()

    def _refuse(self, error: StoaError | str, field: QLineEdit) -> None:
        self.say(error)
        field.setFocus()

    def _set_busy(self, busy: bool) -> None:
        for each in (self.server, self.login, self.password, self.by_link):
            each.setEnabled(not busy)
        self._patience.set_busy("Signing in…" if busy else "")

    def _give_up(self) -> None:
        if self._task is not None:
            self._task.cancel()
        QTimer.singleShot(0, self.password, self.password.clear)
