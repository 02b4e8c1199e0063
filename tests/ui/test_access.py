"""The keyboard reaches everything, and a screen reader has a name for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QLabel, QTabBar, QWidget

from studio.control import api
from tests.fakes.engine import FakeEngine
from tests.ui.conftest import Driver
from tests.ui.furnished_show import attend, furnish
from ui.dialogs.destination import DestinationDialog
from ui.dialogs.picker import SourcePicker
from ui.dialogs.settings import SettingsDialog
from ui.dialogs.shortcuts import ShortcutSheet
from ui.panels.session import JoinDialog
from ui.preferences import Preferences


@pytest.fixture
def furnished(engine: FakeEngine, open_window: Callable[..., Driver]) -> Driver:
    furnish(engine)
    engine.show.session_join(api.SessionJoin())
    studio = open_window()
    attend(studio)
    studio.window.selection.choose_source(next(iter(engine.show.sources)))
    studio.settle()
    return studio


def reachable(top: QWidget) -> list[QWidget]:
    """What Tab comes to, in order."""
    found: list[QWidget] = []
    widget = top.nextInFocusChain()
    while widget is not top and widget not in found:
        if (
            widget.isVisible()
            and widget.isEnabled()
            and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            and widget.window() is top.window()
        ):
            found.append(widget)
        widget = widget.nextInFocusChain()
    return found


def name_of(widget: QWidget) -> str:
    words = widget.accessibleName()
    if not words and isinstance(widget, QAbstractButton):
        words = widget.text()
    if not words and isinstance(widget, QTabBar):
        words = widget.tabText(widget.currentIndex())
    return words


def nameless(top: QWidget) -> list[str]:
    return [
        f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}"
        for widget in reachable(top)
        if not name_of(widget) and not widget.objectName().startswith("qt_")
    ]


@pytest.mark.parametrize("tab", range(4))
def test_everything_that_takes_the_keyboard_has_a_name(furnished: Driver, tab: int) -> None:
    furnished.window.pages.setCurrentIndex(tab)
    furnished.settle()
    assert nameless(furnished.window) == []
    assert len(reachable(furnished.window)) > 30


@pytest.mark.parametrize("kind", [SourcePicker, DestinationDialog, SettingsDialog, ShortcutSheet, JoinDialog])
def test_dialogs_too_and_escape_closes_them(furnished: Driver, kind: type[QDialog]) -> None:
    window = furnished.window
    dialog = (
        kind(window)
        if kind is ShortcutSheet
        else kind(window, furnished.show, *([print] if kind is SettingsDialog else []))
    )
    dialog.open()
    furnished.settle()
    assert nameless(dialog) == []
    furnished.press("Escape", dialog)
    furnished.until(lambda: window.findChild(kind) is None, "closed")


def test_every_panel_is_one_key_away(furnished: Driver) -> None:
    window = furnished.window
    for key, panel in (
        ("Ctrl+1", window.canvas),
        ("Ctrl+2", window.sources),
        ("Ctrl+3", window.mixer),
        ("Ctrl+4", window.destinations),
        ("Ctrl+5", window.chat),
        ("Ctrl+7", window.share),
    ):
        furnished.press(key, window)
        focused = QApplication.focusWidget()
        assert focused is panel or panel.isAncestorOf(focused), key
    furnished.press("Ctrl+8", window)
    assert window.pages.currentWidget() is window.statistics


def test_labels_are_plain_text(furnished: Driver) -> None:
    labels = furnished.window.findChildren(QLabel)
    assert [each.text() for each in labels if each.textFormat() is not Qt.TextFormat.PlainText] == []


def test_what_is_new_is_remembered_after_a_moment(furnished: Driver) -> None:
    kept: list[Preferences] = []
    furnished.window.remember.connect(lambda: kept.append(furnished.window.preferences()))
    furnished.press("Ctrl+Shift+D", furnished.window)
    furnished.window.resize(1300, 800)
    furnished.until(lambda: kept, "remembered")
    assert (kept[-1].theme.value, kept[-1].width, kept[-1].height) == ("light", 1300, 800)


def test_leaving_the_session_asks_and_joining_by_a_link_tells_refusals(furnished: Driver, engine: FakeEngine) -> None:
    from studio.media import ErrorKind, StoaError
    from ui.dialogs.frame import Question

    box = furnished.window.session
    furnished.press("Ctrl+7", furnished.window)
    furnished.click(box.leave)
    furnished.click(furnished.dialog(Question).act)
    furnished.until(lambda: box.join_other.isVisible(), "left")
    assert "go on without it" in box.words.text()
    engine.refuse["session.join"] = StoaError(
        ErrorKind.BAD_ARGUMENT, "This is not an invite link.", remedy="Paste it whole."
    )
    furnished.click(box.join_other)
    dialog = furnished.dialog(JoinDialog)
    furnished.type("nonsense", dialog.link)
    furnished.click(dialog.join)
    furnished.until(lambda: dialog.problem == "This is not an invite link. Paste it whole.", "refused")
    engine.refuse.clear()
    furnished.click(dialog.join)
    furnished.until(lambda: furnished.show.session.joined, "joined")
