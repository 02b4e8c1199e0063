"""Placing sources on the picture by mouse and keys, and the picture's own economy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from studio.control import api
from tests.fakes.engine import FakeEngine
from tests.ui.conftest import Driver


@pytest.fixture
def placed(engine: FakeEngine, open_window: Callable[..., Driver]) -> Driver:
    """Two placements: one fills the frame, one is a quarter of it in the middle, in front."""
    engine.show.source_add(api.SourceAdd("testcard", "Back", place=True))
    engine.show.source_add(api.SourceAdd("camera:cam0", "Front", place=True))
    front = list(engine.show.placements)[1]
    engine.show.placement_set(api.PlacementSet(front, x=0.3, y=0.3, width=0.25, height=0.25))
    return open_window()


def at(studio: Driver, x: float, y: float) -> QPointF:
    frame = studio.window.canvas.frame_rect()
    return QPointF(frame.x() + x * frame.width(), frame.y() + y * frame.height())


def by(studio: Driver, x: float, y: float) -> QPointF:
    frame = studio.window.canvas.frame_rect()
    return QPointF(x * frame.width(), y * frame.height())


def box(engine: FakeEngine, which: int) -> tuple[float, float, float, float]:
    placement = list(engine.show.placements.values())[which]
    return placement.x, placement.y, placement.width, placement.height


def settled(studio: Driver, engine: FakeEngine) -> None:
    studio.settle()
    which = studio.window.selection.placement
    studio.until(lambda: not studio.window.latest.is_busy(("box", which)), "taken")


def test_a_click_chooses_what_is_in_front(placed: Driver, engine: FakeEngine) -> None:
    canvas = placed.window.canvas
    back, front = engine.show.placements
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at(placed, 0.4, 0.4).toPoint())
    assert placed.window.selection.placement == front
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at(placed, 0.9, 0.9).toPoint())
    assert placed.window.selection.placement == back
    assert placed.window.inspector.name.text() == "Back"


def test_a_drag_moves(placed: Driver, engine: FakeEngine) -> None:
    placed.drag(placed.window.canvas, at(placed, 0.4, 0.4), by(placed, 0.1, 0.05))
    settled(placed, engine)
    assert box(engine, 1) == pytest.approx((0.4, 0.35, 0.25, 0.25), abs=0.004)


def test_a_corner_resizes_with_its_shape_and_shift_without(placed: Driver, engine: FakeEngine) -> None:
    placed.window.selection.choose_placement(list(engine.show.placements)[1])
    placed.drag(placed.window.canvas, at(placed, 0.55, 0.55), by(placed, 0.1, 0.02))
    settled(placed, engine)
    x, y, width, height = box(engine, 1)
    assert (
        (x, y) == pytest.approx((0.3, 0.3))
        and width == pytest.approx(height)
        and width == pytest.approx(0.35, abs=0.01)
    )
    corner = at(placed, x + width, y + height)
    placed.drag(placed.window.canvas, corner, by(placed, 0.1, 0.03), Qt.KeyboardModifier.ShiftModifier)
    settled(placed, engine)
    assert box(engine, 1)[2] - box(engine, 1)[3] == pytest.approx(0.07, abs=0.01)


def test_edges_snap_and_control_lets_them_free(placed: Driver, engine: FakeEngine) -> None:
    placed.drag(placed.window.canvas, at(placed, 0.4, 0.4), by(placed, -0.295, 0.02))
    settled(placed, engine)
    assert box(engine, 1)[0] == 0.0
    placed.drag(placed.window.canvas, at(placed, 0.1, 0.4), by(placed, 0.006, 0), Qt.KeyboardModifier.ControlModifier)
    settled(placed, engine)
    assert box(engine, 1)[0] == pytest.approx(0.006, abs=0.003) and box(engine, 1)[0] != 0.0


def test_escape_leaves_a_drag_as_it_was(placed: Driver, engine: FakeEngine) -> None:
    canvas = placed.window.canvas
    start = at(placed, 0.4, 0.4)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start.toPoint())
    placed._move_with(canvas, start + by(placed, 0.2, 0.1), Qt.KeyboardModifier.NoModifier)
    placed.press("Escape", canvas)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=start.toPoint())
    settled(placed, engine)
    assert box(engine, 1) == pytest.approx((0.3, 0.3, 0.25, 0.25))


def test_keys_nudge_resize_and_choose(placed: Driver, engine: FakeEngine) -> None:
    canvas = placed.window.canvas
    placed.press("Ctrl+1", placed.window)
    assert canvas.hasFocus()
    placed.press("Tab", canvas)
    placed.press("Tab", canvas)
    assert placed.window.selection.placement == list(engine.show.placements)[1]
    placed.press("Right", canvas)
    placed.press("Shift+Down", canvas)
    placed.press("Alt+Right", canvas)
    settled(placed, engine)
    expected = (0.3 + 1 / 1280, 0.3 + 10 / 720, 0.25 + 1 / 1280, 0.25)
    assert box(engine, 1) == pytest.approx(expected, abs=2e-5)
    placed.press("Tab", canvas)
    assert not canvas.hasFocus()


def test_keys_fill_mirror_reorder_and_take_out(placed: Driver, engine: FakeEngine) -> None:
    canvas, window = placed.window.canvas, placed.window
    front = list(engine.show.placements)[1]
    window.selection.choose_placement(front)
    canvas.setFocus()
    placed.press("Ctrl+H", canvas)
    placed.until(lambda: engine.show.placements[front].mirror, "mirrored")
    placed.press("Ctrl+F", canvas)
    placed.until(lambda: box(engine, 1) == (0, 0, 1, 1), "full")
    placed.press("PgDown", canvas)
    placed.until(lambda: engine.show.placements[front].order == 0, "sent back")
    placed.press("Del", canvas)
    placed.until(lambda: front not in engine.show.placements, "taken out")
    assert len(engine.show.sources) == 2


def test_a_long_drag_asks_no_more_than_the_engine_answers(placed: Driver, engine: FakeEngine) -> None:
    engine.delay_s["placement.set"] = 0.1
    canvas, start = placed.window.canvas, at(placed, 0.4, 0.4)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start.toPoint())
    for step in range(200):
        placed._move_with(canvas, start + by(placed, 0.001 * step, 0.0), Qt.KeyboardModifier.NoModifier)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=(start + by(placed, 0.199, 0)).toPoint())
    settled(placed, engine)
    assert len(engine.called("placement.set")) <= 3
    assert box(engine, 1)[0] == pytest.approx(0.5, abs=0.01)


def test_no_picture_is_made_that_is_not_shown(placed: Driver, engine: FakeEngine) -> None:
    placed.until(lambda: placed.window.canvas.painted >= 10, "pictures")
    preview = engine.preview
    assert preview is not None
    assert preview.offered - preview.shown <= 1
    placed.window.hide()
    placed.settle(10)
    offered = preview.offered
    placed.settle(100)
    assert preview.offered <= offered + 1
    placed.window.show()
    placed.until(lambda: preview.offered >= offered + 5, "goes on")


def test_the_picture_that_is_painted_is_the_programs(placed: Driver) -> None:
    placed.until(lambda: placed.window.canvas.painted >= 3, "pictures")
    image = placed.window.canvas.grab().toImage()
    point = at(placed, 5.5 / 8, 0.1).toPoint()
    found = image.pixelColor(point)
    assert (abs(found.red() - 191), found.green() < 6, found.blue() < 6) <= (3, True, True)


def test_a_new_size_opens_a_new_preview(placed: Driver, engine: FakeEngine) -> None:
    placed.until(lambda: placed.window.canvas.painted >= 2, "pictures")
    first = engine.called("preview.open")[-1]
    placed.window.resize(1200, 760)
    placed.until(lambda: engine.called("preview.open")[-1] != first, "opened anew")
    seen = placed.window.canvas.painted
    placed.until(lambda: placed.window.canvas.painted > seen + 2, "pictures again")
    size = placed.window.canvas.picture_size_px()
    assert engine.called("preview.open")[-1] == api.PreviewOpen(size.width(), size.height())
