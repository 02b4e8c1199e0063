"""Makes the clips that tests play: colour bars, a strip with the frame's number, a flash and a beep at each second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from studio.media.strip import BLOCK_PX, StripMark, strip_height_px, write_strip
from studio.source.card import BARS
from studio.source.tone import BEEP_HZ

BAR_RGB = ((1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1), (0, 0, 0))
KR_KB = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}


@dataclass(frozen=True)
class Look:
    """How a clip codes its colours."""

    pix_fmt: str = "yuv420p"
    matrix: int = 1
    full_range: bool = False
    transfer: int = 1
    primaries: int = 1


@lru_cache(maxsize=8)
def _still(look: Look, width_px: int, height_px: int) -> list[npt.NDArray[np.uint16]]:
    """The bars, with black where strip and flash stand."""
    kr, kb = KR_KB[look.matrix]
    luma = np.zeros((height_px, width_px))
    blue, red = np.zeros_like(luma), np.zeros_like(luma)
    for index, bar in enumerate(BAR_RGB):
        r, g, b = (0.75 * part for part in bar)
        y = kr * r + (1 - kr - kb) * g + kb * b
        columns = slice(width_px * index // 8, width_px * (index + 1) // 8)
        luma[:, columns] = y
        blue[:, columns] = (b - y) / (2 * (1 - kb))
        red[:, columns] = (r - y) / (2 * (1 - kr))
    strip = slice(max(height_px // 2, height_px - strip_height_px(width_px) - BLOCK_PX), height_px)
    for part in (luma, blue, red):
        part[strip] = 0
        part[_patch(height_px)] = 0
    unit = _unit(look)
    if look.full_range:
        top = 256 * unit - 1
        values = [luma * top, blue * top + 128 * unit, red * top + 128 * unit]
    else:
        values = [(16 + 219 * luma) * unit, (128 + 224 * blue) * unit, (128 + 224 * red) * unit]
    return [np.round(value).astype(np.uint16) for value in values]


def _unit(look: Look) -> int:
    return 4 if "10" in look.pix_fmt else 1


def _patch(height_px: int) -> slice:
    return slice(height_px // 2, height_px // 2 + height_px // 8)


def planes(
    look: Look, width_px: int, height_px: int, number: int, ms: int, flash: float
) -> list[npt.NDArray[np.uint16]]:
    """Y, Cb and Cr of one picture, each at the size its format asks for."""
    luma, blue, red = _still(look, width_px, height_px)
    luma = luma.copy()
    unit = _unit(look)
    low, high = (0, 256 * unit - 1) if look.full_range else (16 * unit, 235 * unit)
    if strip_height_px(width_px) < height_px // 2:  # else the picture is too small for one
        marks = np.zeros((strip_height_px(width_px), width_px), np.uint8)
        write_strip(marks, StripMark(number, ms))
        luma[height_px - len(marks) :][marks == 235] = high
    luma[_patch(height_px)] = round(low + flash * (high - low))
    down = 2 if "420" in look.pix_fmt else 1
    return [luma, blue[::down, ::2], red[::down, ::2]]


def frame_of(look: Look, parts: Sequence[npt.NDArray[np.uint16]]) -> av.VideoFrame:
    """A frame of PyAV's from planes."""
    frame = av.VideoFrame(parts[0].shape[1], parts[0].shape[0], look.pix_fmt)
    kind = np.uint16 if "10" in look.pix_fmt else np.uint8
    for plane, part in zip(frame.planes, parts, strict=True):
        rows = np.zeros((plane.height, plane.line_size // np.dtype(kind).itemsize), kind)
        rows[:, : part.shape[1]] = part
        plane.update(rows.tobytes())
    frame.colorspace, frame.color_trc, frame.color_primaries = look.matrix, look.transfer, look.primaries
    frame.color_range = 2 if look.full_range else 1
    return frame


def beep(rate_hz: int, seconds: float, channels: int = 2, *, delay_s: float = 0.0) -> npt.NDArray[np.float32]:
    """A beep of 0.1 s at each whole second (later by `delay_s`), shape (count, channels)."""
    time = np.arange(round(rate_hz * seconds)) / rate_hz - delay_s
    inside = (time >= 0) & (time % 1.0 < 0.1)
    wave = np.where(inside, 0.25 * np.sin(2 * np.pi * BEEP_HZ * (time % 1.0)), 0)
    return np.repeat(wave.astype(np.float32)[:, None], channels, axis=1)


def flash_at(seconds: Fraction, frame_s: Fraction) -> float:
    """How much of a frame's time the flash covers (it lasts two frames from each whole second)."""
    covered = Fraction(0)
    for start in (Fraction(int(seconds)), Fraction(int(seconds) + 1)):
        covered += max(Fraction(0), min(seconds + frame_s, start + 2 * frame_s) - max(seconds, start))
    return float(covered / frame_s)


def write_clip(
    path: Path,
    *,
    fps: Fraction | int = 25,
    count: int = 50,
    size: tuple[int, int] = (320, 180),
    look: Look | None = None,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    pixel_aspect: Fraction | None = None,
    rotation: int = 0,
    instants: Sequence[Fraction] | None = None,
    video: bool = True,
    sound_s: float | None = None,
    sound_rate_hz: int = 48_000,
    sound_layout: str | None = "stereo",
    sound_codec: str = "aac",
    sound_start_s: float = 0.0,
    start_s: Fraction = Fraction(0),
    container_options: dict[str, str] | None = None,
) -> Path:
    """Write one clip. `instants` (in seconds) makes the rate variable; `sound_layout=None` leaves the sound out."""
    fps, look = Fraction(fps), look or Look()
    with av.open(str(path), "w", options=container_options or {}) as container:
        picture_stream = sound_stream = None
        if video:
            picture_stream = container.add_stream(codec, rate=fps)
            picture_stream.width, picture_stream.height = size
            picture_stream.pix_fmt = look.pix_fmt
            context = picture_stream.codec_context
            context.colorspace, context.color_trc, context.color_primaries = look.matrix, look.transfer, look.primaries
            context.color_range = 2 if look.full_range else 1
            context.thread_count = 1
            if pixel_aspect:
                context.sample_aspect_ratio = pixel_aspect
            picture_stream.options = options if options is not None else {"preset": "ultrafast", "crf": "8"}
            if rotation:
                picture_stream.set_display_rotation(rotation)
            context.time_base = Fraction(1, 90_000) if instants else 1 / fps
        if sound_layout is not None:
            sound_stream = container.add_stream(sound_codec, rate=sound_rate_hz)
            sound_stream.layout = sound_layout
            if sound_codec == "aac":
                sound_stream.bit_rate = 192_000
        if picture_stream is not None:
            for number in range(count):
                instant = instants[number] if instants else number / fps
                flash = flash_at(instant, 1 / fps)
                frame = frame_of(look, planes(look, *size, number, int(instant * 1000), flash))
                frame.time_base = picture_stream.codec_context.time_base
                frame.pts = round((instant + start_s) / frame.time_base)
                container.mux(picture_stream.encode(frame))
            container.mux(picture_stream.encode())
        if sound_stream is not None:
            seconds = sound_s if sound_s is not None else float(count / fps)
            channels = sound_stream.codec_context.layout.nb_channels
            wave = beep(sound_rate_hz, seconds, channels)
            for at in range(0, len(wave), 1024):
                block = np.ascontiguousarray(wave[at : at + 1024].T)
                if sound_codec.startswith("pcm"):
                    block = np.round(block.T * 32767).astype(np.int16).reshape(1, -1)
                    sound = av.AudioFrame.from_ndarray(block, format="s16", layout=sound_layout)
                else:
                    sound = av.AudioFrame.from_ndarray(block, format="fltp", layout=sound_layout)
                sound.sample_rate = sound_rate_hz
                sound.time_base = Fraction(1, sound_rate_hz)
                sound.pts = at + round((start_s + Fraction(sound_start_s)) * sound_rate_hz)
                container.mux(sound_stream.encode(sound))
            container.mux(sound_stream.encode())
    return path


def bar_colours(picture: npt.NDArray[np.uint8], width_px: int, height_px: int) -> list[tuple[int, int, int]]:
    """Y, Cb and Cr of each bar of an I420 picture, read a quarter down the picture."""
    quarter = width_px * height_px // 4
    flat = picture.reshape(-1)
    blue = flat[width_px * height_px :][:quarter].reshape(height_px // 2, width_px // 2)
    red = flat[width_px * height_px + quarter :][:quarter].reshape(height_px // 2, width_px // 2)
    found = []
    for index in range(8):
        x, y = int(width_px * (index + 0.5) / 8), height_px // 4
        found.append((int(picture[y, x]), int(blue[y // 2, x // 2]), int(red[y // 2, x // 2])))
    return found


def assert_bars(picture: npt.NDArray[np.uint8], width_px: int, height_px: int, tolerance: int = 3) -> None:
    """Every bar is the table's, within ±`tolerance`."""
    for bar, (y, cb, cr) in zip(BARS, bar_colours(picture, width_px, height_px), strict=True):
        worst = max(abs(y - bar.y), abs(cb - bar.cb), abs(cr - bar.cr))
        assert worst <= tolerance, f"{bar.name}: {(y, cb, cr)} instead of {(bar.y, bar.cb, bar.cr)}"
