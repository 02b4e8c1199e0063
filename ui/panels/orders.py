"""What the person at the window may command: of one person, and of the whole session. Asks first where it must."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from studio.media import ErrorKind, StoaError
from ui.dialogs.form import form_of, form_row
from ui.dialogs.frame import Dialog, Question
from ui.dialogs.times import Ends, TimesDialog
from ui.folder import open_page
from ui.panels.message_menu import add_mutes
from ui.panels.times import add_times
from ui.room import RANK, ROLES, Room, Someone
from ui.theme.icons import icon

SPANS = (
    (600, "For 10 minutes…"),
    (3600, "For 1 hour…"),
    (86400, "For 1 day…"),
    (604800, "For 7 days…"),
    (0, "Until an admin lifts it…"),
)
ON_STAGE = ("owner", "broadcaster")
OWNERS = "host."
"""Begins the id of the person whose machine it is: nobody changes their role."""


class AnnounceDialog(Dialog):
    """Words for everyone, for the hosts, or for one person."""

    def __init__(self, parent: QWidget | None, whom: str, send: Callable[[str], object]) -> None:
        super().__init__(parent, f"Announce to {whom}", 440)
        self._send = send
        page = QWidget()
        form = form_of(page)
        self.text = QLineEdit()
        self.text.setMaxLength(500)
        self.text.setAccessibleName("Announcement")
        form_row(form, "Words", self.text)
        self.body.addWidget(page)
        self.body.addStretch(1)
        self.add_button("Cancel", "", self.reject)
        self.send = self.add_button("Announce", "primary", self._announce, default=True)
        self.text.setFocus()

    def _announce(self) -> None:
        if not self.text.text().strip():
            self.say("Write what is announced.")
            self.text.setFocus()
            return
        self.accept()
        self._send(self.text.text().strip())


class _Reason(QLineEdit):
    """Return goes on to the button: in a question it would keep things as they are."""

    def __init__(self, act: QWidget) -> None:
        super().__init__()
        self._act = act
        self.setMaxLength(500)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._act.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            super().keyPressEvent(event)


class ReasonQuestion(Question):
    """A question with a reason that may be given; `on` gets it as `text`."""

    def __init__(
        self, parent: QWidget | None, title: str, words: str, act: str, on: Callable[..., object], reason: str
    ) -> None:
        super().__init__(parent, title, words, "Cancel", act, lambda: on(text=self.reason.text().strip()))
        self.reason = _Reason(self.act)
        self.reason.setPlaceholderText(f"{reason} (optional)")
        self.reason.setAccessibleName(f"{reason}, optional")
        self.body.addWidget(self.reason)
        QWidget.setTabOrder(self.keep, self.act)
        QWidget.setTabOrder(self.act, self.reason)
        self.keep.setFocus()


class Orders:
    """Makes the menus. `room.rights` says what there is to choose."""

    def __init__(self, room: Room, parent: QWidget) -> None:
        self._room = room
        self._parent = parent

    def may(self, action: str) -> bool:
        return action in self._room.rights

    def give(self, action: str, target: str = "", **more: Any) -> None:
        """Command it; a refusal is told as every other."""
        if self._room.attendance is not None:
            self._room.start(self._room.attendance.command(action, target, **more))

    def may_remove(self, someone: Someone) -> bool:
        """Whether this person can be kicked out from here."""
        return self._room.may_remove and not someone.me and someone.role != "owner" and not someone.removed

    def has_more(self, someone: Someone) -> bool:
        """Whether `of_person` has anything to choose."""
        menu = self.of_person(someone)
        if menu is not None:
            menu.deleteLater()
        return menu is not None

    def _menu(self) -> QMenu:
        menu = QMenu(self._parent)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return menu

    def _add(self, menu: QMenu, action: str, picture: str, words: str, target: str = "", **more: Any) -> None:
        if self.may(action):
            menu.addAction(icon(picture), words, partial(self.give, action, target, **more))

    def of_person(self, someone: Someone) -> QMenu | None:
        """The menu of one person; None where there is nothing to choose."""
        if someone.me or someone.removed:
            return None
        menu = self._menu()
        if someone.role in ON_STAGE:
            sound = "unmute_audio" if someone.muted_audio else "mute_audio"
            picture = "unmute_video" if someone.muted_video else "mute_video"
            self._add(menu, sound, "speaker-off", "Unmute sound" if someone.muted_audio else "Mute sound", someone.id)
            self._add(menu, picture, "eye-off", "Picture on" if someone.muted_video else "Picture off", someone.id)
            self._add(menu, "record_start", "record", "Start their recording", someone.id)
            self._add(menu, "record_stop", "stop", "Stop their recording", someone.id)
        if someone.hand:
            self._add(menu, "lower_hand", "down", "Lower the hand", someone.id)
        add_mutes(menu, self._room, someone.id, someone.role)
        if self.may("announce"):
            menu.addAction(icon("send"), "Announce something to them…", partial(self.announce, "person", someone))
        self._roles(menu, someone)
        owner = "invite_admin" in self._room.rights
        if self.may("grant") and not someone.id.startswith(OWNERS) and (owner or someone.role != "admin"):
            give, ask = partial(self._give_times, someone), partial(self.ask_times, someone)
            add_times(menu, someone.role in ON_STAGE, give, ask)
        if self.may("ban") and not someone.id.startswith(OWNERS):
            ban = menu.addMenu(icon("trash"), "Ban")
            for seconds, words in SPANS:
                ban.addAction(words, partial(self.ask_ban, someone, seconds, words))
        if not menu.isEmpty():
            return menu
        menu.deleteLater()
        return None

    def _roles(self, menu: QMenu, someone: Someone) -> None:
        owner = "invite_admin" in self._room.rights  # who may make an admin's link may make an admin
        if someone.id.startswith(OWNERS) or (someone.role == "admin" and not owner):
            return
        for role, words in ROLES.items():
            up = RANK[role] < RANK.get(someone.role, 9)
            action = "promote" if up else "demote"
            if role in ("owner", someone.role) or (role == "admin" and not owner) or not self.may(action):
                continue
            text = f"Make {words.lower()}"
            if someone.publishing and role not in ON_STAGE:
                menu.addAction(icon("down"), f"{text}…", partial(self.ask_off_air, action, someone, role))
            else:
                self._add(menu, action, "up" if up else "down", text, someone.id, role=role)

    def of_session(self) -> QMenu:
        """The menu of the whole session."""
        menu = self._menu()
        self._add(menu, "mute_audio", "speaker-off", "Mute everyone", "all")
        self._add(menu, "unmute_audio", "speaker", "Unmute everyone", "all")
        self._add(menu, "mute_video", "eye-off", "All pictures off", "all")
        self._add(menu, "unmute_video", "eye", "All pictures on", "all")
        for to, words in (("all", "Announce to everyone…"), ("hosts", "Announce to the hosts…")):
            if self.may("announce"):
                menu.addAction(icon("send"), words, partial(self.announce, to))
        locked = self._room.locked
        lock, words = ("unlock", "Unlock the session") if locked else ("lock", "Lock the session")
        self._add(menu, lock, "lock", words)
        if self._room.needs_release:
            self._add(menu, "release", "broadcast", "Allow Go live again")
        elif self.may("stop"):
            menu.addAction(icon("stop"), "Stop the host's show…", self.ask_stop)
        if self.may("end"):
            menu.addAction(icon("stop"), "End for all…", self.ask_end)
        menu.addSeparator()
        if self.may("read_audit"):
            menu.addAction(icon("search"), "Audit log…", self.open_audit)
        if self._room.may_invite_admins:
            menu.addAction(icon("share"), "Admin's page in the browser", self.open_page)
        return menu

    def open_audit(self) -> None:
        """Who did what in the session, and what became of it."""
        from ui.dialogs.audit import AuditDialog  # the client of a session is loaded after the first paint

        AuditDialog(self._parent.window(), self._room).open()

    def open_page(self) -> None:
        """The admin's page; signed in by a link that works once."""
        if self._room.attendance is not None:
            self._room.start(self._open_page())

    async def _open_page(self) -> None:
        assert self._room.attendance is not None
        link = await self._room.attendance.admin_link()
        if not await asyncio.to_thread(open_page, link):
            QGuiApplication.clipboard().setText(link)
            raise StoaError(
                ErrorKind.REFUSED,
                "This desktop has no browser that could be opened.",
                remedy="The link is in the clipboard and works once: open it in a browser of this machine.",
            )

    def announce(self, to: str, someone: Someone | None = None) -> None:
        """Ask for the words, and send them."""
        whom = someone.name if someone else {"all": "everyone", "hosts": "the hosts"}[to]
        target = someone.id if someone else ""
        AnnounceDialog(self._parent.window(), whom, lambda text: self.give("announce", target, text=text, to=to)).open()

    def _give_times(self, someone: Someone, ends: Ends) -> None:
        self.give("grant", someone.id, ends=ends)

    def ask_times(self, someone: Someone) -> None:
        """How long they may take part, each thing by itself."""
        give = partial(self._give_times, someone)
        TimesDialog(self._parent.window(), someone, someone.role in ON_STAGE, give).open()

    def ask_ban(self, someone: Someone, seconds: int, span: str) -> None:
        """Ban, after a question."""
        self._ask(
            "Ban this person?",
            f"{someone.name} is out at once. Neither they nor anybody with a name that looks like theirs gets in "
            f"{span.rstrip('…').lower()}. The link they came by is dead then, and a new one takes its place.",
            "Ban",
            partial(self.give, "ban", someone.id, seconds=seconds),
            "Reason, which they read",
        )

    def ask_remove(self, someone: Someone) -> None:
        """Kick, after a question."""
        self._ask(
            "Remove this person?",
            f"{someone.name} is out at once and cannot come back without a new invite. "
            "The link they came by is dead then, and a new one takes its place.",
            "Remove",
            partial(self.give, "kick", someone.id),
            "Reason, which they read",
        )

    def ask_stop(self) -> None:
        """Stop the show of who is on air, after a question."""
        self._ask(
            "Stop the host's show?",
            "Every destination ends, viewers see the end, and the recording is closed and kept. Whoever is the host, "
            "you too, can go live again only after an admin allows it. Stop in the top bar needs no admin.",
            "Stop the show",
            partial(self.give, "stop"),
            "Reason for the host",
        )

    def ask_off_air(self, action: str, someone: Someone, role: str) -> None:
        """Give a role in which nobody sends, after a question."""
        self._ask(
            "Take this person off the air?",
            f"As {ROLES[role].lower()} {someone.name} may not send sound or picture: what they send ends at once.",
            "Take off the air",
            partial(self.give, action, someone.id, role=role),
            "Reason, which they read",
        )

    def ask_end(self) -> None:
        """End the session, after a question."""
        self._ask(
            "End the session for all?",
            "Every destination ends, viewers see the end, and the recording is closed and kept. You may go live again "
            "at any time.",
            "End the session",
            partial(self.give, "end"),
            "Reason for the host",
        )

    def _ask(self, title: str, words: str, act: str, on: Callable[..., object], reason: str) -> None:
        ReasonQuestion(self._parent.window(), title, words, act, on, reason).open()
