"""The window's process: `stoa --child window` calls `run`. Starts Qt with its event loop shared by asyncio."""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.control.window import WindowLink
    from studio.process import ChildPipes
    from ui.account import Account
    from ui.preferences import Preferences
    from ui.room import Room
    from ui.show import Show
    from ui.window import StudioWindow

BEAT_EVERY_MS = 500
_LOG = logging.getLogger(__name__)


def run(pipes: ChildPipes | None) -> None:
    """Open the window and return when it is closed. `pipes` are the launcher's, None where nobody started it."""
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or _headless()):
        _LOG.error("There is no display to open the window on. Use stoa live, or start a desktop first.")
        sys.exit(3)
    from PySide6.QtWidgets import QApplication
    from qasync import QEventLoop

    from ui.preferences import load, preferences_path
    from ui.theme.look import look

    gc.disable()  # until the first paint, when ui.garbage begins: nothing of what is loaded meanwhile is garbage
    application = QApplication(["stoa"])
    application.setApplicationName("Stoa")
    application.setApplicationDisplayName("Stoa")
    application.setDesktopFileName("stoa")
    application.setQuitOnLastWindowClosed(False)
    preferences = load(preferences_path())
    look.begin(application, preferences.theme)
    loop = QEventLoop(application)
    asyncio.set_event_loop(loop)
    with loop:
        loop.run_until_complete(_live(pipes, preferences))


def _headless() -> bool:
    return os.environ.get("QT_QPA_PLATFORM", "") in ("offscreen", "minimal", "vnc")


async def _live(pipes: ChildPipes | None, preferences: Preferences) -> None:
    from PySide6.QtCore import QTimer

    from studio.control.window import Heartbeat, WindowClosed, WindowLink, WindowShown
    from ui.account import Account
    from ui.preferences import preferences_path, store_soon
    from ui.room import Room
    from ui.show import Show
    from ui.window import StudioWindow

    loop = asyncio.get_running_loop()
    over: asyncio.Future[bool] = loop.create_future()

    def leave(keep_on_air: bool) -> None:
        if not over.done():
            over.set_result(keep_on_air)

    def to_front() -> None:
        loop.call_soon_threadsafe(window.come_to_front)

    def end() -> None:
        loop.call_soon_threadsafe(leave, True)

    def tell_trouble(words: str) -> None:
        loop.call_soon_threadsafe(room.set_trouble, words)

    show = Show()
    room = Room(lambda work: show.start(_awaited(work)))
    account = Account(show.start)
    window = StudioWindow(show, room, preferences, account)
    link = WindowLink(
        pipes,
        on_raise=to_front,
        on_end=end,
        on_trouble=tell_trouble,
    )
    window.leaving.connect(leave)
    window.remember.connect(lambda: show.start(store_soon(preferences_path(), window.preferences())))
    window.painted_first.connect(lambda: link.send(WindowShown(_age_ms())))
    window.painted_first.connect(lambda: _begin(window, show, room, account, link))
    window.painted_first.connect(lambda: account.restore(preferences.account))
    beat = QTimer(interval=BEAT_EVERY_MS)
    beat.timeout.connect(lambda: link.send(Heartbeat()))
    beat.start()
    link.send(Heartbeat())
    window.show()
    keep_on_air = await over
    kept = window.preferences()
    window.feed.stop()
    window.hide()
    await account.close()
    await show.end()
    await store_soon(preferences_path(), kept)
    link.send(WindowClosed(keep_on_air))
    await asyncio.to_thread(link.close)
    beat.stop()
    window.deleteLater()


def _begin(window: StudioWindow, show: Show, room: Room, account: Account, link: WindowLink) -> None:
    """What may wait for the first paint: the engine, the meters, the session, the door for the next launcher."""
    from ui.garbage import Garbage

    gc.freeze()
    Garbage(window)
    show.begin()
    window.polling.begin()
    show.start(asyncio.to_thread(link.open_door))
    show.start(_attend(show, room, account))


async def _attend(show: Show, room: Room, account: Account) -> None:
    # Its libraries take a while to load: in a thread, so that the window answers meanwhile.
    attendance = await asyncio.to_thread(importlib.import_module, "ui.attendance")
    await attendance.SessionAttendance(show, room, account).attend()


async def _awaited(work: object) -> object:
    return await work  # type: ignore[misc]


def _age_ms() -> float:
    """How long ago this process was started."""
    if sys.platform == "linux":  # to a hundredth of a second; psutil's answer is off by up to one
        started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
        return (time.clock_gettime(time.CLOCK_BOOTTIME) - started) * 1000
    import psutil

    return (time.time() - psutil.Process().create_time()) * 1000
