"""A window on a real screen (Xvfb) and a pretended engine, driven as a person does: clicks and keys.

The window's loop runs only inside `Driver.until` and `Driver.run`: what a click starts is done there.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QWidget
from qasync import QEventLoop

from studio.control.follow import follow
from tests.fakes.engine import FakeEngine
from tests.fakes.house_thread import HouseThread
from tests.fixtures.xvfb import Screen
from ui.preferences import Preferences
from ui.room import Room
from ui.show import Show
from ui.theme.look import look
from ui.theme.tokens import ThemeName
from ui.window import StudioWindow

LIMIT_S = 10.0


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    return ["stoa"]


@pytest.fixture(scope="session")
def qapp(shared_xvfb: Screen, qapp_args: list[str]) -> Iterator[QApplication]:
    """The one application of this test process, on a screen of its own."""
    os.environ["DISPLAY"] = shared_xvfb.display
    os.environ["QT_QPA_PLATFORM"] = "xcb"
    application = QApplication(qapp_args)
    application.setQuitOnLastWindowClosed(False)
    look.begin(application, ThemeName.DARK)
    yield application
    application.closeAllWindows()
    application.processEvents()
    application.shutdown()


class _Loop(QEventLoop):
    """Qt handles timers also between `Driver.run`s (a click does): what they step must find its loop then, too."""

    def run_forever(self) -> object:
        try:
            return super().run_forever()
        finally:
            asyncio.events._set_running_loop(self)


@pytest.fixture
def loop(qapp: QApplication) -> Iterator[QEventLoop]:
    made = _Loop(qapp)
    asyncio.set_event_loop(made)
    yield made
    asyncio.events._set_running_loop(None)
    made.close()
    asyncio.set_event_loop(None)


@pytest.fixture
def engine(stoa_home: Path) -> Iterator[FakeEngine]:
    fake = FakeEngine(stoa_home)
    yield fake
    fake.stop()


class Driver:
    """The hands and eyes of a test."""

    def __init__(self, loop: QEventLoop, window: StudioWindow, show: Show, room: Room) -> None:
        self.loop, self.window, self.show, self.room = loop, window, show, room
        self.left: list[bool] = []
        window.leaving.connect(self.left.append)

    def run[Answer](self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Run until `work` is done."""
        return self.loop.run_until_complete(work)  # type: ignore[no-any-return]

    def until[Fact](self, fact: Callable[[], Fact], what: str = "", limit_s: float = LIMIT_S) -> Fact:
        """Run the window until `fact` is truthy; fails after `limit_s`."""

        async def wait() -> Fact:
            end = asyncio.get_running_loop().time() + limit_s
            while not (found := fact()):
                assert asyncio.get_running_loop().time() < end, f"not within {limit_s} s: {what or fact}"
                await asyncio.sleep(0.01)
            return found

        return self.run(wait())

    def settle(self, rounds: int = 5) -> None:
        """Let the window do what waits."""

        async def wait() -> None:
            for _ in range(rounds):
                await asyncio.sleep(0.005)

        self.run(wait())

    def click(self, widget: QWidget) -> None:
        """A left click into the middle, if it can be clicked."""
        assert widget.isVisible(), f"{widget} is not visible"
        assert widget.isEnabled(), f"{widget} is not enabled"
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)
        self.settle()

    def press(self, keys: str, on: QWidget | None = None) -> None:
        """A key chord such as "Ctrl+L" to whatever has the keyboard."""
        if on is self.window and not self.window.isActiveWindow():
            self.window.activateWindow()  # no window manager here gives the keyboard back when a dialog closes
            self.until(self.window.isActiveWindow, "active")
        target = on or QApplication.focusWidget() or self.window
        QTest.keySequence(target, keys)
        self.settle()

    def type(self, text: str, into: QWidget) -> None:
        QTest.keyClicks(into, text)
        self.settle()

    def drag(
        self,
        widget: QWidget,
        start: QPointF,
        by: QPointF,
        modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        """Press, move in steps, let go."""
        left = Qt.MouseButton.LeftButton
        QTest.mousePress(widget, left, modifier, start.toPoint())
        for step in range(1, 6):
            QTest.mouseMove(widget, (start + by * step / 5).toPoint())
            self._move_with(widget, start + by * step / 5, modifier)
        QTest.mouseRelease(widget, left, modifier, (start + by).toPoint())
        self.settle()

    @staticmethod
    def _move_with(widget: QWidget, at: QPointF, modifier: Qt.KeyboardModifier) -> None:
        from PySide6.QtCore import QEvent
        from PySide6.QtGui import QMouseEvent

        everywhere = widget.mapToGlobal(at)
        event = QMouseEvent(
            QEvent.Type.MouseMove, at, everywhere, Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, modifier
        )
        QApplication.sendEvent(widget, event)

    def dialog[Kind: QDialog](self, kind: type[Kind]) -> Kind:
        """The open dialog of this kind."""
        return self.until(
            lambda: next((one for one in self.window.findChildren(kind) if one.isVisible()), None), str(kind)
        )

    def menu(self) -> QMenu:
        """The open menu."""
        found = self.until(QApplication.activePopupWidget, "a menu")
        assert isinstance(found, QMenu)
        return found

    def choose(self, words: str) -> None:
        """Click the entry of the open menu that begins with `words`."""
        menu = self.menu()
        action = next(each for each in menu.actions() if each.text().startswith(words))
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center() + QPoint(0, 0))
        self.settle()

    def picture(self, path: Path, widget: QWidget | None = None) -> None:
        """What the window looks like, as a PNG."""
        self.settle(20)
        (widget or self.window).grab().save(str(path))


@pytest.fixture
def open_window(loop: QEventLoop, engine: FakeEngine) -> Iterator[Callable[..., Driver]]:
    """A function: opens the window on the pretended engine (or `stream`) and waits until it is attached."""
    opened: list[Driver] = []

    def begin(stream: Any = None, *, wait: bool = True, preferences: Preferences | None = None) -> Driver:
        show = Show(stream or (lambda: follow(retry_s=0.02)))
        room = Room(lambda work: show.start(work))
        window = StudioWindow(show, room, preferences or Preferences())
        driver = Driver(loop, window, show, room)
        opened.append(driver)
        window.show()

        async def start() -> None:
            show.begin()
            window.polling.begin()

        window.activateWindow()
        driver.run(start())
        driver.until(window.isActiveWindow, "active")
        if wait:
            driver.until(lambda: show.is_attached, "attached")
        return driver

    gc.disable()  # as ui.garbage has it: the fake engine's thread would take Qt objects apart
    yield begin
    for driver in opened:
        driver.window.feed.stop()
        if driver.window.feed.reader is not None:
            driver.window.feed.reader.wait(5)
        driver.window.hide()
        driver.run(driver.show.end())
        if driver.show.client is not None:
            driver.run(driver.show.client.close())
        driver.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
    opened.clear()
    gc.collect(0)  # all that the test made
    gc.enable()
    if look.chosen is not ThemeName.DARK:
        look.choose(ThemeName.DARK)


@pytest.fixture
def studio(open_window: Callable[..., Driver]) -> Driver:
    """The window, open and attached."""
    return open_window()


@pytest.fixture
def house(tmp_path: Path, studio: Driver) -> Iterator[HouseThread]:
    """A real server, whose session the window is in by `tests.ui.desks.attend`."""
    from tests.ui.desks import leave

    made = HouseThread(tmp_path / "server")
    yield made
    leave(studio)
    made.stop()
