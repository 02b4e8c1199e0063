"""What an admin did to you cannot be overlooked, and not be dismissed by accident."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.fakes.engine import FakeEngine
from tests.ui.conftest import Driver
from ui.panels.notices import Banner

WORDS = "An admin muted your sound. Everyone hears silence."


def admin_banner(studio: Driver, engine: FakeEngine) -> Banner:
    notice = engine.show.raise_notice("admin", WORDS, by="Grace", action="mute_audio")
    return studio.until(lambda: studio.window.notices.banners.get(notice), "banner")


def test_it_covers_the_whole_width_at_the_top(studio: Driver, engine: FakeEngine) -> None:
    banner = admin_banner(studio, engine)
    studio.settle()
    assert banner.mapTo(studio.window, QPoint(0, 0)) == QPoint(0, 0)
    assert banner.width() == studio.window.width() and banner.height() >= 56
    assert banner.words.text() == WORDS


def test_a_click_on_its_way_and_stray_keys_do_not_dismiss_it(studio: Driver, engine: FakeEngine) -> None:
    banner = admin_banner(studio, engine)
    QTest.mouseClick(banner.button, Qt.MouseButton.LeftButton)
    for key in ("Escape", "Space", "Return", "Del", "Ctrl+Return"):
        studio.press(key, studio.window)
    QTest.mouseClick(banner, Qt.MouseButton.LeftButton)
    studio.settle(20)
    assert banner.isVisible() and engine.called("notice.clear") == []
    assert not banner.button.hasFocus()


def test_its_button_acknowledges(studio: Driver, engine: FakeEngine) -> None:
    banner = admin_banner(studio, engine)
    studio.until(banner.button.isEnabled, "armed")
    studio.click(banner.button)
    studio.until(lambda: not studio.window.notices.isVisible(), "gone")
    assert len(engine.called("notice.clear")) == 1 and not engine.show.notices


def test_the_keyboard_acknowledges_one_at_a_time_admins_first(studio: Driver, engine: FakeEngine) -> None:
    engine.show.raise_notice("info", "The encoder was replaced.")
    admin_banner(studio, engine)
    studio.press("Ctrl+Shift+Return", studio.window)
    studio.until(lambda: len(studio.window.notices.banners) == 1, "first")
    (left,) = engine.show.notices.values()
    assert left.severity == "info"


def test_a_minimised_window_comes_back_for_an_admins_notice(studio: Driver, engine: FakeEngine) -> None:
    studio.window.setWindowState(Qt.WindowState.WindowMinimized)
    studio.settle()
    admin_banner(studio, engine)
    studio.until(lambda: not studio.window.isMinimized(), "shown")


def test_a_notice_from_before_the_window_is_there(engine: FakeEngine, open_window) -> None:  # type: ignore[no-untyped-def]
    engine.show.raise_notice("admin", WORDS)
    studio = open_window()
    assert [banner.words.text() for banner in studio.window.notices.banners.values()] == [WORDS]


def test_text_is_never_markup(studio: Driver, engine: FakeEngine) -> None:
    notice = engine.show.raise_notice("warning", "<img src=x><b>bold</b>")
    banner = studio.until(lambda: studio.window.notices.banners.get(notice), "banner")
    assert banner.words.textFormat() is Qt.TextFormat.PlainText
    assert banner.words.text() == "<img src=x><b>bold</b>"


def test_what_an_admin_gives_back_is_not_red_but_is_acknowledged_too(studio: Driver, engine: FakeEngine) -> None:
    notice = engine.show.raise_notice("admin", "Grace switched your sound on again.", by="Grace", action="unmute_audio")
    banner = studio.until(lambda: studio.window.notices.banners.get(notice), "banner")
    assert banner.property("tone") == "good"
    assert banner.button.isVisible()


def test_several_leave_room_for_the_picture(studio: Driver, engine: FakeEngine) -> None:
    first = admin_banner(studio, engine)
    tall = first.height()
    newest = admin_banner(studio, engine)
    studio.settle()
    assert newest.y() < first.y() and newest.height() >= tall > first.height()
