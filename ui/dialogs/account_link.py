"""By a link of an admin: an account is made, or a new password is set. First the link, then what it asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget
from shiboken6 import isValid

from studio.media import StoaError
from studio.session.account_link import AccountLink, AccountLinkKind, parse_account_link
from studio.session.sign_in import is_readable_on_the_way
from ui.account import Account
from ui.dialogs.credentials import READABLE, is_in_use, password_field, why_not_at
from ui.dialogs.form import form_of, form_row
from ui.dialogs.frame import Dialog
from ui.dialogs.patience import Patience
from ui.dialogs.sign_in import SignInDialog
from ui.show import Show
from ui.widgets.label import label, set_property, set_tone

ABOUT = {"login_bad": "login", "login_taken": "login", "name_bad": "name", "name_taken": "name"}
"""The field that a refusal of the server is about; else it is the password."""


class AccountLinkDialog(Dialog):
    """Takes the link apart, and opens the dialogue that it is good for."""

    def __init__(self, parent: QWidget | None, show: Show, account: Account, link: str = "") -> None:
        super().__init__(parent, "Your link", 480)
        self._show, self._account = show, account
        words = "By the link that an admin sent you, you make your account or set a new password."
        self.body.addWidget(label(words, "soft", wrap=True))
        page = QWidget()
        form = form_of(page)
        self.link = QLineEdit(link)
        self.link.setPlaceholderText("https://studio.example:8470/sign-in#a=…")
        self.link.setMaxLength(1000)
        self.link.setAccessibleName("Link")
        form_row(form, "Link", self.link)
        self.body.addWidget(page)
        self.body.addStretch(1)
        self.add_button("Cancel", "", self.reject)
        self.go_on = self.add_button("Go on", "primary", self._go_on, default=True)
        self.link.textChanged.connect(lambda _: set_property(self.link, "invalid", "false"))
        self.link.setFocus()

    def _go_on(self) -> None:
        if not self.link.text().strip():
            self.say("Paste the link that you were sent.")
            self.link.setFocus()
            return
        try:
            link = parse_account_link(self.link.text())
        except StoaError as error:
            self.say(error)
            set_property(self.link, "invalid", "true")
            self.link.setFocus()
            return
        kind = SignUpDialog if link.kind is AccountLinkKind.SIGN_UP else NewPasswordDialog
        self.accept()
        kind(self.parentWidget(), self._show, self._account, link).open()


class _ByLink(Dialog):
    """What both have: a form that ends with a new password, typed twice, and one call of the server."""

    def __init__(
        self, parent: QWidget | None, show: Show, account: Account, link: AccountLink, title: str, lead: str
    ) -> None:
        super().__init__(parent, title, 480)
        self._show, self._account, self._link = show, account, link
        self._task: asyncio.Task[None] | None = None
        self.body.addWidget(label(lead, "soft", wrap=True))
        page = QWidget()
        self._form = form_of(page)
        self.fields: dict[str, QLineEdit] = {}
        self.body.addWidget(page)
        self.finished.connect(self._give_up)

    def _add(self, key: str, words: str, field: QLineEdit) -> None:
        self.fields[key] = field
        form_row(self._form, words, field)

    def _add_password(self, name: str) -> None:
        self._add("password", name, password_field(name))
        self._add("again", f"{name}, again", password_field(f"{name} again"))
        self.body.addWidget(label("At least 10 characters; a few words in a row are good.", "caption", wrap=True))
        self.readable = label(READABLE, "caption", wrap=True)
        set_tone(self.readable, "warn")
        self.readable.setVisible(is_readable_on_the_way(self._link.base))
        self.body.addWidget(self.readable)
        self.body.addStretch(1)

    def _add_buttons(self, words: str, busy: str, send: Callable[[], Awaitable[None]]) -> QPushButton:
        self.add_button("Cancel", "", self.reject)
        made = self.add_button(words, "primary", self._press, default=True)
        self._busy_words, self._send = busy, send
        self._patience = Patience(made)
        next(iter(self.fields.values())).setFocus()
        return made

    def text(self, key: str) -> str:
        """What is typed in a field."""
        return self.fields[key].text()

    def _why_not(self) -> str:
        """Why it cannot be done at present, whatever is typed."""
        return ""

    def _done(self) -> None:
        """The server took it, and this is closed."""

    def _press(self) -> None:
        for key, field in self.fields.items():
            if key != "again" and not field.text().strip():
                self._refuse(f"Type {'a' if key == 'login' else 'your'} {field.accessibleName().lower()}.", key)
                return
        if self.text("password") != self.text("again"):
            self._refuse("The password was not typed the same twice.", "again")
            return
        refused = self._why_not()
        if refused:
            self._refuse(refused, next(iter(self.fields)))
            return
        self.say("")
        self._set_busy(True)
        self._show.start(self._ask())

    async def _ask(self) -> None:
        if not isValid(self) or not self.isVisible():  # closed before it began
            return
        self._task = asyncio.current_task()
        try:
            await self._send()
        except StoaError as error:
            self._task = None
            self._set_busy(False)
            self._refuse(error, ABOUT.get(getattr(error, "code", ""), "password"))
            self._patience.wait(getattr(error, "retry_after_s", 0.0))
            return
        self._task = None
        self.accept()
        self._done()

    def _refuse(self, error: StoaError | str, key: str) -> None:
        self.say(error)
        self.fields[key].setFocus()
        self.fields[key].selectAll()

    def _set_busy(self, busy: bool) -> None:
        for each in self.fields.values():
            each.setEnabled(not busy)
        self._patience.set_busy(self._busy_words if busy else "")

    def _give_up(self) -> None:
        if self._task is not None:
            self._task.cancel()
        for key in ("password", "again"):
            QTimer.singleShot(0, self.fields[key], self.fields[key].clear)


class SignUpDialog(_ByLink):
    """Who is through is signed in."""

    def __init__(self, parent: QWidget | None, show: Show, account: Account, link: AccountLink) -> None:
        lead = f"At {link.host}. The link is good for one account; you sign in with that from then on, without a link."
        super().__init__(parent, show, account, link, "Make your account", lead)
        login, name = QLineEdit(), QLineEdit()
        login.setMaxLength(64)
        login.setAccessibleName("Login")
        name.setMaxLength(40)
        name.setAccessibleName("Name")
        name.setPlaceholderText("The others see it")
        self._add("login", "Login", login)
        self._add("name", "Your name", name)
        self._add_password("Password")
        self.make = self._add_buttons("Make the account", "Making it…", self._make)

    def _why_not(self) -> str:
        return why_not_at(self._show, self._account, self._link.base)

    async def _make(self) -> None:
        in_use = is_in_use(self._show, self._account)
        login, name = self.text("login").strip(), self.text("name")
        await self._account.sign_up(self._link, login, name, self.text("password"), in_use=in_use)


class NewPasswordDialog(_ByLink):
    """Who is through signs in with the new password: the link does not tell whose it is."""

    def __init__(self, parent: QWidget | None, show: Show, account: Account, link: AccountLink) -> None:
        lead = f"Of your account at {link.host}. Wherever you are signed in with it, you are signed out then."
        super().__init__(parent, show, account, link, "Set a new password", lead)
        self._add_password("New password")
        self.set = self._add_buttons("Set the password", "Setting it…", self._set)

    def _why_not(self) -> str:
        session = self._show.session
        if not session.joined or not session.by_account or session.server != self._link.base:
            return ""
        return (
            f"The studio is in a session by an account at {self._link.host}; a new password of that account would put "
            "it out. Leave the session first."
        )

    async def _set(self) -> None:
        self._set_to = self.text("password")
        await self._account.set_password(self._link, self._set_to)

    def _done(self) -> None:
        words = "Your new password is set. Sign in with it."
        again = sign_in_dialog(self.parentWidget(), self._show, self._account, words)
        again.begin_at(self._link.base, self._set_to)
        again.open()


def sign_in_dialog(parent: QWidget | None, show: Show, account: Account, why: str) -> SignInDialog:
    """The dialogue to sign in, with the way from it to an account by a link."""
    made = SignInDialog(parent, show, account, why)
    made.by_link_wanted.connect(lambda pasted: AccountLinkDialog(parent, show, account, pasted).open())
    return made
