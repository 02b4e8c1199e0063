"""The accounts of the session's server: who has one and with which role, links for new ones, locking, signing out.

For the owner of the machine, who alone makes and unmakes admins, and for admins who are signed in there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QMenu, QScrollArea, QVBoxLayout, QWidget
from shiboken6 import isValid

from studio.media import ErrorKind, StoaError
from studio.session import Account, AccountsDesk
from ui.dialogs.frame import Dialog, Question
from ui.room import ROLES, Room
from ui.theme.icons import icon
from ui.widgets.buttons import button, icon_button
from ui.widgets.empty import EmptyState
from ui.widgets.label import ElidedLabel, label, set_tone

GIVEN = ("admin", "director", "broadcaster", "guest", "viewer")
NEEDS = {"admin": "invite_admin", "viewer": "invite_viewer"}
"""The right to make an account of a role; of the others it is invite_broadcaster."""
ONCE = "It is shown this once, and is good once and for a day."


class AccountRow(QFrame):
    """One account. Without `menu` nothing can be changed: it is the person's own, or an admin's and they no owner."""

    def __init__(self, account: Account, menu: Callable[[QWidget], QMenu] | None) -> None:
        super().__init__()
        self.setObjectName("row")
        self.account = account
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        row.setSpacing(8)
        who = QVBoxLayout()
        who.setSpacing(0)
        who.addWidget(ElidedLabel(account.name + (" (you)" if account.mine else "")))
        places = f"signed in at {account.sign_ins} {'place' if account.sign_ins == 1 else 'places'}"
        state = "locked" if account.disabled else places if account.sign_ins else "signed out"
        who.addWidget(ElidedLabel(f"{account.login} · {state}", "caption"))
        row.addLayout(who, 1)
        if account.disabled:
            locked = label("Locked", "small")
            set_tone(locked, "warn")
            row.addWidget(locked)
        row.addWidget(label(ROLES.get(account.role, account.role), "small"))
        if menu is not None:
            made = menu
            self.more = icon_button("more", f"What may be done with the account of {account.name}")
            self.more.clicked.connect(lambda: made(self).popup(self.more.mapToGlobal(self.more.rect().bottomLeft())))
            row.addWidget(self.more)


class AccountsDialog(Dialog):
    """Stays open while things are changed; each change is followed by the list as the server has it."""

    def __init__(self, parent: QWidget | None, room: Room) -> None:
        super().__init__(parent, "Accounts", 560, scrolls=True)
        self.setMinimumHeight(480)
        self._room = room
        self._given = [role for role in GIVEN if NEEDS.get(role, "invite_broadcaster") in room.rights]
        self.body.addWidget(
            label("Who has an account signs in with a password, and has its role in each session.", "soft", wrap=True)
        )
        top = QHBoxLayout()
        top.setSpacing(8)
        self.role = QComboBox()
        self.role.setAccessibleName("Role of the new account")
        for role in self._given:
            self.role.addItem(ROLES[role], role)
        self.role.setCurrentIndex(self.role.count() - 1)
        top.addWidget(self.role)
        self.invite = button("New link to an account", icon_name="plus", on=self._invite)
        top.addWidget(self.invite)
        top.addStretch(1)
        self.body.addLayout(top)
        self.told = QWidget()
        told = QVBoxLayout(self.told)
        told.setContentsMargins(0, 0, 0, 0)
        told.setSpacing(4)
        self.link_words = label("", "small", wrap=True)
        told.addWidget(self.link_words)
        line = QHBoxLayout()
        self.link = QLineEdit()
        self.link.setReadOnly(True)
        self.link.setAccessibleName("Link")
        line.addWidget(self.link, 1)
        self.copy = icon_button("copy", "Copy the link", on=self._copy)
        line.addWidget(self.copy)
        told.addLayout(line)
        self.told.hide()
        self.body.addWidget(self.told)
        self.empty = EmptyState("person", "No accounts yet", "Make a link and send it to whoever shall sign in.")
        self.body.addWidget(self.empty, 1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.body.addWidget(self._area, 1)
        self.add_button("Close", "", self.reject, default=True)
        self._show_all(())
        self.empty.set_words("person", "Asking the server", "This takes a moment.")
        self._run(self._nothing)

    # -- the list ----------------------------------------------------------------------------------------------------

    def _show_all(self, accounts: tuple[Account, ...]) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for account in accounts:
            fixed = account.mine or account.role not in self._given
            column.addWidget(AccountRow(account, None if fixed else partial(self._menu, account)))
        column.addStretch(1)
        self._area.setWidget(inside)
        self._area.setVisible(bool(accounts))
        self.empty.setVisible(not accounts)
        self.empty.set_words("person", "No accounts yet", "Make a link and send it to whoever shall sign in.")

    def _menu(self, account: Account, parent: QWidget) -> QMenu:
        menu = QMenu(parent)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for role in self._given:
            if role != account.role:
                menu.addAction(icon("people"), f"Make {ROLES[role].lower()}", partial(self._give, account, role))
        menu.addSeparator()
        if account.sign_ins:
            menu.addAction(icon("person"), "Sign out everywhere…", partial(self._ask_sign_out, account))
        menu.addAction(icon("edit"), "Link to a new password", partial(self._reset, account))
        if account.disabled:
            menu.addAction(icon("lock"), "Unlock", partial(self._lock, account, False))
        else:
            menu.addAction(icon("lock"), "Lock…", partial(self._ask_lock, account))
        return menu

    # -- what is done ------------------------------------------------------------------------------------------------

    def _give(self, account: Account, role: str) -> None:
        self._run(lambda desk: desk.change(account.id, role=role))

    def _lock(self, account: Account, disabled: bool) -> None:
        self._run(lambda desk: desk.change(account.id, disabled=disabled))

    def _ask_lock(self, account: Account) -> None:
        self._question(
            "Lock this account?",
            f"{account.name} is out everywhere at once, also on air, and cannot sign in until it is unlocked.",
            "Keep it open",
            "Lock",
            lambda: self._lock(account, True),
        )

    def _ask_sign_out(self, account: Account) -> None:
        self._question(
            "Sign this account out everywhere?",
            f"{account.name} is out in all places at once, also on air, and may sign in again.",
            "Keep them in",
            "Sign out everywhere",
            lambda: self._run(lambda desk: desk.sign_out(account.id)),
        )

    def _question(self, title: str, words: str, keep: str, act: str, on: Callable[[], object]) -> None:
        Question(self, title, words, keep, act, on).open()

    def _reset(self, account: Account) -> None:
        async def ask(desk: AccountsDesk) -> None:
            made = await desk.reset_link(account.id)
            self._tell(f"For {account.name}, to set a new password. {ONCE}", made.link)

        self._run(ask)

    def _invite(self) -> None:
        role: str = self.role.currentData()

        async def ask(desk: AccountsDesk) -> None:
            made = await desk.invite(role)
            self._tell(f"For one account: {ROLES[role]}. {ONCE}", made.link or "")

        self._run(ask)

    def _tell(self, words: str, link: str) -> None:
        if not isValid(self):
            return
        self.link_words.setText(words)
        self.link.setText(link)
        self.link.setCursorPosition(0)
        self.told.show()
        self.link.setFocus()
        self.link.selectAll()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.link.text())
        self.copy.setToolTip("Copied")

    async def _nothing(self, desk: AccountsDesk) -> None:
        """The list is asked for after everything."""

    def _run(self, work: Callable[[AccountsDesk], Awaitable[object]]) -> None:
        self.say("")
        self.invite.setEnabled(False)
        self._room.start(self._guarded(work))

    async def _guarded(self, work: Callable[[AccountsDesk], Awaitable[object]]) -> None:
        problem: StoaError | str = ""
        try:
            desk = self._desk()
            try:
                await work(desk)
            except StoaError as error:
                problem = error
            found = await desk.all()
            if isValid(self):
                self._show_all(found)
        except StoaError as error:
            problem = problem or error
        if not isValid(self):
            return
        self.say(problem)
        self.invite.setEnabled(bool(self._given))
        if self._area.isHidden() and problem:
            self.empty.set_words("person", "The list is not there", "The words below say why.")

    def _desk(self) -> AccountsDesk:
        if self._room.attendance is None:
            raise StoaError(ErrorKind.LOST, "The session is not there at present.", remedy="It comes back by itself.")
        return self._room.attendance.accounts
