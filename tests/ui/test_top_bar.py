"""Going live, stopping, recording, and closing: as a person does."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from studio.control import api
from studio.media import ErrorKind, StoaError
from tests.fakes.engine import FakeEngine
from tests.ui.conftest import Driver
from ui.dialogs.frame import Question
from ui.dialogs.leave import LeaveQuestion


def test_go_live_and_stop_which_asks(studio: Driver, engine: FakeEngine) -> None:
    bar = studio.window.topbar
    studio.click(bar.go)
    studio.until(lambda: bar.go.text() == "Stop", "live")
    assert bar.state.text().startswith("ON AIR")
    studio.click(bar.go)
    question = studio.dialog(Question)
    assert engine.called("program.stop") == []
    studio.click(question.keep)
    assert engine.called("program.stop") == [] and studio.show.live
    studio.click(bar.go)
    studio.click(studio.dialog(Question).act)
    studio.until(lambda: bar.go.text() == "Go live", "off air")
    assert len(engine.called("program.stop")) == 1


def test_enter_and_escape_never_stop_the_show(studio: Driver, engine: FakeEngine) -> None:
    engine.show.program_start(api.Nothing())
    studio.until(lambda: studio.show.live, "live")
    for key in ("Return", "Escape"):
        studio.press("Ctrl+Shift+L", studio.window)
        question = studio.dialog(Question)
        studio.press(key, question.keep)
        studio.until(lambda question=question: not _visible(question), "closed")
    assert engine.called("program.stop") == []


def _visible(widget: object) -> bool:
    import shiboken6

    return shiboken6.isValid(widget) and widget.isVisible()  # type: ignore[attr-defined]


def test_keys_go_live_and_record(studio: Driver, engine: FakeEngine) -> None:
    studio.press("Ctrl+L", studio.window)
    studio.until(lambda: studio.show.live, "live")
    studio.press("Ctrl+R", studio.window)
    studio.until(lambda: studio.show.recording.active, "recording")
    assert studio.window.topbar.folder.isVisible()
    studio.until(lambda: "REC" in studio.window.topbar.recorded.text(), "recording told")
    studio.press("Ctrl+R", studio.window)
    studio.until(lambda: not studio.show.recording.active, "closed")
    assert len(engine.called("recording.start")) == len(engine.called("recording.stop")) == 1


def test_a_double_click_goes_live_once(studio: Driver, engine: FakeEngine) -> None:
    engine.delay_s["program.start"] = 0.2
    studio.window.topbar.go.click()
    studio.window.topbar.go.click()
    studio.press("Ctrl+L", studio.window)
    studio.until(lambda: studio.show.live, "live")
    assert len(engine.called("program.start")) == 1


def test_a_refusal_is_told_in_words_and_the_button_is_back(studio: Driver, engine: FakeEngine) -> None:
    engine.refuse["program.start"] = StoaError(
        ErrorKind.DENIED, "An admin stopped this session.", remedy="Ask an admin to release it."
    )
    studio.click(studio.window.topbar.go)
    toast = studio.window.toast
    studio.until(toast.isVisible, "toast")
    assert toast.words.text() == "An admin stopped this session."
    assert toast.remedy.text() == "Ask an admin to release it."
    assert studio.window.topbar.go.isEnabled() and studio.window.topbar.go.text() == "Go live"


def test_disk_space_left_is_told(studio: Driver) -> None:
    studio.until(lambda: "212 GB free" in studio.window.topbar.recorded.text(), "disk space")


def test_a_recording_that_a_full_disk_ended_is_told(studio: Driver, engine: FakeEngine) -> None:
    engine.show.recording = api.RecordingInfo(
        False, "/x/show.mp4", problem=api.Problem("no_space", "The disk is full; the recording was closed.")
    )
    studio.until(lambda: "disk is full" in studio.window.topbar.recorded.text(), "told")


def test_the_folder_button_opens_the_recordings_folder(
    studio: Driver, engine: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[Path, bool]] = []

    def show_folder(folder: Path) -> bool:
        opened.append((folder, threading.current_thread() is threading.main_thread()))
        return True

    monkeypatch.setattr("ui.window.show_folder", show_folder)
    engine.show.recording_start(api.RecordingStart(str(tmp_path / "a.mp4")))
    studio.until(studio.window.topbar.folder.isVisible, "button")
    studio.click(studio.window.topbar.folder)
    studio.until(lambda: opened, "opened")
    assert opened == [(tmp_path, False)]


class TestClosing:
    def test_off_air_it_closes_at_once(self, studio: Driver) -> None:
        studio.window.close()
        assert studio.left == [False]

    def test_on_air_it_asks(self, studio: Driver, engine: FakeEngine) -> None:
        engine.show.program_start(api.Nothing())
        studio.until(lambda: studio.show.live, "live")
        studio.press("Ctrl+Q", studio.window)
        dialog = studio.dialog(LeaveQuestion)
        assert studio.left == [] and studio.window.isVisible()
        studio.click(dialog.stay)
        assert studio.left == [] and studio.window.isVisible()

    def test_stop_and_close_ends_show_and_recording_first(self, studio: Driver, engine: FakeEngine) -> None:
        engine.show.program_start(api.Nothing())
        engine.show.recording_start(api.RecordingStart())
        studio.until(lambda: studio.show.live and studio.show.recording.active, "live")
        studio.window.close()
        studio.click(studio.dialog(LeaveQuestion).stop)
        studio.until(lambda: studio.left, "left")
        assert studio.left == [False]
        assert not engine.show.program.live and not engine.show.recording.active

    def test_the_window_alone_may_close(self, studio: Driver, engine: FakeEngine) -> None:
        engine.show.program_start(api.Nothing())
        studio.until(lambda: studio.show.live, "live")
        studio.window.close()
        studio.click(studio.dialog(LeaveQuestion).keep)
        studio.until(lambda: studio.left, "left")
        assert studio.left == [True] and engine.show.program.live
