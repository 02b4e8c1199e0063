"""HDR clips of known light: 75 % bars of an SDR picture whose white is 203 cd/m², coded as PQ or HLG in BT.2020."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from tests.unit.source.clip_files import BAR_RGB, Look, frame_of

BT709_TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
LUMA = np.array([0.2627, 0.6780, 0.0593])
PQ, HLG = 16, 18


def _pq(light_cd_m2: np.ndarray) -> np.ndarray:
    power = (light_cd_m2 / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def _hlg(light_cd_m2: np.ndarray) -> np.ndarray:
    display = light_cd_m2 / 1000
    luminance = float(display @ LUMA)
    scene = display * luminance ** (1 / 1.2 - 1) if luminance > 0 else display
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(np.maximum(12 * scene - b, 1e-9)) + c)


def hdr_signal(rgb: tuple[float, float, float], transfer: int) -> np.ndarray:
    """The BT.2020 signal (0 to 1) of a BT.709 signal whose white is 203 cd/m²."""
    light = np.clip(BT709_TO_BT2020 @ np.array(rgb) ** 2.4, 0, 1) * 203
    return _pq(light) if transfer == PQ else _hlg(light)


def hdr_codes(rgb: tuple[float, float, float], transfer: int) -> tuple[int, int, int]:
    """Its Y, Cb, Cr in 10 bits, limited range."""
    r, g, b = hdr_signal(rgb, transfer)
    y = float(LUMA @ np.array([r, g, b]))
    return round(64 + 876 * y), round(512 + 896 * (b - y) / 1.8814), round(512 + 896 * (r - y) / 1.4746)


def hdr_frame(rows: list[list[tuple[float, float, float]]], transfer: int) -> av.VideoFrame:
    """320x180, 10 bits, with one patch for each BT.709 signal in `rows`; patches have even sides."""
    luma = np.full((180, 320), 64, np.uint16)
    blue = np.full((90, 160), 512, np.uint16)
    red = blue.copy()
    height, width = 90 // len(rows), 160 // len(rows[0])
    for row, colours in enumerate(rows):
        for column, colour in enumerate(colours):
            y, cb, cr = hdr_codes(colour, transfer)
            top, left = row * height, column * width
            luma[2 * top : 2 * (top + height), 2 * left : 2 * (left + width)] = y
            blue[top : top + height, left : left + width] = cb
            red[top : top + height, left : left + width] = cr
    return frame_of(_look(transfer), [luma, blue, red])


def _look(transfer: int) -> Look:
    return Look("yuv420p10le", matrix=9, transfer=transfer, primaries=9)


def write_hdr_clip(path: Path, transfer: int, count: int = 3) -> Path:
    """75 % bars, 320x180, 25 fps, 10-bit H.265."""
    look = _look(transfer)
    frame = hdr_frame([[(0.75 * r, 0.75 * g, 0.75 * b) for r, g, b in BAR_RGB]], transfer)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx265", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, look.pix_fmt
        context = stream.codec_context
        context.colorspace, context.color_trc, context.color_primaries = look.matrix, look.transfer, look.primaries
        context.color_range = 1
        stream.options = {"x265-params": "log-level=error:crf=10", "preset": "ultrafast"}
        for number in range(count):
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
