"""Every action of the window without a mouse: what a click, a drag, a menu or a double click does, by keys alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from studio.control import api
from studio.control.api import EventType
from tests.fakes.engine import FakeEngine
from tests.ui.conftest import Driver
from ui.dialogs.destination import DestinationDialog
from ui.dialogs.frame import Question
from ui.dialogs.leave import LeaveQuestion
from ui.dialogs.picker import SourcePicker
from ui.dialogs.settings import SettingsDialog
from ui.dialogs.shortcuts import ShortcutSheet
from ui.line import Line
from ui.panels.bubble import Bubble
from ui.panels.person import PersonRow
from ui.room import Presence, Someone
from ui.shortcuts import SHORTCUTS


@pytest.fixture
def full(engine: FakeEngine, open_window: Callable[..., Driver]) -> Driver:
    """Two pictures, two sounds, two destinations, a session with chat and people."""
    engine.show.source_add(api.SourceAdd("camera:cam0", "Logitech BRIO", place=True))
    engine.show.source_add(api.SourceAdd("file:clip.mp4", "Clip", place=True))
    engine.show.source_add(api.SourceAdd("mic:a", "Røde NT-USB"))
    for name in ("Main", "Second"):
        engine.show.destination_add(api.DestinationAdd("rtmp://host/live/key", name))
    studio = open_window()
    studio.room.set_presence(Presence.JOINED)
    studio.room.set_rights(share=True, remove=True, invite_admins=True)
    return studio


def focus() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


def back(studio: Driver, dialog: type[QWidget]) -> None:
    """The dialog is closed, and the window has the keyboard again (no window manager gives it back here)."""
    studio.until(lambda: studio.window.findChild(dialog) is None, "closed")
    studio.window.activateWindow()
    studio.until(studio.window.isActiveWindow, "active")


def tab_to(studio: Driver, wanted: QWidget, most: int = 80) -> None:
    """Press Tab until it is there."""
    for _ in range(most):
        if focus() is wanted:
            return
        QTest.keyClick(focus(), Qt.Key.Key_Tab)
    raise AssertionError(f"Tab never came to {wanted.accessibleName() or wanted}")


def test_the_show_and_its_dialogs(full: Driver, engine: FakeEngine) -> None:
    window = full.window
    full.press("Ctrl+L", window)
    full.until(lambda: full.show.live, "live")
    full.press("Ctrl+R", window)
    full.until(lambda: full.show.recording.active, "recording")
    full.press("Ctrl+Shift+L", window)
    question = full.dialog(Question)
    assert question.keep.hasFocus(), "Enter keeps the show on air"
    full.press("Tab", focus())
    full.press("Space", focus())
    full.until(lambda: not full.show.live, "stopped")
    full.press("Ctrl+Q", window)
    full.dialog(LeaveQuestion)
    full.press("Escape", focus())
    back(full, LeaveQuestion)
    for keys, kind in (
        ("Ctrl+N", SourcePicker),
        ("Ctrl+D", DestinationDialog),
        ("Ctrl+,", SettingsDialog),
        ("F1", ShortcutSheet),
        ("Ctrl+/", ShortcutSheet),
    ):
        full.press(keys, window)
        full.dialog(kind)
        full.press("Escape", focus())
        back(full, kind)


def test_a_source_from_adding_to_removing(full: Driver, engine: FakeEngine) -> None:
    window = full.window
    full.press("Ctrl+2", window)
    rows = list(window.sources.rows.values())
    assert focus() is rows[0]
    full.press("Space", rows[0])
    assert window.selection.source == rows[0].source_id
    tab_to(full, rows[0].eye, 3)
    full.press("Space", focus())
    full.until(lambda: not full.show.placements[0].visible, "hidden")
    tab_to(full, rows[0].more, 3)
    full.press("Space", focus())
    assert next(action.text() for action in full.menu().actions() if action.text()).startswith("Change")
    full.press("Escape", full.menu())
    QTest.keyClick(rows[1], Qt.Key.Key_Return)
    full.dialog(SourcePicker)
    full.press("Escape", focus())
    back(full, SourcePicker)
    rows[2].setFocus()
    full.press("Del", focus())
    full.press("Tab", focus())
    full.press("Space", focus())
    full.until(lambda: len(window.sources.rows) == 2, "removed")


def test_placing(full: Driver, engine: FakeEngine) -> None:
    window, canvas = full.window, full.window.canvas
    full.press("Ctrl+1", window)
    full.press("Tab", focus())
    first = full.show.placements[0]
    assert window.selection.placement == first.id
    for keys, wanted in (
        ("Shift+Right", lambda one: one.x > first.x),
        ("Alt+Left", lambda one: one.width < first.width),
        ("Ctrl+F", lambda one: (one.x, one.width) == (0.0, 1.0)),
        ("Ctrl+H", lambda one: one.mirror),
    ):
        full.press(keys, canvas)
        full.until(lambda wanted=wanted: wanted(engine.show.placements[first.id]), keys)
    full.press("PgUp", canvas)
    full.until(lambda: full.show.placements[-1].id == first.id, "in front")
    full.press("Escape", canvas)
    assert window.selection.placement == ""
    full.press("Tab", focus())
    gone = window.selection.placement
    full.press("Del", canvas)
    full.until(lambda: gone not in engine.show.placements, "taken out")


def test_every_field_of_a_placement(full: Driver, engine: FakeEngine) -> None:
    inspector = full.window.inspector
    full.window.selection.choose_placement(full.show.placements[1].id)
    full.settle()
    full.press("Ctrl+2", full.window)
    for wanted in (inspector.name, inspector.device, inspector.forward, inspector.full, inspector.take_out):
        if wanted.isEnabled():
            tab_to(full, wanted)
    tab_to(full, inspector.fit.button("fit"))
    full.press("Right", focus())
    full.press("Space", focus())
    tab_to(full, inspector.crop[0])
    full.press("Up", focus())
    tab_to(full, inspector.opacity)
    full.press("PgDown", focus())
    which = full.window.selection.placement

    def changed() -> bool:
        placement = engine.show.placements[which]
        return placement.fit is api.Fit.FILL and placement.crop.left > 0 and placement.opacity < 1

    full.until(changed, "changed")


def test_the_pan_leaves_the_middle_by_single_steps(full: Driver, engine: FakeEngine) -> None:
    full.press("Ctrl+3", full.window)
    strip = next(iter(full.window.mixer.strips.values()))
    tab_to(full, strip.pan)
    for step in (0.05, 0.1):
        full.press("Right", focus())
        full.until(lambda step=step: engine.show.strips[strip.source].pan == step, f"{step}")
        full.settle(10)
    for _ in range(3):
        full.press("Left", focus())
        full.settle(10)
    full.until(lambda: engine.show.strips[strip.source].pan == -0.05, "on the other side")


def test_destinations(full: Driver, engine: FakeEngine) -> None:
    window = full.window
    full.press("Ctrl+4", window)
    first, second = window.destinations.rows.values()
    tab_to(full, second, 8)
    full.press("Space", focus())
    full.until(lambda: not engine.show.destinations[second.destination.id].enabled, "left out")
    first.setFocus()
    tab_to(full, first.more, 3)
    full.press("Space", focus())
    full.press("Down", full.menu())
    full.press("Return", full.menu())
    full.until(lambda: engine.called("destination.start"), "connected by its menu")
    engine.show.put_destination(
        EventType.DESTINATION_LOST, id=first.destination.id, state="reconnecting", words="Lost."
    )
    full.until(first.retry.isVisible, "lost")
    tab_to(full, first.retry, 6)
    full.press("Space", focus())
    full.until(lambda: len(engine.called("destination.start")) == 2, "tried again")


def test_chat_messages_are_read_and_copied(full: Driver) -> None:
    chat = full.window.chat
    full.room.reset_lines([Line(str(at), "Lin", f"line {at}", "20:00", "viewer") for at in range(40)])
    full.settle(10)
    full.press("Ctrl+5", full.window)
    QTest.keyClick(focus(), Qt.Key.Key_Backtab)
    full.press("Up", focus())
    assert isinstance(focus(), Bubble)
    full.press("Up", focus())
    full.press("Ctrl+C", focus())
    assert QGuiApplication.clipboard().text() == "line 38"
    bar = chat._area.verticalScrollBar()
    for _ in range(30):
        full.press("Up", focus())
    assert focus().accessibleName() == "Lin: line 8" and bar.value() < bar.maximum()


def test_people_are_removed_and_the_keyboard_stays_while_others_come(full: Driver) -> None:
    full.press("Ctrl+6", full.window)
    full.room.set_people((Someone("a", "Ada", "viewer"), Someone("b", "Bob", "viewer")), 1)
    full.settle()
    rows = [row for row in full.window.people.findChildren(PersonRow) if row.isVisible()]
    rows[1].setFocus()
    full.room.set_people((*full.room.people, Someone("c", "Cy", "guest")), 1)
    full.settle()
    assert focus().accessibleName() == "Bob, Viewer"
    full.press("Del", focus())
    assert "Bob" in full.dialog(Question).accessibleDescription()


def test_escape_dismisses_a_message_from_anywhere(full: Driver) -> None:
    toast = full.window.toast
    for key in ("Ctrl+1", "Ctrl+2", "Ctrl+3", "Ctrl+4"):
        full.press(key, full.window)
        toast.say("The device is busy.", "Close the other program.", tone="danger")
        full.press("Escape", focus())
        assert not toast.isVisible(), key


def test_every_key_of_the_sheet_that_names_an_action_has_one(full: Driver) -> None:
    missing = [shortcut.keys for shortcut in SHORTCUTS if shortcut.action and not hasattr(full.window, shortcut.action)]
    assert missing == []
