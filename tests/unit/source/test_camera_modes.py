"""Which mode a camera is asked for, and that its bytes become the right colours whatever they are."""

from __future__ import annotations

from collections.abc import Callable

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from studio.device import CameraMode
from studio.media import ErrorKind, StoaError
from studio.source.camera_capture import fingerprint
from studio.source.camera_modes import CameraWish, PictureReader, bgr_frame, choose_mode
from studio.source.entry import PictureEntry, write_picture
from tests.fixtures.bars import bars_error, bars_rgb

WIDTH, HEIGHT = 320, 180
ANY_SIZE = CameraWish(0, 0, 0.0, 1280, 720, program_fps=30.0)
WEBCAM = [
    CameraMode(1920, 1080, 30.0, "MJPG"),
    CameraMode(1920, 1080, 5.0, "YUYV"),
    CameraMode(1280, 720, 60.0, "MJPG"),
    CameraMode(1280, 720, 10.0, "YUYV"),
    CameraMode(640, 480, 30.0, "MJPG"),
    CameraMode(640, 480, 30.0, "YUYV"),
]


@pytest.mark.parametrize(
    ("wish", "chosen"),
    [
        (ANY_SIZE, (1280, 720, "MJPG")),
        (CameraWish(0, 0, 0.0, 640, 480), (640, 480, "YUYV")),
        (CameraWish(0, 0, 0.0, 3840, 2160), (1920, 1080, "MJPG")),
        (CameraWish(0, 0, 0.0, 320, 180), (640, 480, "YUYV")),
        (CameraWish(1920, 1080, 0.0, 1280, 720), (1920, 1080, "MJPG")),
        (CameraWish(1920, 1080, 5.0, 1280, 720), (1920, 1080, "YUYV")),
        (CameraWish(800, 600, 0.0, 1280, 720), (640, 480, "YUYV")),
    ],
)
def test_the_mode_nearest_to_the_wish(wish: CameraWish, chosen: tuple[int, int, str]) -> None:
    mode = choose_mode(WEBCAM, wish)
    assert mode is not None and (mode.width_px, mode.height_px, mode.pixels) == chosen


def test_no_more_pictures_are_asked_for_than_the_program_shows() -> None:
    assert ANY_SIZE.rate_of(CameraMode(1280, 720, 60.0, "MJPG")) == 30.0
    assert ANY_SIZE.rate_of(CameraMode(1280, 720, 25.0, "MJPG")) == 25.0
    assert CameraWish(0, 0, 60.0, 1280, 720, 30.0).rate_of(CameraMode(1280, 720, 90.0, "MJPG")) == 60.0


def test_pixels_that_cannot_be_read_are_never_chosen() -> None:
    assert choose_mode([CameraMode(640, 480, 30.0, "H264")], ANY_SIZE) is None
    with pytest.raises(StoaError) as refusal:
        PictureReader("H264", 640, 480)
    assert refusal.value.kind is ErrorKind.NOT_SUPPORTED


def into_studio(frame: av.VideoFrame) -> npt.NDArray[np.uint8]:
    """The same way as on air."""
    entry = PictureEntry(1920, 1080)
    [ready] = list(entry.push(frame))
    picture = np.empty((ready.height * 3 // 2, ready.width), np.uint8)
    write_picture(ready, picture)
    return picture


def yuv_601() -> tuple[npt.NDArray[np.uint8], ...]:
    """The bars as BT.601 limited Y, Cb, Cr at full resolution (Rec. ITU-R BT.601-7, 2.5)."""
    rgb = bars_rgb(WIDTH, HEIGHT).astype(np.float64) / 255
    red, green, blue = rgb[:, :, 0], rgb[:, :, 1], rgb[:, :, 2]
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    u, v = (blue - luma) / 1.772, (red - luma) / 1.402
    return tuple(np.round(plane).astype(np.uint8) for plane in (16 + 219 * luma, 128 + 224 * u, 128 + 224 * v))


def packed(order: str) -> npt.NDArray[np.uint8]:
    y, u, v = yuv_601()
    out = np.empty((HEIGHT, WIDTH, 2), np.uint8)
    y_at = order.index("Y") % 2
    out[:, :, y_at] = y
    u_first = order.index("U") < order.index("V")
    out[:, 0::2, 1 - y_at] = (u if u_first else v)[:, 0::2]
    out[:, 1::2, 1 - y_at] = (v if u_first else u)[:, 0::2]
    return out


def planar() -> npt.NDArray[np.uint8]:
    y, u, v = yuv_601()
    return np.concatenate([y.ravel(), u[::2, ::2].ravel(), v[::2, ::2].ravel()])


def half_planar() -> npt.NDArray[np.uint8]:
    y, u, v = yuv_601()
    return np.concatenate([y.ravel(), np.stack([u[::2, ::2], v[::2, ::2]], axis=2).ravel()])


def jpeg() -> npt.NDArray[np.uint8]:
    good, data = cv2.imencode(".jpg", bars_rgb(WIDTH, HEIGHT)[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert good
    return np.asarray(data).reshape(1, -1)


@pytest.mark.parametrize(
    ("pixels", "made"),
    [
        ("YUYV", lambda: packed("YUYV")),
        ("UYVY", lambda: packed("UYVY")),
        ("YVYU", lambda: packed("YVYU")),
        ("NV12", half_planar),
        ("YU12", planar),
        ("RGB3", lambda: bars_rgb(WIDTH, HEIGHT)),
        ("BGR3", lambda: np.ascontiguousarray(bars_rgb(WIDTH, HEIGHT)[:, :, ::-1])),
        ("MJPG", jpeg),
    ],
)
def test_colours_are_right_whatever_the_camera_sends(pixels: str, made: Callable[[], npt.NDArray[np.uint8]]) -> None:
    frame = PictureReader(pixels, WIDTH, HEIGHT).read(made())
    assert frame is not None
    assert bars_error(into_studio(frame), 0.5) <= 3


def test_colours_are_right_where_opencv_converts() -> None:
    frame = bgr_frame(np.ascontiguousarray(bars_rgb(WIDTH, HEIGHT)[:, :, ::-1]))
    assert bars_error(into_studio(frame), 0.5) <= 3


def test_a_width_that_needs_padding_is_read_row_by_row() -> None:
    data = np.zeros((6, 10, 2), np.uint8)
    data[:, :, 0] = np.arange(60).reshape(6, 10) + 16
    data[:, :, 1] = 128
    frame = PictureReader("YUYV", 10, 6).read(data)
    assert frame is not None
    picture = into_studio(frame)
    assert np.abs(picture[:6].astype(int) - data[:, :, 0]).max() <= 3


def test_damaged_bytes_are_no_picture() -> None:
    assert PictureReader("YUYV", WIDTH, HEIGHT).read(np.zeros(100, np.uint8)) is None
    reader = PictureReader("MJPG", WIDTH, HEIGHT)
    assert reader.read(np.zeros((1, 2000), np.uint8)) is None
    assert reader.read(jpeg()) is not None, "and the next good one is read"


def test_the_fingerprint_changes_with_the_content() -> None:
    one = np.random.default_rng(1).integers(0, 255, (720, 1280, 2), np.uint8)
    other = one.copy()
    other[::3] ^= 1
    assert fingerprint(one) == fingerprint(one.copy()) != fingerprint(other)
    small = jpeg()
    assert fingerprint(small) != fingerprint(small[:, :-1])
