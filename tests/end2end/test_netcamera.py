"""The network camera with real streams: colours, sound with picture, pause, kill and return, words, secrets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from studio.media import ErrorKind
from studio.source.contract import SourceKind
from tests.contract.source_harness import SourceRun, assert_contiguous, assert_monotonic, copy_picture
from tests.fixtures.bars import BEEP_HZ, bars_error, flashes
from tests.fixtures.network_cameras import MjpegCamera, RtspCamera
from tests.fixtures.programs import Programs


def open_stream(folder: Path, url: str, *, audio: bool = True) -> SourceRun:
    return SourceRun(folder, SourceKind.NETWORK_CAMERA, url, audio=audio, keep=copy_picture)


def newest_shows_bars(run: SourceRun) -> bool:
    return bool(run.pictures) and bars_error(run.pictures[-1].kept) <= 3


def test_mjpeg_with_its_colours(mjpeg_camera: MjpegCamera, tmp_path: Path) -> None:
    with open_stream(tmp_path, mjpeg_camera.url) as run:
        run.wait_media(pictures=20)
        assert run.opened is not None and run.opened.has_video and not run.opened.has_audio
        assert run.opened.words == f"{mjpeg_camera.url}: 320x180, mjpeg"
        assert newest_shows_bars(run)
        assert_monotonic(run.pictures)
        ages = [seen.at_ns - seen.pts_ns for seen in run.pictures]
        assert 0 <= np.median(ages) < 100e6
        assert run.end() == 0


@pytest.mark.slow
def test_rtsp_with_colours_and_sound_in_step(rtsp_camera: RtspCamera, tmp_path: Path) -> None:
    with open_stream(tmp_path, rtsp_camera.url) as run:
        run.wait_media(pictures=110, sound_s=4.0, limit_s=30)
        assert run.opened is not None and run.opened.has_video and run.opened.has_audio
        assert "h264 with sound" in run.opened.words
        assert newest_shows_bars(run)
        assert_monotonic(run.pictures)
        assert_contiguous(run.sounds)
        lit = [flashes(seen.kept) for seen in run.pictures]
        starts = [run.pictures[at].pts_ns for at in range(1, len(lit)) if lit[at] and not lit[at - 1]]
        loud = np.abs(run.sound[:, 0]) > 0.1
        first_ns = run.sounds[0].pts_ns
        onsets = [at for at in np.flatnonzero(loud) if not loud[max(0, at - 4800) : at].any() and at > 4800]
        beeps = [first_ns + int(at) * 1_000_000_000 // 48_000 for at in onsets]
        assert len(starts) >= 2 and len(beeps) >= 2
        for start_ns in starts[:-1]:
            assert min(abs(beep_ns - start_ns) for beep_ns in beeps) < 40e6, "a beep with each flash"
        tone = run.sound[onsets[0] : onsets[0] + 4000, 0]
        assert abs(np.argmax(np.abs(np.fft.rfft(tone))) * 48_000 / len(tone) - BEEP_HZ) < 15
        assert run.end() == 0


def test_a_camera_that_pauses_is_lost_within_two_seconds_and_comes_back(
    mjpeg_camera: MjpegCamera, tmp_path: Path
) -> None:
    with open_stream(tmp_path, mjpeg_camera.url) as run:
        run.wait_media(pictures=10)
        mjpeg_camera.pause()
        run.wait_for(lambda: bool(run.faults))
        last_ns = run.pictures[-1].at_ns
        assert run.clock.now_ns() - last_ns < 5e9
        assert run.faults[0].kind == ErrorKind.LOST and "sends nothing" in run.faults[0].message
        run.opened, mark = None, len(run.pictures)
        mjpeg_camera.go_on()
        run.wait_media(pictures=mark + 10)
        assert run.opened is not None and len(run.faults) == 1


@pytest.mark.slow
def test_a_camera_that_is_switched_off_and_on_comes_back(mjpeg_camera: MjpegCamera, tmp_path: Path) -> None:
    with open_stream(tmp_path, mjpeg_camera.url) as run:
        run.wait_media(pictures=5)
        mjpeg_camera.stop()
        run.wait_for(lambda: bool(run.faults))
        beats = run.beats
        run.wait_for(lambda: run.beats >= beats + 4)
        mark = len(run.pictures)
        mjpeg_camera.start()
        run.wait_media(pictures=mark + 5)
        assert run.child.process.poll() is None


@pytest.mark.slow
def test_a_frozen_rtsp_server_is_told_and_a_killed_one_comes_back(rtsp_camera: RtspCamera, tmp_path: Path) -> None:
    with open_stream(tmp_path, rtsp_camera.url) as run:
        run.wait_media(pictures=10, limit_s=30)
        rtsp_camera.program.freeze()
        run.wait_for(lambda: bool(run.faults))
        beats = run.beats
        run.wait_for(lambda: run.beats >= beats + 10)
        rtsp_camera.program.kill()
        mark = len(run.pictures)
        rtsp_camera.start()
        run.wait_media(pictures=mark + 10, limit_s=30)
        assert_monotonic(run.pictures)
        assert len(run.faults) == 1 and run.child.process.poll() is None
        assert run.end() == 0


def test_it_ends_at_once_while_the_server_is_frozen(rtsp_camera: RtspCamera, tmp_path: Path) -> None:
    with open_stream(tmp_path, rtsp_camera.url) as run:
        run.wait_media(pictures=5, limit_s=30)
        rtsp_camera.program.freeze()
        run.wait_for(lambda: bool(run.faults))
        assert run.end() == 0


@pytest.mark.parametrize(
    ("path", "kind", "permanent"), [("none", ErrorKind.NOT_FOUND, True), ("video", ErrorKind.DENIED, True)]
)
def test_what_the_camera_refuses_is_told_at_once(
    free_port: Callable[[], int], tmp_path: Path, path: str, kind: ErrorKind, permanent: bool
) -> None:
    camera = MjpegCamera(free_port(), password="" if path == "none" else "right")
    camera.start()
    try:
        with open_stream(tmp_path, f"http://eye:wrong@127.0.0.1:{camera.port}/{path}") as run:
            run.wait_gone()
            assert run.faults[0].kind == kind and run.faults[0].permanent == permanent and run.faults[0].remedy
    finally:
        camera.stop()


def test_a_camera_that_is_not_there_is_told_and_waited_for(free_port: Callable[[], int], tmp_path: Path) -> None:
    camera = MjpegCamera(free_port())
    with open_stream(tmp_path, camera.url) as run:
        run.wait_for(lambda: bool(run.faults))
        assert run.faults[0].kind == ErrorKind.UNREACHABLE and "Nothing answers" in run.faults[0].message
        camera.start()
        try:
            run.wait_media(pictures=5)
        finally:
            camera.stop()


def test_a_host_that_nobody_knows_is_told(tmp_path: Path) -> None:
    for scheme in ("http", "rtsp"):
        with open_stream(tmp_path, f"{scheme}://eye:Geheim7@no-such-host.invalid/video") as run:
            run.wait_for(lambda run=run: bool(run.faults))
            assert run.faults[0].kind == ErrorKind.UNREACHABLE and not run.faults[0].permanent
            assert "no-such-host.invalid" in run.faults[0].message and "cannot be found" in run.faults[0].message
            assert "Check the name" in run.faults[0].remedy and "Geheim7" not in str(run.faults[0])


def test_a_password_in_the_address_is_used_and_never_shown(
    programs: Programs, free_port: Callable[[], int], bars_clip: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    camera = MjpegCamera(free_port(), password="Geheim7")
    camera.start()
    rtsp = RtspCamera(programs, free_port(), bars_clip, password="Geheim7")
    try:
        for url in (camera.url, rtsp.url):
            with open_stream(tmp_path, url) as run:
                run.wait_media(pictures=5, limit_s=30)
                assert run.opened is not None and "Geheim7" not in run.opened.words
                if url == camera.url:
                    camera.stop()
                else:
                    rtsp.program.kill()
                run.wait_for(lambda run=run: bool(run.faults))
                beats = run.beats
                run.wait_for(lambda run=run, beats=beats: run.beats >= beats + 4)
                assert not any("Geheim7" in fault.message + fault.remedy for fault in run.faults)
    finally:
        camera.stop()
    said = capfd.readouterr()
    assert "Geheim7" not in said.err + said.out


def test_a_file_over_http_plays_at_its_own_pace(
    free_port: Callable[[], int], bars_clip: Path, tmp_path: Path, programs: Programs
) -> None:
    port = free_port()
    server = ["python3", "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(bars_clip.parent)]
    programs.start(server, package="python3")
    with open_stream(tmp_path, f"http://127.0.0.1:{port}/{bars_clip.name}") as run:
        run.wait_media(pictures=50, sound_s=1.5, limit_s=30)
        span_s = (run.pictures[-1].at_ns - run.pictures[0].at_ns) / 1e9
        assert len(run.pictures) / span_s == pytest.approx(25, rel=0.25)
        assert_contiguous(run.sounds)
