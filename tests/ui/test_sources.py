"""The list of sources, the pickers and the inspector."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListWidget

from studio.control import api
from studio.media import ErrorKind, StoaError
from tests.fakes.engine import FakeEngine
from tests.ui.conftest import Driver
from ui.checklist import checks
from ui.dialogs.frame import Question
from ui.dialogs.picker import SourcePicker


@pytest.fixture
def camera(engine: FakeEngine, open_window: Callable[..., Driver]) -> Driver:
    engine.show.source_add(api.SourceAdd("camera:cam0", "Logitech BRIO", place=True))
    return open_window()


def pick(studio: Driver, chooser: QListWidget, words: str) -> None:
    """Click the line that begins with `words`."""
    item = next(chooser.item(at) for at in range(chooser.count()) if chooser.item(at).text().startswith(words))
    QTest.mouseClick(chooser.viewport(), Qt.MouseButton.LeftButton, pos=chooser.visualItemRect(item).center())
    studio.settle()


def test_adding_a_camera_with_a_size(studio: Driver, engine: FakeEngine) -> None:
    studio.click(studio.window.sources.add)
    picker = studio.dialog(SourcePicker)
    studio.until(lambda: picker.devices.count() == 2, "cameras")
    pick(studio, picker.devices, "Logitech")
    picker.modes.setCurrentIndex(1)
    studio.click(picker.use)
    studio.until(lambda: engine.show.sources, "added")
    (added,) = engine.called("source.add")
    assert added == api.SourceAdd("camera:cam0", "Logitech BRIO", width_px=1920, height_px=1080, fps=60.0, place=True)
    studio.until(lambda: len(studio.window.sources.rows) == 1, "listed")
    assert engine.show.placements


@pytest.mark.parametrize(
    ("kind", "line", "spec"),
    [
        ("Microphone", "Built-in", "mic:b"),
        ("System sound", "What Speakers", "mic:speaker.monitor"),
        ("Screen", "Screen 1", "screen:0"),
        ("Window", "Slides", "screen:window-1"),
        ("Test signal", "Tone", "tone"),
    ],
)
def test_adding_a_device_of_each_kind(studio: Driver, engine: FakeEngine, kind: str, line: str, spec: str) -> None:
    studio.press("Ctrl+N", studio.window)
    picker = studio.dialog(SourcePicker)
    studio.until(lambda: picker.devices.count(), "devices")
    pick(studio, picker.kinds, kind)
    pick(studio, picker.devices, line)
    studio.press("Return", picker)
    studio.until(lambda: engine.called("source.add"), "added")
    assert engine.called("source.add")[0].spec == spec


def test_adding_a_clip_an_image_and_a_network_camera(studio: Driver, engine: FakeEngine) -> None:
    for kind, text, spec in (
        ("Clip", "/videos/a b.mp4", "file:/videos/a b.mp4"),
        ("Image", "/pictures/slate.png", "image:/pictures/slate.png"),
        ("Network camera", "rtsp://ada:secret@camera.local/live", "rtsp://ada:secret@camera.local/live"),
    ):
        studio.press("Ctrl+N", studio.window)
        picker = studio.dialog(SourcePicker)
        pick(studio, picker.kinds, kind)
        field = picker.address if kind == "Network camera" else picker.path
        studio.type(text, field)
        studio.click(picker.use)
        studio.until(
            lambda spec=spec: engine.called("source.add")[-1:] and engine.called("source.add")[-1].spec == spec, kind
        )
        assert "secret" not in engine.called("source.add")[-1].name
        studio.until(lambda: studio.window.findChild(SourcePicker) is None, "closed")


def test_a_screen_that_the_session_holds_says_why_and_is_back_as_it_was_placed(
    engine: FakeEngine, open_window: Callable[..., Driver]
) -> None:
    why = "Your time to share a screen in this session is over."
    words = f"Not in the picture. {why}"
    source = engine.show.source_add(api.SourceAdd("screen:0", "Slides", place=True)).id
    studio = open_window()
    row = studio.until(lambda: studio.window.sources.rows.get(source), "listed")
    before, scene = row.words.text(), dict(engine.show.placements)
    assert "1280" in before
    engine.show.hold(source, why)
    studio.until(lambda: row.words.text() == words, "held")
    assert words in row.accessibleName() and row.words.property("tone") == "warn"
    assert row.eye.isChecked(), "it is placed as it was"
    assert [check.words for check in checks(studio.show, studio.room) if check.name == "Picture"] == [why]
    engine.show.hold(source, "")
    studio.until(lambda: row.words.text() == before, "back")
    assert not row.words.property("tone") and engine.show.placements == scene


def test_a_refusal_stays_in_the_dialog_in_words(studio: Driver, engine: FakeEngine) -> None:
    studio.press("Ctrl+N", studio.window)
    picker = studio.dialog(SourcePicker)
    pick(studio, picker.kinds, "Clip")
    studio.click(picker.use)
    assert picker.problem == "Choose a file."
    studio.type("/missing.mp4", picker.path)
    studio.click(picker.use)
    studio.until(lambda: "no file" in picker.problem, "refusal")
    assert picker.isVisible() and picker.use.isEnabled()
    assert "Choose another file." in picker.problem


def test_opening_is_seen_and_cannot_be_asked_twice(studio: Driver, engine: FakeEngine) -> None:
    engine.delay_s["source.add"] = 0.3
    studio.press("Ctrl+N", studio.window)
    picker = studio.dialog(SourcePicker)
    studio.until(lambda: picker.devices.count(), "cameras")
    studio.click(picker.use)
    assert picker.use.text() == "Opening…" and not picker.use.isEnabled()
    studio.press("Return", picker)
    studio.until(lambda: engine.show.sources, "added")
    assert len(engine.called("source.add")) == 1


def test_looking_again_finds_what_was_plugged_in(studio: Driver, engine: FakeEngine) -> None:
    engine.show.devices = msgspec.structs.replace(engine.show.devices, cameras=[])
    studio.press("Ctrl+N", studio.window)
    picker = studio.dialog(SourcePicker)
    studio.until(picker.nothing.isVisible, "nothing found")
    engine.show.devices = msgspec.structs.replace(
        engine.show.devices, cameras=[api.DeviceInfo("camera:new", "new", "New camera")]
    )
    studio.click(picker.again)
    studio.until(lambda: picker.devices.count() == 1 and picker.devices.isVisible(), "found")


class TestChangingOnAir:
    def test_the_quick_picker_replaces_at_once(self, camera: Driver, engine: FakeEngine) -> None:
        source = next(iter(engine.show.sources))
        row = camera.window.sources.rows[source]
        QTest.mouseClick(row, Qt.MouseButton.LeftButton, pos=QPoint(60, 12))
        camera.settle()
        camera.click(camera.window.inspector.device)
        camera.choose("FaceTime")
        camera.until(lambda: engine.called("source.replace"), "replaced")
        assert engine.called("source.replace") == [api.SourceReplace(source, "camera:cam1", "FaceTime HD Camera")]
        camera.until(lambda: camera.show.sources[source].spec == "camera:cam1", "told")
        assert len(engine.show.placements) == 1

    def test_a_refusal_is_told_and_the_old_one_stays(self, camera: Driver, engine: FakeEngine) -> None:
        source = next(iter(engine.show.sources))
        engine.refuse["source.replace"] = StoaError(
            ErrorKind.BUSY, "Another program uses FaceTime HD Camera.", remedy="Close it there."
        )
        camera.window.selection.choose_source(source)
        camera.press("Ctrl+E", camera.window)
        camera.choose("FaceTime")
        toast = camera.window.toast
        camera.until(toast.isVisible, "toast")
        assert toast.words.text() == "Another program uses FaceTime HD Camera."
        assert toast.remedy.text() == "Close it there. Logitech BRIO stays on."
        assert camera.show.sources[source].spec == "camera:cam0"
        assert camera.window.inspector.device.isEnabled()

    def test_something_of_another_kind_by_the_large_picker(self, camera: Driver, engine: FakeEngine) -> None:
        source = next(iter(engine.show.sources))
        row = camera.window.sources.rows[source]
        camera.click(row.more)
        camera.choose("Change")
        picker = camera.dialog(SourcePicker)
        pick(camera, picker.kinds, "Clip")
        camera.type("/videos/intro.mp4", picker.path)
        camera.click(picker.use)
        camera.until(lambda: engine.called("source.replace"), "replaced")
        assert engine.called("source.replace")[0].id == source
        camera.until(lambda: camera.show.sources[source].kind == "clip", "told")


class TestRows:
    def test_the_eye_hides_and_shows(self, camera: Driver, engine: FakeEngine) -> None:
        (placement,) = engine.show.placements
        row = next(iter(camera.window.sources.rows.values()))
        camera.click(row.eye)
        camera.until(lambda: not engine.show.placements[placement].visible, "hidden")
        camera.until(lambda: not row.eye.isChecked(), "told")
        camera.click(row.eye)
        camera.until(lambda: engine.show.placements[placement].visible, "shown")

    def test_the_eye_places_what_is_in_no_picture(self, camera: Driver, engine: FakeEngine) -> None:
        engine.show.placement_remove(api.ById(next(iter(engine.show.placements))))
        camera.until(lambda: not camera.show.placements, "out")
        camera.click(next(iter(camera.window.sources.rows.values())).eye)
        camera.until(lambda: engine.show.placements, "placed")

    def test_removing_asks(self, camera: Driver, engine: FakeEngine) -> None:
        row = next(iter(camera.window.sources.rows.values()))
        row.setFocus()
        camera.press("Del", row)
        camera.click(camera.dialog(Question).keep)
        assert engine.show.sources
        camera.press("Del", row)
        camera.click(camera.dialog(Question).act)
        camera.until(lambda: not engine.show.sources, "removed")
        camera.until(camera.window.sources.empty.isVisible, "empty")

    def test_a_lost_source_says_so(self, camera: Driver, engine: FakeEngine) -> None:
        (source,) = engine.show.sources.values()
        lost = msgspec.structs.replace(source, state=api.SourceState.LOST)
        engine.show._emit(api.EventType.SOURCE_LOST, lost)
        row = camera.window.sources.rows[source.id]
        camera.until(lambda: row.words.text() == "Lost. Comes back by itself.", "words")


class TestInspector:
    def test_fields_change_the_placement(self, camera: Driver, engine: FakeEngine) -> None:
        (placement,) = engine.show.placements
        inspector = camera.window.inspector
        camera.window.selection.choose_placement(placement)
        camera.settle()
        camera.click(inspector.fit.button("fill"))
        camera.click(inspector.mirror)
        for field, value in ((inspector.box[0], 128), (inspector.crop[2], 10)):
            field.setFocus()
            field.selectAll()
            QTest.keyClicks(field, str(value))
            QTest.keyClick(field, Qt.Key.Key_Return)
        inspector.opacity.setValue(40)
        camera.until(lambda: engine.show.placements[placement].opacity == 0.4, "opacity")
        camera.until(lambda: engine.show.placements[placement].mirror, "mirror")
        found = engine.show.placements[placement]
        assert found.fit is api.Fit.FILL and found.mirror
        assert found.x == pytest.approx(0.1) and found.crop.right == pytest.approx(0.1)

    def test_name_and_delay_change_the_source(self, camera: Driver, engine: FakeEngine) -> None:
        (source,) = engine.show.sources
        camera.window.selection.choose_source(source)
        camera.settle()
        inspector = camera.window.inspector
        inspector.name.setFocus()
        inspector.name.selectAll()
        camera.type("Wide", inspector.name)
        camera.press("Return", inspector.name)
        camera.until(lambda: engine.show.sources[source].name == "Wide", "renamed")
        inspector.delay.setFocus()
        inspector.delay.selectAll()
        camera.type("120", inspector.delay)
        camera.press("Return", inspector.delay)
        camera.until(lambda: engine.show.sources[source].render_delay_ms == 120, "delayed")

    def test_what_the_engine_changes_is_shown_without_being_sent_back(self, camera: Driver, engine: FakeEngine) -> None:
        (placement,) = engine.show.placements
        camera.window.selection.choose_placement(placement)
        camera.settle()
        engine.show.placement_set(api.PlacementSet(placement, x=0.25, opacity=0.5, mirror=True))
        camera.until(lambda: camera.window.inspector.opacity.value() == 50, "shown")
        assert camera.window.inspector.box[0].value() == 320
        assert engine.called("placement.set") == []
