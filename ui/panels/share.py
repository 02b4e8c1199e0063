"""Sharing: where others can reach the session, the link with its QR code, who can reach it, taking it back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from studio.media import StoaError
from ui.dialogs.links import LinksDialog
from ui.room import Presence, Room
from ui.widgets.buttons import button, icon_button
from ui.widgets.empty import EmptyState
from ui.widgets.label import label, set_tone
from ui.widgets.qr import QrCode
from ui.widgets.tip import plain_tip


class SharePanel(QWidget):
    """The viewer's link works from where the chosen address reaches."""

    accounts_wanted = Signal()

    def __init__(self, room: Room, session: QWidget) -> None:
        """`session` is what stands below: the studio's own place in a session."""
        super().__init__()
        self._room = room
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self.empty = EmptyState("share", "No session to share", "The link appears when the session's server is there.")
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer.addWidget(self._area, 1)
        inside = QWidget()
        self._area.setWidget(inside)
        whole = QVBoxLayout(inside)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.empty, 1)
        self._shared = QWidget()
        whole.addWidget(self._shared)
        rule = QFrame()
        rule.setObjectName("rule")
        whole.addWidget(rule)
        whole.addWidget(session)
        whole.addStretch(0)
        column = QVBoxLayout(self._shared)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(label("Link for viewers", "heading"))
        row = QHBoxLayout()
        row.setSpacing(6)
        self.link = QLineEdit()
        self.link.setReadOnly(True)
        self.link.setAccessibleName("Link for viewers")
        row.addWidget(self.link, 1)
        self.copy = icon_button("copy", "Copy the link (Ctrl+Shift+C)", on=self.copy_link)
        row.addWidget(self.copy)
        column.addLayout(row)
        self.qr = QrCode()
        column.addWidget(self.qr, 0, Qt.AlignmentFlag.AlignHCenter)
        self.reach = label("", "small", wrap=True)
        self.firewall = label("", "caption", wrap=True)
        self.warning = label("", "small", wrap=True)
        set_tone(self.warning, "warn")
        for each in (self.reach, self.firewall, self.warning):
            column.addWidget(each)
        rule = QFrame()
        rule.setObjectName("rule")
        column.addWidget(rule)
        self._owner = QWidget()
        self._build_owner(self._owner)
        column.addWidget(self._owner)
        self.problem = label("", "error", wrap=True)
        self.problem.hide()
        column.addWidget(self.problem)
        room.reach_changed.connect(self._refresh)
        room.presence_changed.connect(self._refresh)
        self._refresh()

    def _build_owner(self, page: QWidget) -> None:
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(8)
        column.addWidget(label("Reachable at", "heading"))
        self.address = QComboBox()
        self.address.setAccessibleName("Address to share at")
        self.address.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.address.setMinimumContentsLength(8)
        self.address.currentIndexChanged.connect(self._address_chosen)
        column.addWidget(self.address)
        self.address_words = label("", "caption", wrap=True)
        column.addWidget(self.address_words)
        self.https = QCheckBox("Encrypt with a certificate made here")
        self.https.setToolTip("Browsers warn about such a certificate once")
        column.addWidget(self.https)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.share = button("Share", "primary", on=self._share)
        self.back = button("Take back", on=self._take_back, tip="Only this machine can reach it afterwards")
        row.addWidget(self.share)
        row.addWidget(self.back)
        row.addStretch(1)
        column.addLayout(row)
        rule = QFrame()
        rule.setObjectName("rule")
        column.addWidget(rule)
        column.addWidget(label("All links", "heading"))
        column.addWidget(label("For viewers and hosts: make, copy, take back.", "caption", wrap=True))
        self.links = button("Links…", on=self._open_links)
        column.addWidget(self.links, 0, Qt.AlignmentFlag.AlignLeft)
        rule = QFrame()
        rule.setObjectName("rule")
        column.addWidget(rule)
        column.addWidget(label("Admins", "heading"))
        column.addWidget(label("An admin's link works once and lets them mute, stop and remove.", "caption", wrap=True))
        self.admin = button("Copy a link for an admin", icon_name="copy", on=self._copy_admin)
        column.addWidget(self.admin, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(
            label("An account has a password and a role, and is good for every session.", "caption", wrap=True)
        )
        self.accounts = button("Accounts…", icon_name="person", on=self.accounts_wanted.emit)
        column.addWidget(self.accounts, 0, Qt.AlignmentFlag.AlignLeft)

    def copy_link(self) -> None:
        """The viewers' link into the clipboard."""
        if self._room.reach.link:
            QGuiApplication.clipboard().setText(self._room.reach.link)
            self.copy.setToolTip("Copied")

    def _refresh(self) -> None:
        reach = self._room.reach
        joined = self._room.presence is Presence.JOINED or bool(reach.link)
        self.empty.setVisible(not joined)
        self._shared.setVisible(joined)
        if self._room.presence is not Presence.NONE:
            self.empty.set_words("share", "Connecting to the session", self._room.words or "This takes a moment.")
        elif self._room.words:
            self.empty.set_words("share", "No session to share", self._room.words)
        self.link.setText(reach.link)
        self.link.setCursorPosition(0)
        self.link.setToolTip(plain_tip(reach.link))
        self.copy.setToolTip("Copy the link (Ctrl+Shift+C)")
        self.qr.set(reach.qr_svg)
        for shown, text in (
            (self.reach, reach.reach_words),
            (self.firewall, reach.firewall_words),
            (self.warning, reach.warning_words),
        ):
            shown.setText(text)
            shown.setVisible(bool(text))
        self._owner.setVisible(self._room.may_share)
        self.admin.setVisible(self._room.may_invite_admins)
        known = [self.address.itemData(at) for at in range(self.address.count())]
        if known != list(reach.choices):
            self.address.clear()
            for choice in reach.choices:
                self.address.addItem(f"{choice.address}  ({choice.interface})", choice)
        here = next((at for at, choice in enumerate(reach.choices) if choice.address == reach.address), -1)
        if reach.shared and here >= 0:
            self.address.setCurrentIndex(here)
            self.https.setChecked(reach.https != "off")
        self._address_chosen()
        self.back.setVisible(reach.shared)
        self.share.setText("Change" if reach.shared else "Share")

    def _address_chosen(self) -> None:
        choice = self.address.currentData()
        self.address_words.setText(choice.words if choice is not None else "")
        self.share.setEnabled(choice is not None)

    def _share(self) -> None:
        choice = self.address.currentData()
        if choice is not None and self._room.attendance is not None:
            https = "self_made" if self.https.isChecked() else "off"
            self._run(self._room.attendance.share(choice.address, 0, https))

    def _take_back(self) -> None:
        if self._room.attendance is not None:
            self._run(self._room.attendance.take_back())

    def _open_links(self) -> None:
        LinksDialog(self.window(), self._room).begin()

    def _copy_admin(self) -> None:
        self._run(self._copy_admin_link())

    async def _copy_admin_link(self) -> None:
        if self._room.attendance is not None:
            link = await self._room.attendance.admin_link()
            QGuiApplication.clipboard().setText(link)
            self.admin.setText("Copied: works once")

    def _run(self, work: object) -> None:
        for each in (self.share, self.back):
            each.setEnabled(False)
        self._room.start(self._guarded(work))

    async def _guarded(self, work: object) -> None:
        try:
            await work  # type: ignore[misc]
            problem = ""
        except StoaError as error:
            problem = str(error)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        for each in (self.share, self.back):
            each.setEnabled(True)
