"""The network cameras of the tests: they move, they hang when told to, they go away and come back."""

from __future__ import annotations

from collections.abc import Callable

import av
import cv2
import numpy as np
import pytest

from tests.fixtures.mjpeg_camera import MjpegCamera
from tests.fixtures.rtsp_camera import RtspCamera


def pictures(url: str, count: int) -> list[np.ndarray]:
    """The first pictures of a stream, RGB."""
    options = {"rtsp_transport": "tcp"} if url.startswith("rtsp") else {}
    found = []
    with av.open(url, options=options, timeout=(10, 5)) as container:
        for frame in container.decode(video=0):
            found.append(frame.to_ndarray(format="rgb24"))
            if len(found) == count:
                break
    return found


def test_the_rtsp_camera_serves_moving_pictures_of_the_size_asked_for(
    start_rtsp_camera: Callable[..., RtspCamera],
) -> None:
    camera = start_rtsp_camera(width_px=320, height_px=180)
    first, *_, last = pictures(camera.url, 10)
    assert first.shape == (180, 320, 3)
    assert np.abs(first.astype(int) - last).mean() > 5


def test_the_rtsp_camera_has_sound_where_asked(start_rtsp_camera: Callable[..., RtspCamera]) -> None:
    camera = start_rtsp_camera(sound=True)
    with av.open(camera.url, options={"rtsp_transport": "tcp"}, timeout=(10, 5)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]


def test_an_unplugged_rtsp_camera_refuses_and_returns(start_rtsp_camera: Callable[..., RtspCamera]) -> None:
    camera = start_rtsp_camera()
    camera.alive.kill()
    with pytest.raises(av.FFmpegError):
        pictures(camera.url, 1)
    camera.start()
    assert len(pictures(camera.url, 1)) == 1


def test_the_mjpeg_camera_serves_moving_pictures(start_mjpeg_camera: Callable[..., MjpegCamera]) -> None:
    camera = start_mjpeg_camera()
    first, second = pictures(camera.url, 2)
    assert first.shape == (180, 320, 3)
    assert first[90, 20].mean() > 240
    assert second[90, 20].mean() < 120


def test_a_paused_mjpeg_camera_is_silent_with_its_connection_open(
    start_mjpeg_camera: Callable[..., MjpegCamera],
) -> None:
    camera = start_mjpeg_camera()
    camera.pause()
    options = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 1000, cv2.CAP_PROP_READ_TIMEOUT_MSEC, 1000]
    capture = cv2.VideoCapture(camera.url, cv2.CAP_FFMPEG, options)
    assert not capture.isOpened() or [capture.read()[0] for _ in range(4)][-1] is False
    assert camera.connections == 1
    camera.resume()
    assert len(pictures(camera.url, 3)) == 3


def test_an_unplugged_mjpeg_camera_refuses_and_returns(start_mjpeg_camera: Callable[..., MjpegCamera]) -> None:
    camera = start_mjpeg_camera()
    camera.stop()
    with pytest.raises(av.FFmpegError):
        pictures(camera.url, 1)
    camera.start()
    assert len(pictures(camera.url, 1)) == 1
