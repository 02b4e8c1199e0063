"""The window on a real engine with a real session server: what is done in the window happens in the program."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from studio.control import api
from tests.fixtures.real_studio import RealStudio
from tests.ui.conftest import Driver
from ui.attendance import SessionAttendance
from ui.dialogs.picker import SourcePicker
from ui.room import Presence

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.xdist_group("real window")]


@pytest.fixture
def engine(stoa_home: Path) -> Iterator[RealStudio]:
    made = RealStudio(stoa_home)
    yield made
    made.stop()


@pytest.fixture
def real(engine: RealStudio, open_window: Callable[..., Driver]) -> Driver:
    """A window with the test card over the whole frame."""
    studio = open_window()
    studio.press("Ctrl+N", studio.window)
    picker = studio.dialog(SourcePicker)
    picker.kinds.setCurrentRow(picker.kinds.count() - 1)
    studio.settle()
    studio.click(picker.use)
    studio.until(lambda: studio.show.placements, "the test card is placed", 30)
    studio.until(lambda: not studio.window.findChildren(SourcePicker), "the picker has closed", 30)
    studio.until(lambda: studio.window.canvas.painted > 5, "pictures", 30)
    return studio


def at(studio: Driver, x: float, y: float) -> QPointF:
    frame = studio.window.canvas.frame_rect()
    return QPointF(frame.x() + x * frame.width(), frame.y() + y * frame.height())


def colour_at(studio: Driver, x: float, y: float) -> QColor:
    return studio.window.canvas.grab().toImage().pixelColor(at(studio, x, y).toPoint())


def is_bar(colour: QColor, red: int, green: int, blue: int) -> bool:
    return max(abs(colour.red() - red), abs(colour.green() - green), abs(colour.blue() - blue)) <= 12


def test_the_picture_is_the_programs_own(real: Driver) -> None:
    real.until(lambda: is_bar(colour_at(real, 5.5 / 8, 0.2), 191, 0, 0), "the red bar")
    assert is_bar(colour_at(real, 3.5 / 8, 0.2), 0, 191, 0)
    assert is_bar(colour_at(real, 6.5 / 8, 0.2), 0, 0, 191)


def test_a_drag_moves_the_source_in_the_program(real: Driver) -> None:
    canvas = real.window.canvas
    corner = at(real, 1, 1)
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at(real, 0.5, 0.5).toPoint())
    frame = canvas.frame_rect()
    real.drag(canvas, corner - QPointF(3, 3), QPointF(-0.5 * frame.width(), -0.5 * frame.height()))
    real.until(lambda: real.show.placements[0].width < 0.6, "smaller")
    real.window.selection.choose_placement("")
    real.until(lambda: is_bar(colour_at(real, 5.5 / 16, 0.1), 191, 0, 0), "the red bar at half its place", 20)
    assert is_bar(colour_at(real, 0.9, 0.9), 0, 0, 0)


def test_gain_mute_and_meters_are_the_mixers(real: Driver) -> None:
    strip = next(iter(real.window.mixer.strips.values()))
    real.until(lambda: strip.meter.peak_db() > -20, "the beep is heard", 20)
    strip.fader.setFocus()
    real.press("End", strip.fader)
    real.until(lambda: real.show.strips[strip.source].gain_db == -60, "gain")
    real.until(lambda: real.window.mixer.master.meter.peak_db() < -50, "the master is quiet", 20)
    real.press("Home", strip.fader)
    real.press("M", strip.fader)
    real.until(lambda: real.show.strips[strip.source].mute, "muted")


def test_a_device_that_cannot_be_opened_is_refused_and_the_old_one_stays(real: Driver) -> None:
    (source,) = real.show.sources
    real.window._open_picker(source, "clip")
    picker = real.dialog(SourcePicker)
    real.type("/no/such/file.mp4", picker.path)
    real.click(picker.use)
    real.until(lambda: "stays on" in picker.problem, "refused in words", 30)
    picker.reject()
    assert real.show.sources[source].kind == "testcard"
    assert real.show.sources[source].state is api.SourceState.LIVE


def test_recording_from_the_window_leaves_a_file(real: Driver, engine: RealStudio) -> None:
    real.press("Ctrl+R", real.window)
    real.until(lambda: real.show.recording.active and real.show.recording.bytes > 20_000, "recording grows", 30)
    assert "REC" in real.window.topbar.recorded.text() and "free" in real.window.topbar.recorded.text()
    path = Path(real.show.recording.path)
    assert path.parent == engine.home / "library"
    real.press("Ctrl+R", real.window)
    real.until(lambda: not real.show.recording.active, "closed", 30)
    assert path.stat().st_size > 20_000


def test_a_killed_engine_is_told_calmly_and_the_window_goes_on(real: Driver, engine: RealStudio) -> None:
    before = real.show.status.pid if real.show.status else 0
    os.kill(before, signal.SIGKILL)
    real.until(lambda: not real.show.is_attached, "gone")
    assert real.window.isVisible() and "started again by itself" in real.window.topbar.told.text()
    real.until(lambda: real.show.is_attached and real.show.status and real.show.status.pid != before, "back", 40)
    real.until(real.window.toast.isVisible, "told")
    assert real.window.toast.words.text().startswith("The engine was started again")


def test_the_window_attends_the_session_and_shares(real: Driver, engine: RealStudio) -> None:
    attending = SessionAttendance(real.show, real.room)

    async def attend() -> None:
        real.show.start(attending.attend())

    real.run(attend())
    real.until(lambda: real.room.presence is Presence.JOINED and real.room.reach.link, "joined", 30)
    assert "/watch/studio#i=" in real.room.reach.link and real.room.reach.qr_svg.lstrip().startswith("<")
    real.press("Ctrl+5", real.window)
    real.type("Hello from the window", real.window.chat.text)
    real.press("Return", real.window.chat.text)
    real.until(lambda: any(line.text == "Hello from the window" and line.mine for line in real.room.lines), "said", 20)
    assert real.window.people.count.text().startswith("1 person here")
