"""What the window's keys, buttons and menus do. Each method without an argument may be named in `ui.shortcuts`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence

from ui.folder import show_folder
from ui.room import Room
from ui.shortcuts import IN_PICTURE_ONLY, SHORTCUTS
from ui.show import Show
from ui.theme.look import look
from ui.theme.tokens import ThemeName

if TYPE_CHECKING:
    from ui.window import StudioWindow


class Actions:
    """Of one window; its panels are looked up when an action is taken."""

    def __init__(self, window: StudioWindow, show: Show, room: Room) -> None:
        self._window, self._show, self._room = window, show, room

    def take_keys(self) -> None:
        """Give every action its key."""
        for shortcut in SHORTCUTS:
            if not shortcut.action:
                continue
            action = QAction(shortcut.words, self._window)
            action.setShortcut(QKeySequence(shortcut.keys))
            does: Callable[[], object] = getattr(self, shortcut.action)
            action.triggered.connect(lambda _=False, does=does: does())
            if shortcut.action in IN_PICTURE_ONLY:
                action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
                self._window.canvas.addAction(action)
            else:
                self._window.addAction(action)

    def go_live(self) -> None:
        self._window.topbar.go_live()

    def ask_stop(self) -> None:
        self._window.topbar.ask_stop()

    def toggle_recording(self) -> None:
        self._window.topbar.toggle_recording()

    def open_folder(self) -> None:
        """Show the recording's folder in the desktop's file manager."""
        path = self._show.recording.path
        if path:
            self._show.start(self._open_folder(Path(path).parent))

    async def _open_folder(self, folder: Path) -> None:
        opened = await asyncio.to_thread(show_folder, folder)
        if not opened:
            self._window.toast.say(
                f"The recordings lie in {folder}.", "This desktop has no file manager that could show it."
            )

    def add_source(self) -> None:
        self.open_picker("", "camera")

    def change_source(self) -> None:
        """The quick picker of the chosen source."""
        if self._window.selection.source:
            self._window.inspector.open_devices()

    def open_picker(self, source_id: str, kind: str) -> None:
        from ui.dialogs.picker import KINDS, SourcePicker

        source = self._show.sources.get(source_id)
        kind = kind or (source.kind if source is not None else "camera")
        kinds = {each[0] for each in KINDS}
        found = kind if kind in kinds else {"testcard": "test", "tone": "test"}.get(kind, "camera")
        SourcePicker(self._window, self._show, replaces=source_id, kind=found).open()

    def add_destination(self) -> None:
        self.edit_destination("")

    def edit_destination(self, which: str) -> None:
        from ui.dialogs.destination import DestinationDialog

        DestinationDialog(self._window, self._show, which).open()

    def retry_destinations(self) -> None:
        self._window.destinations.retry_all()

    def acknowledge(self) -> None:
        self._window.notices.acknowledge_first()

    def copy_link(self) -> None:
        if self._room.reach.link:
            self._window.share.copy_link()
            self._window.toast.say("The viewers' link is in the clipboard.", tone="good")

    def open_settings(self) -> None:
        from ui.dialogs.settings import SettingsDialog

        SettingsDialog(self._window, self._show, look.choose).open()

    def open_shortcuts(self) -> None:
        from ui.dialogs.shortcuts import ShortcutSheet

        ShortcutSheet(self._window).open()

    def toggle_theme(self) -> None:
        look.choose(ThemeName.LIGHT if look.colours.dark else ThemeName.DARK)

    def put_full(self) -> None:
        self._window.inspector.put_full()

    def put_centre(self) -> None:
        self._window.inspector.put_centre()

    def toggle_mirror(self) -> None:
        self._window.inspector.toggle_mirror()

    def bring_forward(self) -> None:
        self._window.inspector.reorder(1)

    def send_back(self) -> None:
        self._window.inspector.reorder(-1)

    def take_out(self) -> None:
        self._window.inspector.remove()

    def mute_chosen(self) -> None:
        self._window.mixer.toggle_mute(self._window.selection.source)

    def open_headphones(self) -> None:
        self._window.mixer.master.open_headphones()

    def focus_picture(self) -> None:
        self._window.canvas.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def focus_sources(self) -> None:
        self._window.sources.focus_first()

    def focus_mixer(self) -> None:
        self._window.mixer.focus_first()

    def focus_destinations(self) -> None:
        self._window.destinations.focus_first()

    def focus_chat(self) -> None:
        self._window.pages.setCurrentWidget(self._window.chat)
        self._window.chat.text.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def focus_people(self) -> None:
        self._window.pages.setCurrentWidget(self._window.people)
        self._window.pages.tabBar().setFocus(Qt.FocusReason.ShortcutFocusReason)

    def focus_share(self) -> None:
        self._window.pages.setCurrentWidget(self._window.share)
        self._window.share.link.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def focus_statistics(self) -> None:
        self._window.pages.setCurrentWidget(self._window.statistics)

    def toggle_full_screen(self) -> None:
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)

    def close_window(self) -> None:
        self._window.close()
