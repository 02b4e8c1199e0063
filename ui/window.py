"""The main window: puts the panels together, tells what happened, and asks before it leaves a show on air."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QTabWidget, QVBoxLayout, QWidget

from studio.media import StoaError
from ui.actions import Actions
from ui.dialogs.leave import LeaveQuestion
from ui.latest import Latest
from ui.panels.chat import ChatPanel
from ui.panels.destinations import DestinationsPanel
from ui.panels.inspector import Inspector
from ui.panels.mixer import MixerPanel
from ui.panels.notices import Notices
from ui.panels.people import PeoplePanel
from ui.panels.session import SessionBox
from ui.panels.share import SharePanel
from ui.panels.sources import SourcesPanel
from ui.panels.statistics import StatisticsPanel
from ui.panels.statusbar import StatusBar
from ui.panels.topbar import TopBar
from ui.polling import Polling
from ui.preferences import Preferences
from ui.preview.canvas import Canvas
from ui.preview.feed import Feed
from ui.room import Room
from ui.selection import Selection
from ui.show import Show
from ui.theme.look import look
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

    def __init__(self, show: Show, room: Room, preferences: Preferences) -> None:
        super().__init__()
        self.setWindowTitle("Stoa")
        self._show, self._room = show, room
        self._may_close = False
        self._painted = False
        self.selection = Selection(show)
        self.latest = Latest(show)
        self.polling = Polling(show, self._is_seen)
        self.does = Actions(self, show, room)
        self._build(preferences)
        self.feed = Feed(show, self.canvas)
        self.toast = Toast(self.canvas)
        self._remembering = QTimer(self, singleShot=True, interval=REMEMBER_AFTER_MS)
        self._remembering.timeout.connect(self.remember)
        self._connect()
        self.does.take_keys()
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
        self.topbar = TopBar(show)
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
        self.tabs = self._build_tabs(preferences)
        self.destinations.setFixedWidth(RIGHT_PX)
        self.tabs.setFixedWidth(RIGHT_PX)
        right.addWidget(self.destinations, 4)
        right.addWidget(self.tabs, 6)
        middle.addLayout(right)
        self.statusbar = StatusBar(show)
        outer.addWidget(self.statusbar)

    def _build_tabs(self, preferences: Preferences) -> QWidget:
        box = QWidget()
        box.setObjectName("panel")
        box.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(box)
        column.setContentsMargins(1, 1, 1, 1)
        self.pages = QTabWidget()
        self.pages.setAccessibleName("Chat, people, share, statistics")
        self.pages.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its bar has the keyboard
        self.pages.setDocumentMode(True)
        self.pages.tabBar().setExpanding(False)
        self.pages.tabBar().setDrawBase(False)
        self.chat = ChatPanel(self._room)
        self.people = PeoplePanel(self._room)
        self.session = SessionBox(self._show)
        self.share = SharePanel(self._room, self.session)
        self.statistics = StatisticsPanel(self._show)
        for page, words in (
            (self.chat, "Chat"),
            (self.people, "People"),
            (self.share, "Share"),
            (self.statistics, "Statistics"),
        ):
            self.pages.addTab(page, words)
        self.pages.setCurrentIndex(preferences.tab)
        column.addWidget(self.pages)
        return box

    def _connect(self) -> None:
        show, does = self._show, self.does
        self.topbar.settings_wanted.connect(does.open_settings)
        self.topbar.shortcuts_wanted.connect(does.open_shortcuts)
        self.topbar.folder_wanted.connect(does.open_folder)
        self.sources.add_wanted.connect(does.add_source)
        self.sources.open_wanted.connect(lambda which: does.open_picker(which, ""))
        self.inspector.picker_wanted.connect(does.open_picker)
        self.destinations.add_wanted.connect(does.add_destination)
        self.destinations.open_wanted.connect(does.edit_destination)
        self.statusbar.clicked.connect(does.focus_statistics)
        self.polling.meters.connect(self.mixer.set_meters)
        self.polling.statistics.connect(self.statusbar.set_statistics)
        self.polling.statistics.connect(self.statistics.set_statistics)
        show.refused.connect(self._tell_refusal)
        show.attached.connect(self._tell_restart)
        self._room.people_changed.connect(self._count_people)
        look.changed.connect(self._remembering.start)
        self.pages.currentChanged.connect(lambda _: self._remembering.start())

    def _place(self, preferences: Preferences) -> None:
        self.setMinimumSize(1080, 640)
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
        )

    # -- facts -------------------------------------------------------------------------------------------------------

    def _is_seen(self) -> bool:
        return self.isVisible() and not self.isMinimized()

    def _tell_refusal(self, error: StoaError) -> None:
        self.toast.say(error.message, error.remedy, tone="danger")

    def _tell_restart(self, restarted: bool) -> None:
        if restarted:
            back = (
                "The engine was started again; the show is back on air."
                if self._show.live
                else "The engine was started again."
            )
            self.toast.say(back, tone="good")

    def _count_people(self) -> None:
        here = sum(one.present for one in self._room.people)
        self.pages.setTabText(1, f"People {here}" if here else "People")

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
            ((self.destinations, self.tabs), RIGHT_PX, 288),
        ):
            for panel in panels:
                panel.setFixedWidth(narrow_px if narrow else wide_px)
        if hasattr(self, "_remembering"):
            self._remembering.start()
            if self.toast.isVisible():
                QTimer.singleShot(0, self.toast, self.toast.place)

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
