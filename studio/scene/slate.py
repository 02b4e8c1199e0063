"""The stand-in picture of a lost source: dark grey with a crossed-out camera, drawn once per size by numpy alone."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from studio.media import VideoFrame, blank_frame

BACKGROUND_Y = 36
LINE_Y = 110


@lru_cache(maxsize=8)
def slate(width_px: int, height_px: int) -> VideoFrame:
    """The slate of this (even) size. It is shared: nobody writes into it."""
    frame = blank_frame(width_px, height_px, (BACKGROUND_Y, 128, 128))
    size = min(width_px, height_px) / 5
    rows = (np.arange(height_px)[:, None] - height_px / 2) / size
    columns = (np.arange(width_px)[None, :] - width_px / 2) / size
    line = 0.07
    body = _outline(columns + 0.2, rows, 0.75, 0.6, line)
    lens = (np.abs(columns - 0.85) < 0.25) & (np.abs(rows) < 0.15 + (columns - 0.6) * 0.7)
    stroke = (np.abs(columns - rows) < line) & (np.abs(rows) < 1.0)
    halo = (np.abs(columns - rows) < 2.4 * line) & (np.abs(rows) < 1.05)
    frame.y[body | lens] = LINE_Y
    frame.y[halo] = BACKGROUND_Y
    frame.y[stroke] = LINE_Y
    return frame


def _outline(x: np.ndarray, y: np.ndarray, half_width: float, half_height: float, line: float) -> np.ndarray:
    inside = (np.abs(x) < half_width) & (np.abs(y) < half_height)
    return inside & ~((np.abs(x) < half_width - 2 * line) & (np.abs(y) < half_height - 2 * line))
