"""Strips and meters."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from studio.control import api
from tests.fakes.engine import FakeEngine
from tests.ui.conftest import Driver
from ui.panels.strip import StripView


@pytest.fixture
def mixed(engine: FakeEngine, open_window: Callable[..., Driver]) -> Driver:
    engine.show.source_add(api.SourceAdd("mic:a", "Røde NT-USB"))
    engine.show.source_add(api.SourceAdd("file:music.mp4", "Music"))
    return open_window()


def strips(studio: Driver) -> list[StripView]:
    return list(studio.window.mixer.strips.values())


def test_the_fader_moves_the_gain_and_a_double_click_puts_it_to_zero(mixed: Driver, engine: FakeEngine) -> None:
    strip = strips(mixed)[0]
    fader = strip.fader
    knob = QPointF(fader.width() / 2, fader.knob_centre_y())
    mixed.drag(fader, knob, QPointF(0, 30))
    mixed.until(lambda: engine.show.strips[strip.source].gain_db < -3, "quieter")
    mixed.until(lambda: strip.gain.value() == engine.show.strips[strip.source].gain_db, "told")
    QTest.mouseDClick(fader, Qt.MouseButton.LeftButton)
    mixed.until(lambda: engine.show.strips[strip.source].gain_db == 0, "0 dB")


def test_gain_by_keys_and_by_typing(mixed: Driver, engine: FakeEngine) -> None:
    strip = strips(mixed)[0]
    mixed.press("Ctrl+3", mixed.window)
    assert strip.fader.hasFocus()
    mixed.press("Up", strip.fader)
    mixed.press("PgUp", strip.fader)
    mixed.until(lambda: engine.show.strips[strip.source].gain_db == 3.5, "3.5 dB")
    strip.gain.setFocus()
    strip.gain.selectAll()
    mixed.type("-6.5", strip.gain)
    mixed.press("Return", strip.gain)
    mixed.until(lambda: engine.show.strips[strip.source].gain_db == -6.5, "-6.5 dB")
    assert strip.fader.gain_db == -6.5


def test_mute_solo_listen_by_click_and_key(mixed: Driver, engine: FakeEngine) -> None:
    strip = strips(mixed)[1]
    for each, field in ((strip.mute, "mute"), (strip.solo, "solo"), (strip.listen, "monitor")):
        mixed.click(each)
        mixed.until(lambda field=field: getattr(engine.show.strips[strip.source], field), field)
    strip.fader.setFocus()
    for key, field in (("M", "mute"), ("S", "solo"), ("L", "monitor")):
        mixed.press(key, strip.fader)
        mixed.until(lambda field=field: not getattr(engine.show.strips[strip.source], field), field)
    mixed.window.selection.choose_source(strip.source)
    mixed.press("Ctrl+M", mixed.window)
    mixed.until(lambda: engine.show.strips[strip.source].mute, "muted")


def test_sync_offset_and_pan(mixed: Driver, engine: FakeEngine) -> None:
    strip = strips(mixed)[0]
    strip.sync.setFocus()
    strip.sync.selectAll()
    mixed.type("-120", strip.sync)
    mixed.press("Return", strip.sync)
    mixed.until(lambda: engine.show.strips[strip.source].sync_offset_ms == -120, "sync")
    strip.pan.setFocus()
    mixed.press("PgDown", strip.pan)
    mixed.until(lambda: engine.show.strips[strip.source].pan == -0.25, "pan")


def test_meters_follow_and_fall(mixed: Driver, engine: FakeEngine) -> None:
    strip = strips(mixed)[0]
    engine.show.meters[strip.source] = api.Meter((-6.0, -9.0), (-18.0, -20.0))
    engine.show.meters["master"] = api.Meter((-3.0, -3.0), (-12.0, -12.0))
    mixed.until(lambda: strip.peak.text() == "−6.0", "peak")
    mixed.until(lambda: mixed.window.mixer.master.peak.text() == "−3.0", "master")
    engine.show.meters.clear()
    mixed.until(lambda: strip.meter.peak_db() < -20, "fallen")


def test_meters_are_asked_for_twenty_times_a_second_while_seen(mixed: Driver, engine: FakeEngine) -> None:
    mixed.until(lambda: engine.called("strip.meters"), "asked")
    mixed.window.hide()
    mixed.settle(20)
    before = len(engine.called("strip.meters"))
    mixed.settle(60)
    assert len(engine.called("strip.meters")) <= before + 1
    mixed.window.show()
    mixed.until(lambda: len(engine.called("strip.meters")) > before + 10, "asked again")


def test_headphones(mixed: Driver, engine: FakeEngine) -> None:
    mixed.press("Ctrl+P", mixed.window)
    mixed.choose("USB Headset")
    button = mixed.window.mixer.master.headphones
    mixed.until(lambda: engine.show.headphones.device == "h1" and button.text().startswith("USB"), "on")
    mixed.click(button)
    mixed.choose("Off")
    mixed.until(lambda: engine.show.headphones.device is None and button.text() == "Off", "off")


def test_a_window_that_attaches_later_shows_where_the_host_listens(
    engine: FakeEngine, open_window: Callable[..., Driver]
) -> None:
    engine.show.headphones_set(api.HeadphonesSet("h1", -6.0))
    studio = open_window()
    button = studio.window.mixer.master.headphones
    assert button.text().startswith("USB")
    problem = api.Problem("not_found", "The headphones are not plugged in.", "Plug them in, or choose others.")
    lost = api.HeadphonesInfo("h1", "USB Headset", -6.0, "failed", problem.words, problem)
    engine.show.tell_headphones(lost)
    studio.until(lambda: button.text() == "Failed", "told")
    assert "not plugged in" in button.toolTip() and "Plug them in" in button.toolTip()
    assert "not plugged in" in button.accessibleName()
    studio.click(button)
    studio.choose("System default")
    studio.until(lambda: engine.show.headphones.device == "", "another")
    assert engine.show.headphones.volume_db == -6.0


def test_a_held_fader_is_not_pulled_away_by_the_engine(mixed: Driver, engine: FakeEngine) -> None:
    strip = strips(mixed)[0]
    QTest.mousePress(strip.fader, Qt.MouseButton.LeftButton, pos=QPointF(13, strip.fader.knob_centre_y()).toPoint())
    engine.show.strip_set(api.StripSet(strip.source, gain_db=-40))
    mixed.until(lambda: mixed.show.strips[strip.source].gain_db == -40, "told")
    assert strip.fader.gain_db == 0
    QTest.mouseRelease(strip.fader, Qt.MouseButton.LeftButton)
