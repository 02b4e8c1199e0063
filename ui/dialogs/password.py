"""Another password for the account: the one of now, and the new one twice."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from studio.media import StoaError
from ui.account import Account
from ui.dialogs.credentials import password_field
from ui.dialogs.form import form_of, form_row
from ui.dialogs.frame import Dialog
from ui.dialogs.patience import Patience
from ui.show import Show
from ui.widgets.label import label


class PasswordDialog(Dialog):
    """Open only while somebody is signed in."""

    def __init__(self, parent: QWidget | None, show: Show, account: Account) -> None:
        super().__init__(parent, "Change password", 480)
        self._show, self._account = show, account
        self.body.addWidget(
            label(f"Of {account.login} at {account.host}. All other places are signed out by it.", "soft", wrap=True)
        )
        page = QWidget()
        form = form_of(page)
        self.old = password_field("Current password")
        self.new = password_field("New password")
        self.again = password_field("New password again")
        for words, field in (("Current", self.old), ("New", self.new), ("New, again", self.again)):
            form_row(form, words, field)
        self.body.addWidget(page)
        self.body.addWidget(label("At least 10 characters; a few words in a row are good.", "caption", wrap=True))
        self.body.addStretch(1)
        self.add_button("Cancel", "", self.reject)
        self.change = self.add_button("Change", "primary", self._change, default=True)
        self._patience = Patience(self.change)
        self.finished.connect(self._clear)
        self.old.setFocus()

    def _change(self) -> None:
        for field, words in ((self.old, "Type your current password."), (self.new, "Type a new password.")):
            if not field.text():
                self.say(words)
                field.setFocus()
                return
        if self.new.text() != self.again.text():
            self.say("The new password was not typed the same twice.")
            self.again.setFocus()
            self.again.selectAll()
            return
        self.say("")
        self._patience.set_busy("Changing…")
        self._show.start(self._ask(self.old.text(), self.new.text()))

    async def _ask(self, old: str, new: str) -> None:
        try:
            await self._account.change_password(old, new)
        except StoaError as error:
            if not isValid(self):
                return
            self._patience.set_busy("")
            self.say(error)
            field = self.new if getattr(error, "code", "") == "password_bad" else self.old
            field.setFocus()
            field.selectAll()
            self._patience.wait(getattr(error, "retry_after_s", 0.0))
            return
        self._account.told.emit("Your password is another now.", "All other places are signed out.")
        if isValid(self):
            self.accept()

    def _clear(self) -> None:
        for field in (self.old, self.new, self.again):
            field.clear()
