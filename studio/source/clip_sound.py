"""Decoded sound of any rate and layout as the studio's: 48 kHz, float32, stereo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import av
import numpy as np

from studio.media import NS_PER_S, SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy.typing as npt

type Piece = tuple[npt.NDArray[np.float32], int | None]


class SoundEntry:
    """Converts one stream's sound. One thread.

    Yields pieces with the nanosecond of the file's own time that they begin at, None where the file does not say.
    More than two channels are mixed down by FFmpeg's matrix (centre and surrounds at -3 dB, no LFE); one channel is
    heard at both sides at its full level.
    """

    def __init__(self) -> None:
        self._resampler: av.AudioResampler | None = None
        self._kind: tuple[str, str, int] | None = None

    def push(self, frame: av.AudioFrame) -> Iterator[Piece]:
        """Take a decoded frame; yields what is ready."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind:
            yield from self.flush()
            self._kind = kind
            plain = frame.sample_rate == SAMPLE_RATE_HZ and frame.format.name in ("fltp", "flt")
            if not plain or frame.layout.nb_channels > 2:
                layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
                self._resampler = av.AudioResampler(format="flt", layout=layout, rate=SAMPLE_RATE_HZ)
        if self._resampler is None:
            yield _piece(frame)
            return
        for made in self._resampler.resample(frame):
            yield _piece(made)

    def flush(self) -> Iterator[Piece]:
        """What the resampler still holds; then forget it (the end of a pass)."""
        if self._resampler is not None:
            for made in self._resampler.resample(None):
                yield _piece(made)
        self._resampler = None
        self._kind = None


def _piece(frame: av.AudioFrame) -> Piece:
    channels, count = frame.layout.nb_channels, frame.samples
    if frame.format.is_planar or channels == 1:
        stereo = np.empty((count, 2), np.float32)
        for side in (0, 1):
            stereo[:, side] = np.frombuffer(frame.planes[side % len(frame.planes)], np.float32, count)
    else:
        stereo = np.frombuffer(bytes(frame.planes[0]), np.float32, count * 2).reshape(count, 2)
    if frame.pts is None or frame.time_base is None:
        return stereo, None
    base = frame.time_base
    return stereo, frame.pts * base.numerator * NS_PER_S // base.denominator
