"""Who is signed in, in the top bar: a button with the name, and what can be done about it in its menu."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QMenu, QPushButton

from ui.account import Account, Standing
from ui.dialogs.frame import Dialog, Question
from ui.room import ROLES, Room
from ui.show import Show
from ui.theme.icons import icon
from ui.widgets.tip import plain_tip

NAME_PX = 132


class AccountButton(QPushButton):
    """Nobody: asks for a sign in. Somebody: their name, and a menu."""

    def __init__(self, show: Show, account: Account, room: Room) -> None:
        super().__init__()
        self._show, self._account, self._room = show, account, room
        self.setProperty("kind", "quiet")
        self.setAutoDefault(False)
        self.setIconSize(QSize(22, 18))
        self.clicked.connect(lambda _=False: self.open_menu() if account.is_in else self.open_sign_in())
        account.changed.connect(self._refresh)
        account.wanted.connect(self._ask_anew)
        self._refresh()

    def _refresh(self) -> None:
        account = self._account
        words = {Standing.OUT: "Sign in…", Standing.COMING: "Signing in…"}.get(account.standing, account.name)
        metrics = self.fontMetrics()
        self.setText(metrics.elidedText(words, Qt.TextElideMode.ElideRight, NAME_PX).replace("&", "&&"))
        role = ROLES.get(account.role, account.role)
        whole = {
            Standing.OUT: account.words or "Sign in with an account of a server",
            Standing.COMING: account.words,
            Standing.IN: f"{account.name}, {role}, signed in at {account.host} as {account.login}",
            Standing.AWAY: f"{account.name}, signed in at {account.host}. {account.words}".strip(),
        }[account.standing]
        self.setToolTip(plain_tip(whole))
        self.setAccessibleName(whole)
        self.setIcon(icon("warning" if account.standing is Standing.AWAY else "person"))

    def _ask_anew(self, words: str) -> None:
        """At once; but nothing covers the window of somebody who is on air, or at another dialogue."""
        window = self.window()
        busy = self._show.live or self._show.recording.active
        modal = any(each.isVisible() for each in window.findChildren(Dialog))
        if busy or modal:
            self._account.told.emit(words, "Sign in again by the button in the top bar.")
        else:
            self.open_sign_in(words)

    def open_sign_in(self, why: str = "") -> None:
        """The dialogue; `why` for somebody who must sign in anew."""
        from ui.dialogs.account_link import sign_in_dialog

        sign_in_dialog(self.window(), self._show, self._account, why or self._account.words).open()

    def open_menu(self) -> None:
        """Sign out, and what else there is."""
        account = self._account
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for words in (
            f"{account.name} · {ROLES.get(account.role, account.role)}",
            f"{account.login} at {account.host}",
        ):
            menu.addAction(_short(words)).setEnabled(False)
        menu.addSeparator()
        menu.addAction(icon("edit"), "Change password…", self._open_password)
        if "manage_accounts" in self._room.rights and self._is_joined():
            menu.addAction(icon("people"), "Accounts of the server…", self.open_accounts)
        menu.addAction(icon("person"), "Sign out…" if self._is_joined() else "Sign out", self._sign_out)
        menu.addAction(icon("lock"), "Sign out everywhere…", self._ask_everywhere)
        menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def open_accounts(self) -> None:
        """The accounts of the server of the session that the window is in."""
        from ui.dialogs.accounts import AccountsDialog

        AccountsDialog(self.window(), self._room).open()

    def _is_joined(self) -> bool:
        return self._show.session.joined and self._show.session.by_account

    def _open_password(self) -> None:
        from ui.dialogs.password import PasswordDialog

        PasswordDialog(self.window(), self._show, self._account).open()

    def _sign_out(self) -> None:
        if not self._is_joined():
            self._show.start(self._account.sign_out())
            return
        Question(
            self.window(),
            "Sign out?",
            "The studio is in a session by this account: it leaves the session, and its viewers lose the picture. "
            "Your other destinations and the recording go on.",
            "Stay signed in",
            "Sign out",
            lambda: self._show.start(self._leave_and_sign_out()),
        ).open()

    async def _leave_and_sign_out(self) -> None:
        await self._show.call("session.leave")  # else the server's end of it takes the show off the air
        await self._account.sign_out()

    def _ask_everywhere(self) -> None:
        Question(
            self.window(),
            "Sign out everywhere?",
            f"{self._account.login} is signed out here and in all other places at once, also where it is on air.",
            "Stay signed in",
            "Sign out everywhere",
            lambda: self._show.start(self._everywhere()),
        ).open()

    async def _everywhere(self) -> None:
        if self._is_joined():
            await self._show.call("session.leave")
        await self._account.sign_out(everywhere=True)


def _short(words: str, signs: int = 48) -> str:
    """An entry of a menu, cut where it is too long, with nothing in it taken for a shortcut."""
    return (words if len(words) <= signs else words[: signs - 1] + "…").replace("&", "&&")
