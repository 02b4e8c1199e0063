"""The main window: puts the panels together and gives every action its key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QKeyEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from studio.media import StoaError
from ui.account import Account
from ui.dialogs.leave import LeaveQuestion
from ui.folder import show_folder
from ui.latest import Latest
from ui.panels.account import AccountButton
from ui.panels.beside import Beside
from ui.panels.destinations import DestinationsPanel
from ui.panels.inspector import Inspector
from ui.panels.mixer import MixerPanel
from ui.panels.notices import Notices
from ui.panels.sources import SourcesPanel
from ui.panels.statusbar import StatusBar
from ui.panels.topbar import TopBar
from ui.polling import Polling
from ui.preferences import Preferences
from ui.preview.canvas import Canvas
from ui.preview.feed import Feed
from ui.room import Room
from ui.selection import Selection
from ui.shortcuts import IN_PICTURE_ONLY, SHORTCUTS
from ui.show import Show
from ui.theme.look import look
from ui.theme.tokens import ThemeName
from ui.widgets.toast import Toast

LEFT_PX, RIGHT_PX, MIXER_PX = 288, 328, 252
NARROW_BELOW_PX = 1280
REMEMBER_AFTER_MS = 1500


class StudioWindow(QMainWindow):
    """The window. `painted_first` comes once, after the first paint of everything; `leaving(keep_on_air)` at its end;
    `remember` when there is something new to remember, once it has been so for a moment.
    """

    painted_first = Signal()
    leaving = Signal(bool)
    remember = Signal()

    def __init__(self, show: Show, room: Room, preferences: Preferences, account: Account | None = None) -> None:
        super().__init__()
        self.setWindowTitle("Stoa")
        self._show, self._room = show, room
        self.account = account or Account(show.start)
        self._may_close = False
        self._painted = False
        self.selection = Selection(show)
        self.latest = Latest(show)
        self.polling = Polling(show, self._is_seen)
        self._build(preferences)
        self.feed = Feed(show, self.canvas)
        self.toast = Toast(self.canvas)
        self._remembering = QTimer(self, singleShot=True, interval=REMEMBER_AFTER_MS)
        self._remembering.timeout.connect(self.remember)
        self._connect()
        self._add_actions()
        self._place(preferences)

    # -- building ----------------------------------------------------------------------------------------------------

    def _build(self, preferences: Preferences) -> None:
        show, selection, latest = self._show, self.selection, self.latest
        ground = QWidget()
        ground.setObjectName("ground")
        self.setCentralWidget(ground)
        outer = QVBoxLayout(ground)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self.notices = Notices(show)
        self.account_button = AccountButton(show, self.account, self._room)
        self.topbar = TopBar(show, self.account_button)
        outer.addWidget(self.notices)
        outer.addWidget(self.topbar)
        middle = QHBoxLayout()
        middle.setContentsMargins(8, 8, 8, 8)
        middle.setSpacing(8)
        outer.addLayout(middle, 1)
        left = QVBoxLayout()
        left.setSpacing(8)
        self.sources = SourcesPanel(show, selection)
        self.inspector = Inspector(show, selection, latest)
        for panel, stretch in ((self.sources, 4), (self.inspector, 5)):
            panel.setFixedWidth(LEFT_PX)
            left.addWidget(panel, stretch)
        middle.addLayout(left)
        centre = QVBoxLayout()
        centre.setSpacing(8)
        self.canvas = Canvas(show, selection, latest)
        centre.addWidget(self.canvas, 1)
        self.mixer = MixerPanel(show, latest)
        self.mixer.setFixedHeight(MIXER_PX)
        centre.addWidget(self.mixer)
        middle.addLayout(centre, 1)
        right = QVBoxLayout()
        right.setSpacing(8)
        self.destinations = DestinationsPanel(show)
        self.beside = Beside(show, self._room, self.account)
        self.pages, self.chat, self.people = self.beside.pages, self.beside.chat, self.beside.people
        self.share, self.session = self.beside.share, self.beside.session
        self.statistics, self.home = self.beside.statistics, self.beside.home
        self.pages.setCurrentIndex(preferences.tab)
        self.destinations.setFixedWidth(RIGHT_PX)
        self.beside.setFixedWidth(RIGHT_PX)
        right.addWidget(self.destinations, 4)
        right.addWidget(self.beside, 6)
        middle.addLayout(right)
        self.statusbar = StatusBar(show)
        outer.addWidget(self.statusbar)

    def _connect(self) -> None:
        show = self._show
        self.topbar.settings_wanted.connect(self.open_settings)
        self.topbar.shortcuts_wanted.connect(self.open_shortcuts)
        self.topbar.folder_wanted.connect(self.open_folder)
        self.sources.add_wanted.connect(self.add_source)
        self.sources.replace_wanted.connect(lambda which: self._open_picker(which, ""))
        self.inspector.picker_wanted.connect(self._open_picker)
        self.destinations.add_wanted.connect(self.add_destination)
        self.destinations.edit_wanted.connect(self._edit_destination)
        self.statusbar.clicked.connect(self.focus_statistics)
        self.polling.meters.connect(self.mixer.set_meters)
        self.polling.statistics.connect(self.statusbar.set_statistics)
        self.polling.statistics.connect(self.statistics.set_statistics)
        show.refused.connect(self._tell_refusal)
        show.attached.connect(self._tell_restart)
        self._room.outcome.connect(lambda said, tone: self.toast.say(said, tone=tone))
        self.home.go_live_wanted.connect(self.go_live)
        self.share.accounts_wanted.connect(self.account_button.open_accounts)
        look.changed.connect(self._remembering.start)
        self.account.changed.connect(self._remembering.start)
        self.account.told.connect(self.toast.say)
        self.pages.currentChanged.connect(lambda _: self._remembering.start())

    def _add_actions(self) -> None:
        for shortcut in SHORTCUTS:
            if not shortcut.action:
                continue
            action = QAction(shortcut.words, self)
            action.setShortcut(QKeySequence(shortcut.keys))
            does: Callable[[], object] = getattr(self, shortcut.action)
            action.triggered.connect(lambda _=False, does=does: does())
            if shortcut.action in IN_PICTURE_ONLY:
                action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
                self.canvas.addAction(action)
            else:
                self.addAction(action)

    def _place(self, preferences: Preferences) -> None:
        self.setMinimumSize(1024, 640)
        self.resize(preferences.width, preferences.height)
        screens = QApplication.screens()
        x, y = preferences.x, preferences.y
        # A place on a screen that has gone would hide the window.
        if x is not None and y is not None:
            places = (screen.availableGeometry() for screen in screens)
            if any(place.contains(x + 40, y + 20) for place in places):
                self.move(x, y)
        if preferences.maximised:
            self.setWindowState(Qt.WindowState.WindowMaximized)

    def preferences(self) -> Preferences:
        """What to remember of this window."""
        place = self.normalGeometry() if self.isMaximized() else self.geometry()
        return Preferences(
            theme=look.chosen,
            x=place.x(),
            y=place.y(),
            width=max(400, place.width()),
            height=max(300, place.height()),
            maximised=self.isMaximized(),
            tab=self.pages.currentIndex(),
            account=self.account.kept,
        )

    # -- facts -------------------------------------------------------------------------------------------------------

    def _is_seen(self) -> bool:
        return self.isVisible() and not self.isMinimized()

    def _tell_refusal(self, error: StoaError) -> None:
        self.toast.say(error.message, error.remedy, tone="danger")

    def _tell_restart(self, restarted: bool) -> None:
        if restarted:
            back = "; the show is back on air" if self._show.live else ""
            self.toast.say(f"The engine was started again{back}.", tone="good")

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() is QEvent.Type.Paint and not self._painted:
            self._painted = True
            QTimer.singleShot(0, self, self.painted_first.emit)
        return done

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.toast.hide()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.focusWidget() is None:
            self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < NARROW_BELOW_PX
        for panels, wide_px, narrow_px in (
            ((self.sources, self.inspector), LEFT_PX, 272),
            ((self.destinations, self.beside), RIGHT_PX, 288),
        ):
            for panel in panels:
                panel.setFixedWidth(narrow_px if narrow else wide_px)
        self.beside.set_narrow(narrow)
        if hasattr(self, "_remembering"):
            self._remembering.start()
            if self.toast.isVisible():
                QTimer.singleShot(0, self.toast, self.toast.place)

    # -- actions (names stand in ui.shortcuts) -----------------------------------------------------------------------

    def go_live(self) -> None:
        self.topbar.go_live()

    def ask_stop(self) -> None:
        self.topbar.ask_stop()

    def toggle_recording(self) -> None:
        self.topbar.toggle_recording()

    def open_folder(self) -> None:
        """Show the recording's folder in the desktop's file manager."""
        path = self._show.recording.path
        if path:
            self._show.start(self._open_folder(Path(path).parent))

    async def _open_folder(self, folder: Path) -> None:
        opened = await asyncio.to_thread(show_folder, folder)
        if not opened:
            self.toast.say(f"The recordings lie in {folder}.", "This desktop has no file manager that could show it.")

    def add_source(self) -> None:
        self._open_picker("", "camera")

    def change_source(self) -> None:
        """The quick picker of the chosen source."""
        if self.selection.source:
            self.inspector.open_devices()

    def _open_picker(self, source_id: str, kind: str) -> None:
        from ui.dialogs.picker import SourcePicker

        SourcePicker(self, self._show, replaces=source_id, kind=kind).open()

    def add_destination(self) -> None:
        self._edit_destination("")

    def _edit_destination(self, which: str) -> None:
        from ui.dialogs.destination import DestinationDialog

        DestinationDialog(self, self._show, which).open()

    def retry_destinations(self) -> None:
        self.destinations.retry_all()

    def acknowledge(self) -> None:
        self.notices.acknowledge_first()

    def copy_link(self) -> None:
        if self._room.reach.link:
            self.share.copy_link()
            self.toast.say("The viewers' link is in the clipboard.", tone="good")

    def open_settings(self) -> None:
        from ui.dialogs.settings import SettingsDialog

        SettingsDialog(self, self._show, look.choose).open()

    def open_shortcuts(self) -> None:
        from ui.dialogs.shortcuts import ShortcutSheet

        ShortcutSheet(self).open()

    def toggle_theme(self) -> None:
        look.choose(ThemeName.LIGHT if look.colours.dark else ThemeName.DARK)

    def put_full(self) -> None:
        self.inspector.put_full()

    def put_centre(self) -> None:
        self.inspector.put_centre()

    def toggle_mirror(self) -> None:
        self.inspector.toggle_mirror()

    def bring_forward(self) -> None:
        self.inspector.reorder(1)

    def send_back(self) -> None:
        self.inspector.reorder(-1)

    def take_out(self) -> None:
        self.inspector.remove()

    def mute_chosen(self) -> None:
        self.mixer.toggle_mute(self.selection.source)

    def open_headphones(self) -> None:
        self.mixer.master.open_headphones()

    def focus_picture(self) -> None:
        self.canvas.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def focus_sources(self) -> None:
        self.sources.focus_first()

    def focus_mixer(self) -> None:
        self.mixer.focus_first()

    def focus_destinations(self) -> None:
        self.destinations.focus_first()

    def focus_chat(self) -> None:
        self.pages.setCurrentWidget(self.chat)
        self.chat.text.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def focus_people(self) -> None:
        self.beside.focus(self.people)

    def focus_share(self) -> None:
        self.pages.setCurrentWidget(self.share)
        self.share.link.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def focus_statistics(self) -> None:
        self.pages.setCurrentWidget(self.statistics)

    def focus_home(self) -> None:
        self.beside.focus(self.home)

    def toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def close_window(self) -> None:
        self.close()

    def come_to_front(self) -> None:
        """Above all others, as a second `stoa` asks."""
        if self.isMinimized():
            self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    # -- leaving -----------------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        busy = self._show.is_attached and (self._show.live or self._show.recording.active)
        if busy and not self._may_close:
            event.ignore()
            self._ask_leave()
            return
        if not self._may_close:
            self._may_close = True
            self.leaving.emit(False)
        event.accept()

    def leave(self, *, keep_on_air: bool) -> None:
        """Close without asking again."""
        if not self._may_close:
            self._may_close = True
            self.leaving.emit(keep_on_air)
            self.close()

    def _ask_leave(self) -> None:
        dialog = LeaveQuestion(self, live=self._show.live, recording=self._show.recording.active)
        dialog.stop_chosen.connect(lambda: self._show.start(self._stop_and_leave()))
        dialog.keep_chosen.connect(lambda: self.leave(keep_on_air=True))
        dialog.open()

    async def _stop_and_leave(self) -> None:
        if self._show.live:
            await self._show.call("program.stop")
        if self._show.recording.active:
            await self._show.call("recording.stop")
        self.leave(keep_on_air=False)
