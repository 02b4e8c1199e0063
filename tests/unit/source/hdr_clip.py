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


def write_hdr_clip(path: Path, transfer: int, count: int = 3) -> Path:
    """320x180, 25 fps, 10-bit H.265."""
    look = Look("yuv420p10le", matrix=9, transfer=transfer, primaries=9)
    luma = np.full((180, 320), 64, np.uint16)
    blue = np.full((90, 160), 512, np.uint16)
    red = blue.copy()
    for index, bar in enumerate(BAR_RGB):
        light = np.clip(BT709_TO_BT2020 @ (0.75 * np.array(bar)) ** 2.4, 0, 1) * 203
        r, g, b = _pq(light) if transfer == PQ else _hlg(light)
        y = LUMA @ np.array([r, g, b])
        luma[:, index * 40 : (index + 1) * 40] = round(64 + 876 * y)
        blue[:, index * 20 : (index + 1) * 20] = round(512 + 896 * (b - y) / 1.8814)
        red[:, index * 20 : (index + 1) * 20] = round(512 + 896 * (r - y) / 1.4746)
    frame = frame_of(look, [luma, blue, red])
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
