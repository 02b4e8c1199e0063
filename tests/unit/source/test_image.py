"""Still pictures: any common format, upright, alpha over black, sent once."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from studio.media import ErrorKind
from studio.source.contract import SourceKind
from studio.source.image import play
from tests.unit.source.clip_files import BAR_RGB, assert_bars
from tests.unit.source.fake_engine import FakeEngine


def bars_rgb(width: int = 320, height: int = 180) -> np.ndarray:
    picture = np.zeros((height, width, 3), np.uint8)
    for index, bar in enumerate(BAR_RGB):
        picture[:, width * index // 8 : width * (index + 1) // 8] = [round(0.75 * 255 * part) for part in bar]
    return picture


def save(path: Path, picture: np.ndarray, codec: str, pix_fmt: str, source: str = "rgb24") -> Path:
    """Encode one picture with FFmpeg's encoder of that name into a bare file."""
    frame = av.VideoFrame.from_ndarray(picture, format=source)
    context = av.CodecContext.create(codec, "w")
    context.width, context.height, context.pix_fmt = frame.width, frame.height, pix_fmt
    context.time_base = Fraction(1, 25)
    if codec == "mjpeg":
        context.qmin = context.qmax = 1
    packets = [*context.encode(frame.reformat(format=pix_fmt)), *context.encode(None)]
    path.write_bytes(b"".join(bytes(packet) for packet in packets))
    return path


def with_exif(jpeg: Path, orientation: int) -> Path:
    """The same file with an EXIF orientation."""
    data = jpeg.read_bytes()
    tiff = b"II*\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHIHH", 0x112, 3, 1, orientation, 0) + bytes(4)
    segment = b"Exif\0\0" + tiff
    jpeg.write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:])
    return jpeg


def shown(folder: Path, path: Path, size: tuple[int, int] = (320, 180)) -> np.ndarray:
    engine = FakeEngine(folder, str(path), kind=SourceKind.IMAGE, size=size, keep=lambda picture: picture.copy())
    engine.play(play)
    assert not engine.faults, engine.faults
    assert len(engine.pictures) == 1 and engine.held, "a picture is sent once and held"
    assert engine.opened is not None and not engine.opened.has_audio
    assert (engine.opened.width_px, engine.opened.height_px) == (engine.wanted[0].width_px, engine.wanted[0].height_px)
    kept: np.ndarray = engine.pictures[0].kept
    return kept


def test_png_has_the_colours_of_the_table(tmp_path: Path) -> None:
    assert_bars(shown(tmp_path, save(tmp_path / "a.png", bars_rgb(), "png", "rgb24")), 320, 180)


def test_jpeg_has_the_colours_of_the_table(tmp_path: Path) -> None:
    assert_bars(shown(tmp_path, save(tmp_path / "a.jpg", bars_rgb(), "mjpeg", "yuvj420p")), 320, 180)


def test_gif_shows_its_first_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "rgb8"
        for level in (200, 50):
            picture = np.full((180, 320, 3), level, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="rgb8")))
        container.mux(stream.encode())
    assert shown(tmp_path, path)[90, 160] > 150


@pytest.mark.parametrize(("size", "pix_fmt"), [((320, 180), "bgra"), ((320, 180), "yuv420p"), ((1280, 720), "yuv420p")])
def test_webp_has_the_colours_of_the_table(tmp_path: Path, size: tuple[int, int], pix_fmt: str) -> None:
    """Lossless; lossy, whose colours are BT.601 whatever its size."""
    picture = av.VideoFrame.from_ndarray(bars_rgb(*size), format="rgb24")
    with av.open(str(tmp_path / "a.webp"), "w") as container:
        stream = container.add_stream("libwebp", rate=10)
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        stream.options = {"lossless": "1"} if pix_fmt == "bgra" else {"quality": "95"}
        container.mux(stream.encode(picture.reformat(format=pix_fmt, dst_colorspace="ITU601", dst_color_range="MPEG")))
        container.mux(stream.encode())
    assert_bars(shown(tmp_path, tmp_path / "a.webp"), 320, 180)


@pytest.mark.parametrize("pix_fmt", ["bgra", "yuv420p"])
def test_an_animated_webp_shows_its_first_picture(tmp_path: Path, pix_fmt: str) -> None:
    path = tmp_path / "a.webp"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libwebp_anim", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 180, pix_fmt
        for number, level in enumerate((200, 50, 50)):
            picture = np.full((180, 320, 3), level, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pix_fmt)
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert b"ANMF" in path.read_bytes()
    assert abs(int(shown(tmp_path, path)[90, 160]) - (16 + round(200 * 219 / 255))) <= 3


def test_alpha_lies_over_black(tmp_path: Path) -> None:
    picture = np.dstack([bars_rgb(), np.full((180, 320), 255, np.uint8)])
    picture[90:, :, 3] = 0
    picture[80:90, :, 3] = 128
    entered = shown(tmp_path, save(tmp_path / "a.png", picture, "png", "rgba", source="rgba"))
    assert_bars(entered, 320, 180)
    assert (entered[100:180] == 16).all(), "what is transparent is black"
    assert abs(int(entered[85, 20]) - (16 + round((180 - 16) * 128 / 255))) <= 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_is_upright_for_each_of_the_eight_orientations(tmp_path: Path, orientation: int) -> None:
    upright = np.full((96, 160, 3), 40, np.uint8)
    upright[:32, :32] = 240  # the mark at the upper left
    upright[:32, 128:] = 140
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: np.rot90(upright, 2).transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    path = save(tmp_path / "a.jpg", np.ascontiguousarray(stored), "mjpeg", "yuvj420p")
    entered = shown(tmp_path, with_exif(path, orientation))
    assert entered.shape == (144, 160)
    assert entered[16, 16] > 200 and 110 < entered[16, 144] < 160 and entered[80, 16] < 80 and entered[80, 144] < 80


def test_a_large_picture_is_scaled_down_and_an_odd_one_made_even(tmp_path: Path) -> None:
    large = shown(tmp_path, save(tmp_path / "a.png", bars_rgb(1280, 720), "png", "rgb24"))
    assert_bars(large, 320, 180)
    odd = shown(tmp_path, save(tmp_path / "b.png", bars_rgb(101, 75), "png", "rgb24"))
    assert odd.shape[1] % 2 == 0 and odd.shape[0] % 3 == 0


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    (tmp_path / "empty.png").touch()
    for name, kind in (
        ("a.png", ErrorKind.BAD_DATA),
        ("empty.png", ErrorKind.BAD_DATA),
        ("b.png", ErrorKind.NOT_FOUND),
    ):
        engine = FakeEngine(tmp_path, str(tmp_path / name), kind=SourceKind.IMAGE).play(play)
        assert [error.kind for error in engine.faults] == [kind] and engine.faults[0].permanent
        assert name in str(engine.faults[0])
