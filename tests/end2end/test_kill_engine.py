"""kill -9 of the engine, of the launcher, and of everything: back on air within 5 s, or gone within seconds."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from studio.engine.runtime import ring_folder
from tests.fakes.mp4 import top_boxes
from tests.fixtures.live_show import CARD, SMALL, LiveShow, StartShow
from tests.fixtures.nginx_rtmp import NginxRtmp
from tests.fixtures.received import receive
from tests.fixtures.waiting import until
from tests.unit.source.clip_files import write_clip

pytestmark = [pytest.mark.alone, pytest.mark.timeout(150)]
BACK_WITHIN_MS = 5000
ORPHANS_LIVE_S = 6.0


def running(start_show: StartShow, nginx: NginxRtmp, recording: Path, **more: str) -> LiveShow:
    """A show on air that has recorded two seconds."""
    show = start_show(*CARD, *SMALL, "--to", nginx.url(), "--record", recording, **more)
    show.wait_live()
    until(lambda: show.status().recording.frames > 60, 20, "two seconds are recorded", every_s=0.1)
    return show


def test_a_killed_engine_is_back_on_air_within_five_seconds(
    start_show: StartShow, nginx_rtmp: NginxRtmp, tmp_path: Path
) -> None:
    show = running(start_show, nginx_rtmp, tmp_path / "show.mp4")
    first = show.child("engine")
    first.kill()
    killed_ms = time.monotonic_ns() // 1_000_000
    until(lambda: len(nginx_rtmp.recordings()) == 2, 20, "it publishes again")
    until(lambda: show.engine().pid != first.pid, 10, "the new engine listens")
    until(lambda: show.status().recording.frames > 60, 20, "two seconds more are recorded", every_s=0.1)
    show.interrupt()
    told = show.result(status=130)
    assert show.left_over() == []
    nginx_rtmp.stop()
    before, after = [receive(path) for path in nginx_rtmp.recordings()]
    assert after.pictures[0].clock_ms - killed_ms <= BACK_WITHIN_MS
    assert before.missing() + after.missing() <= told["skipped"]
    assert after.worst_bars_error() <= 3
    found = after.sound_minus_picture_ms()
    assert found
    assert max(map(abs, found)) <= 20
    old, new = [receive(path) for path in sorted(tmp_path.glob("show*.mp4"), key=lambda path: path.stat().st_mtime_ns)]
    assert killed_ms - old.pictures[-1].clock_ms <= 1000
    assert new.pictures[0].keyframe
    assert [Path(item["path"]).name for item in told["recordings"]] == ["show.mp4", "show-2.mp4"]
    assert told["recording"] == told["recordings"][0] and all(item["frames"] > 30 for item in told["recordings"])
    assert show.said().count("the recording goes on in") == 1 and "show-2.mp4." in show.said()
    [destination] = told["destinations"]
    assert (destination["state"], destination["reconnects"]) == ("ended", 1)
    assert abs(destination["frames"] - len(before.pictures) - len(after.pictures)) <= 60


def test_a_show_goes_on_with_the_slate_where_its_source_is_gone_when_the_engine_is_back(
    start_show: StartShow, nginx_rtmp: NginxRtmp, tmp_path: Path
) -> None:
    clip = write_clip(tmp_path / "clip.mp4")
    show = start_show("--video", f"file:{clip}", *SMALL, "--to", nginx_rtmp.url())
    show.wait_live()
    first = show.child("engine")
    clip.unlink()
    first.kill()
    until(lambda: len(nginx_rtmp.recordings()) == 2, 20, "it publishes again")
    until(lambda: show.engine().pid != first.pid, 10, "the new engine listens")
    show.wait_live()
    until(lambda: show.status().destinations[0].frames > 30, 10, "a second of slate is sent", every_s=0.1)
    show.interrupt()
    assert show.result(status=130)["destinations"][0]["state"] == "ended"
    nginx_rtmp.stop()
    assert all(picture.number is None for picture in receive(nginx_rtmp.recordings()[1], bars=False).pictures)


def test_a_killed_launcher_takes_its_engine_with_it_in_order(
    start_show: StartShow, nginx_rtmp: NginxRtmp, tmp_path: Path
) -> None:
    show = running(start_show, nginx_rtmp, tmp_path / "show.mp4")
    frames = show.status().recording.frames
    show.program.kill()
    until(lambda: not show.processes(), ORPHANS_LIVE_S, "the children are gone")
    assert show.left_over() == []
    assert "moof" not in top_boxes(tmp_path / "show.mp4"), "it was closed in place, as an ordinary file"
    assert len(receive(tmp_path / "show.mp4").pictures) >= frames


def test_after_everything_was_killed_the_next_start_cleans(
    start_show: StartShow, nginx_rtmp: NginxRtmp, tmp_path: Path
) -> None:
    show = running(start_show, nginx_rtmp, tmp_path / "show.mp4")
    for process in show.processes():
        os.kill(process.pid, signal.SIGKILL)
    killed_ms = time.monotonic_ns() // 1_000_000
    until(lambda: not show.processes(), 5, "all are gone")
    show.program.process.wait()
    left = {path.name for path in ring_folder(show.home).iterdir()} | {path.name for path in show.home.glob("run/*")}
    assert left, "kill -9 leaves at least the engine's lock and address"
    assert killed_ms - receive(tmp_path / "show.mp4").pictures[-1].clock_ms <= 1000
    again = start_show(*CARD, *SMALL, "--record", tmp_path / "again.mp4", "--duration", "1")
    until(lambda: again.children("engine"), 10, "the engine starts")
    assert again.result()["recording"]["frames"] > 25
    assert again.left_over() == []
