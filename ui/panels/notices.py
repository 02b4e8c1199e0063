"""Notices: an admin's over the whole width of the window's top until it is acknowledged; others more quietly.

An admin's banner has no close cross, Escape and Space do nothing to it, and it takes no keyboard focus by itself:
only a click on its button, or Ctrl+Shift+Return, says "I have seen this".
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from studio.control import api
from studio.media import StoaError
from ui.show import Show
from ui.theme.icons import draw
from ui.theme.look import colour
from ui.widgets.buttons import button, icon_button
from ui.widgets.label import label

ICONS = {"admin": "shield", "warning": "warning", "info": "info"}
TONES = {"admin": "admin", "warning": "warn", "info": "info"}
TOKENS = {"admin": "on_fill", "warning": "warn", "info": "accent"}
# What an admin gives back is no danger: it must be acknowledged all the same, but is not red.
GIVEN_BACK = frozenset({"unmute_audio", "unmute_video", "release", "readmit", "announce", "promote"})
ARMED_AFTER_MS = 700  # a click already on its way when the banner appears must not hit its button
SHORTCUT = "⌘⇧↩" if sys.platform == "darwin" else "Ctrl+Shift+Enter"


class _Icon(QWidget):
    def __init__(self, name: str, token: str, size_px: int) -> None:
        super().__init__()
        self._name, self._token = name, token
        self.setFixedSize(QSize(size_px, size_px))

    def paintEvent(self, event: QPaintEvent) -> None:
        draw(QPainter(self), self._name, QRectF(self.rect()), colour(self._token))


class Banner(QFrame):
    """One notice."""

    def __init__(self, notice: api.Notice, show: Show) -> None:
        super().__init__()
        self.setObjectName("banner")
        given_back = notice.action in GIVEN_BACK
        self.setProperty("tone", "good" if given_back else TONES[notice.severity])
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.notice = notice
        self._show = show
        admin = notice.severity == "admin"
        row = QHBoxLayout(self)
        self._row = row
        row.setContentsMargins(20, 14 if admin else 8, 20, 14 if admin else 8)
        row.setSpacing(14 if admin else 10)
        row.addWidget(
            _Icon(ICONS[notice.severity], TOKENS[notice.severity], 30 if admin else 18), 0, Qt.AlignmentFlag.AlignTop
        )
        column = QVBoxLayout()
        column.setSpacing(2)
        self.words = label(notice.words, "title" if admin else "", wrap=True)
        column.addWidget(self.words)
        by = f"By {notice.by}." if admin and notice.by and notice.by not in notice.words else ""
        more = " ".join(part for part in (by, notice.remedy) if part)
        if more:
            column.addWidget(label(more, "" if admin else "small", wrap=True))
        row.addLayout(column, 1)
        if admin:
            self.button = button("I have seen this", on=self.acknowledge)
            self.button.setToolTip(f"Acknowledge ({SHORTCUT})")
            self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.button.setEnabled(False)
            QTimer.singleShot(ARMED_AFTER_MS, self.button, lambda: self.button.setEnabled(True))
            row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)
        else:
            row.addWidget(icon_button("close", "Dismiss", on=self.acknowledge), 0, Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName(notice.words)
        self.setAccessibleDescription(more)

    def set_compact(self, compact: bool) -> None:
        """Lower, for the ones below the newest: several must leave room for the picture."""
        if self.notice.severity == "admin":
            above = 4 if compact else 14
            self._row.setContentsMargins(20, above, 20, above)

    def acknowledge(self) -> None:
        """The host has seen it."""
        self._show.start(self._acknowledge())

    async def _acknowledge(self) -> None:
        try:
            await self._show.call("notice.clear", api.ById(self.notice.id))
        except StoaError as error:
            if error.kind != "not_found":
                raise


class Notices(QWidget):
    """All notices not yet acknowledged, admins' first and newest on top. Lies over the top of the window."""

    def __init__(self, show: Show) -> None:
        super().__init__()
        self._show = show
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(1)
        self.banners: dict[str, Banner] = {}
        show.notices_changed.connect(self._refresh)
        self._refresh()

    def acknowledge_first(self) -> None:
        """Acknowledge the topmost admin's notice, else the topmost."""
        for at in range(self._column.count()):
            item = self._column.itemAt(at)
            banner = item.widget() if item is not None else None
            if isinstance(banner, Banner):
                banner.acknowledge()
                return

    def _refresh(self) -> None:
        notices = self._show.notices
        for gone in set(self.banners) - set(notices):
            banner = self.banners.pop(gone)
            self._column.removeWidget(banner)
            banner.hide()
            banner.deleteLater()
        rank = {"admin": 0, "warning": 1, "info": 2}
        fresh = False
        ordered = sorted(notices.values(), key=lambda one: (rank[one.severity], -one.at_ns))
        for at, notice in enumerate(ordered):
            if notice.id not in self.banners:
                self.banners[notice.id] = Banner(notice, self._show)
                fresh = fresh or notice.severity == "admin"
            self._column.insertWidget(at, self.banners[notice.id])
            self.banners[notice.id].set_compact(at > 0)
        self.setVisible(bool(notices))
        if fresh:
            self._alert()

    def _alert(self) -> None:
        """The taskbar calls, and the window comes out of being minimised: it must be seen."""
        window = self.window()
        QApplication.alert(window, 0)
        if window.isMinimized():
            window.showNormal()
        window.raise_()
