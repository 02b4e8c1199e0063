"""kill -9 of the window, 20 times, while it shows the program: counted in frames at the server and in the recording."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from studio.engine.runtime import ring_folder
from studio.engine.settings import Settings
from studio.engine.show import ProgramShape
from tests.fixtures.card_on_screen import card_on_screen
from tests.fixtures.nginx_rtmp import NginxRtmp
from tests.fixtures.received import Received, assert_few_lost, receive
from tests.fixtures.waiting import until
from tests.fixtures.whole_studio import StartStudio, WholeStudio
from tests.fixtures.xvfb import Screen

pytestmark = [pytest.mark.timeout(300), pytest.mark.alone, pytest.mark.slow]
SHAPE = ProgramShape(width_px=640, height_px=360, video_kbps=800)
KILLS = 20


@dataclass(frozen=True)
class Counters:
    """What the show admits to have lost, and by whom it was lost again."""

    lagged: int
    skipped: int
    dropped: int
    reconnects: int


def counters(studio: WholeStudio) -> Counters:
    said = studio.ctl("program.statistics")
    destinations = studio.ctl("destination.list")["destinations"]
    return Counters(
        said["lagged"], said["skipped"], said["dropped"], sum(one["reconnects"] for one in destinations)
    )  # fmt: skip


def shows_the_program(screen: Screen, since_ms: int) -> bool:
    """Whether pictures of the program that are younger than an instant follow each other on the screen."""
    first = card_on_screen(screen.display, SHAPE.width_px, SHAPE.height_px)
    if first is None or first.milliseconds <= since_ms:
        return False
    time.sleep(0.1)
    second = card_on_screen(screen.display, SHAPE.width_px, SHAPE.height_px)
    return second is not None and second.number > first.number


def assert_whole(got: Received, lost: Counters) -> None:
    """Every picture once, in order, but for the few that the show itself admits to have lost."""
    assert_few_lost(lost.lagged, lost.skipped, len(got.pictures))
    assert got.missing() <= lost.skipped
    assert got.stale() <= lost.lagged
    assert got.backward() == []
    assert got.sound_gaps == 0


def live_and_recording(studio: WholeStudio, screen: Screen, nginx: NginxRtmp, recording: Path) -> None:
    studio.ctl("source.add", {"spec": "testcard", "place": True})
    until(lambda: shows_the_program(screen, 0), 40, "the card is in the program, and the window shows it")
    studio.ctl("destination.add", {"url": nginx.url(), "name": "A"})
    studio.ctl("program.start")
    studio.ctl("recording.start", {"path": str(recording)})

    def all_live() -> bool:
        found: list[dict[str, Any]] = studio.ctl("destination.list")["destinations"]
        return len(found) == 2 and all(one["state"] == "live" for one in found)

    until(all_live, 40, "server and session are served", every_s=0.1)


def test_a_window_killed_20_times_costs_no_receiver_a_frame(
    start_studio: StartStudio, nginx_rtmp: NginxRtmp, shared_xvfb: Screen, stoa_home: Path, tmp_path: Path
) -> None:
    (stoa_home / "settings.json").write_bytes(msgspec.json.encode(Settings(program=SHAPE)))
    studio = start_studio()
    studio.wait_whole()
    live_and_recording(studio, shared_xvfb, nginx_rtmp, tmp_path / "show.mp4")
    engine, begun_ms = studio.pid_of("engine"), time.monotonic_ns() // 1_000_000
    killed_ms = begun_ms
    windows: set[int] = set()
    for _ in range(KILLS):
        until(lambda since=killed_ms: shows_the_program(shared_xvfb, since), 40, "the window shows the program")  # type: ignore[misc]
        window = studio.pid_of("window")
        windows.add(window)
        os.kill(window, signal.SIGKILL)
        killed_ms = time.monotonic_ns() // 1_000_000
        until(lambda gone=window: studio.pid_of("window") not in (0, gone), 40, "the next window")  # type: ignore[misc]
    until(lambda: shows_the_program(shared_xvfb, killed_ms), 40, "the last window shows the program")
    shown_ms = time.monotonic_ns() // 1_000_000
    assert len(windows) == KILLS
    assert studio.pid_of("engine") == engine
    assert len(list(ring_folder(studio.home).glob("*.ring"))) <= 1, "the previews of dead windows leave nothing"
    studio.ctl("recording.stop")
    lost = counters(studio)
    assert studio.end() == 143
    nginx_rtmp.stop()

    assert (lost.dropped, lost.reconnects) == (0, 0)
    [at_the_server] = nginx_rtmp.recordings()
    for path in (at_the_server, tmp_path / "show.mp4"):
        got = receive(path)
        assert got.pictures[0].clock_ms <= begun_ms + 1000
        assert got.pictures[-1].clock_ms >= shown_ms - 1000
        assert_whole(got, lost)
