"""The window when the engine goes and comes, and when it is slow."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer

from studio.control import api
from tests.fakes.engine import FakeEngine
from tests.ui.conftest import Driver


def test_a_restarted_engine_is_attached_by_itself(studio: Driver, engine: FakeEngine, stoa_home: Path) -> None:
    engine.show.source_add(api.SourceAdd("testcard", "Card", place=True))
    studio.until(lambda: studio.window.canvas.painted > 2, "pictures")
    engine.stop()
    studio.until(lambda: not studio.show.is_attached, "gone")
    assert not studio.window.topbar.go.isEnabled()
    assert "started again by itself" in studio.window.topbar.told.text()
    fresh = FakeEngine(stoa_home, pid=1)
    try:
        fresh.show.source_add(api.SourceAdd("testcard", "Card again", place=True))
        fresh.show.program_start(api.Nothing())
        studio.until(lambda: studio.show.is_attached, "attached")
        assert [source.name for source in studio.show.sources.values()] == ["Card again"]
        studio.until(studio.window.toast.isVisible, "told")
        assert studio.window.toast.words.text() == "The engine was started again; the show is back on air."
        seen = studio.window.canvas.painted
        studio.until(lambda: studio.window.canvas.painted > seen + 3, "pictures again")
    finally:
        fresh.stop()


def test_a_lost_line_is_taken_up_again(studio: Driver, engine: FakeEngine) -> None:
    losses: list[bool] = []
    studio.show.detached.connect(lambda: losses.append(True))
    engine.drop_connections()
    studio.until(lambda: losses, "lost")
    engine.show.source_add(api.SourceAdd("testcard", "Meanwhile"))
    studio.until(lambda: "Meanwhile" in [source.name for source in studio.show.sources.values()], "caught up")


def test_a_window_attaches_to_a_show_that_runs(engine: FakeEngine, open_window: Callable[..., Driver]) -> None:
    engine.show.source_add(api.SourceAdd("mic:a", "Voice"))
    engine.show.destination_add(api.DestinationAdd("rtmp://host/live/key", "Main"))
    engine.show.program_start(api.Nothing())
    studio = open_window()
    assert studio.window.topbar.go.text() == "Stop"
    assert [strip.title.text() for strip in studio.window.mixer.strips.values()] == ["Voice"]
    assert len(studio.window.destinations.rows) == 1


def test_a_window_before_its_engine_waits(
    loop: object, stoa_home: Path, open_window: Callable[..., Driver], engine: FakeEngine
) -> None:
    engine.file.unlink()
    studio = open_window(wait=False)
    studio.settle(20)
    assert not studio.show.is_attached and studio.window.isVisible()
    engine.tell()
    studio.until(lambda: studio.show.is_attached, "attached")


def test_a_slow_engine_never_holds_the_window_up(studio: Driver, engine: FakeEngine) -> None:
    for method in ("program.start", "device.list", "program.statistics", "strip.meters", "preview.open"):
        engine.delay_s[method] = 1.0
    instants: list[float] = []
    timer = QTimer(interval=10)
    timer.timeout.connect(lambda: instants.append(time.monotonic()))
    timer.start()
    studio.window.topbar.go.click()
    studio.window.inspector.open_devices()
    studio.window.mixer.master.open_headphones()
    studio.until(lambda: studio.show.live, "live")
    timer.stop()
    gaps = [later - earlier for earlier, later in itertools.pairwise(instants)]
    assert len(gaps) > 20
    assert sorted(gaps)[len(gaps) * 9 // 10] < 0.5, "the window's loop stood still while the engine took a second"
