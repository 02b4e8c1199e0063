"""How a decoded picture enters the studio: converted once to upright I420, BT.709 limited, square pixels, fitting size.

A picture that is all that already is copied plane by plane; any other goes through one filter graph first
(deinterlace, scale and convert in one pass, matrix, rotate). Files, network cameras and the screen all enter here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

from studio.media import ErrorKind, StoaError
from studio.source.tonemap import TO_SIGNAL, write_table
from studio.source.turn import Turn, turn_of

if TYPE_CHECKING:
    import numpy.typing as npt

MATRIX_RGB, MATRIX_709, MATRIX_UNKNOWN, MATRIX_601 = 0, 1, 2, 6
MATRICES = {4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc"}
"""ITU-T H.273 matrix coefficients that need converting, as FFmpeg's colorspace filter names them."""
TRANSFER_PQ, TRANSFER_HLG = 16, 18
PRIMARIES_2020 = 9
RANGE_UNKNOWN, RANGE_LIMITED, RANGE_FULL = 0, 1, 2
SD_HEIGHT_PX = 576
"""Up to this height a picture that does not say so is taken for BT.601, above for BT.709, as players do."""


@dataclass(frozen=True, slots=True)
class PictureKind:
    """What decides how a picture is converted."""

    format: str
    width_px: int
    height_px: int
    matrix: int
    full_range: bool
    transfer: int
    primaries: int
    interlaced: bool

    @property
    def is_rgb(self) -> bool:
        return self.matrix == MATRIX_RGB

    @property
    def is_hdr(self) -> bool:
        return self.transfer in (TRANSFER_PQ, TRANSFER_HLG)

    @property
    def has_alpha(self) -> bool:
        return self.format.startswith(("yuva", "rgba", "bgra", "argb", "abgr", "gbrap", "ya8", "ya16", "pal8"))


def _matrix(frame: av.VideoFrame) -> int:
    if frame.format.is_rgb or frame.format.name == "pal8":
        return MATRIX_RGB
    matrix = int(frame.colorspace)
    if matrix in (MATRIX_UNKNOWN, MATRIX_RGB, 3):
        return MATRIX_601 if frame.height <= SD_HEIGHT_PX else MATRIX_709
    if matrix != MATRIX_709 and matrix not in MATRICES:
        raise StoaError(
            ErrorKind.NOT_SUPPORTED,
            f"The picture's colours are coded in a way that cannot be shown here (matrix {matrix} of H.273).",
            remedy="Convert the file to BT.709.",
            permanent=True,
        )
    return matrix


def picture_kind(frame: av.VideoFrame) -> PictureKind:
    """What a decoded picture is; what it does not say is guessed as players do. Raises StoaError(NOT_SUPPORTED)."""
    name = frame.format.name
    full = name.startswith("yuvj") or int(frame.color_range) == RANGE_FULL
    if name.startswith(("gray", "ya")) and int(frame.color_range) == RANGE_UNKNOWN:
        full = True
    return PictureKind(
        name,
        frame.width,
        frame.height,
        _matrix(frame),
        full,
        int(frame.color_trc),
        int(frame.color_primaries),
        frame.interlaced_frame,
    )


def fitting_size(
    width_px: int, height_px: int, pixel_aspect: Fraction, quarter_turned: bool, max_width_px: int, max_height_px: int
) -> tuple[int, int]:
    """The even size of a picture inside the studio: square pixels, upright, within the limits, never enlarged."""
    width, height = Fraction(width_px), Fraction(height_px)
    if pixel_aspect > 1:
        width *= pixel_aspect
    elif pixel_aspect > 0:
        height /= pixel_aspect
    if quarter_turned:
        width, height = height, width
    scale = min(Fraction(1), max_width_px / width, max_height_px / height)
    return _even(width * scale, max_width_px), _even(height * scale, max_height_px)


def _even(value: Fraction, limit_px: int) -> int:
    return max(2, min(round(value / 2) * 2, limit_px // 2 * 2))


class PictureEntry:
    """Converts the pictures of one stream. One thread. `pixel_aspect` is the stream's sample aspect ratio."""

    def __init__(self, max_width_px: int, max_height_px: int, pixel_aspect: Fraction | None = None) -> None:
        self._max = (max_width_px, max_height_px)
        self._pixel_aspect = pixel_aspect or Fraction(1)
        self._marks: tuple[object, ...] | None = None
        self._graph: av.filter.Graph | None = None
        self._interlaced = False
        self.width_px = 0
        self.height_px = 0

    def push(self, frame: av.VideoFrame) -> Iterator[av.VideoFrame]:
        """Take a decoded picture; yields those that are ready for `write_picture` (deinterlacing holds one back).

        Afterwards `width_px` and `height_px` are the size of what comes out: look again after each push.
        """
        marks = (frame.format.name, frame.width, frame.height, frame.colorspace, frame.color_range, frame.color_trc)
        if marks != self._marks or (frame.interlaced_frame and not self._interlaced):
            yield from self.flush()
            self._marks = marks
            self._change(frame, picture_kind(frame))
        if self._graph is None:
            yield frame
            return
        self._graph.vpush(frame)
        yield from self._ready()

    @property
    def holds_back(self) -> bool:
        """Whether every picture has to be pushed, also those that nobody will see."""
        return self._interlaced

    def size_of(self, frame: av.VideoFrame) -> tuple[int, int]:
        """The size in which a decoded picture will come out."""
        kind = picture_kind(frame)
        quarter = turn_of(frame).is_quarter
        return fitting_size(kind.width_px, kind.height_px, self._pixel_aspect, quarter, *self._max)

    def flush(self) -> Iterator[av.VideoFrame]:
        """What deinterlacing still holds; then forget it (the end of a pass, or a jump)."""
        if self._graph is not None and self._interlaced:
            self._graph.vpush(None)
            yield from self._ready()
            self._marks = None
            self._graph = None

    def _ready(self) -> Iterator[av.VideoFrame]:
        assert self._graph is not None
        while True:
            try:
                yield self._graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return

    def _change(self, frame: av.VideoFrame, kind: PictureKind) -> None:
        # Some streams flag only some of their pictures: once interlaced, the filter decides picture by picture.
        self._interlaced = self._interlaced or kind.interlaced
        turn = turn_of(frame)
        size = self.width_px, self.height_px = self.size_of(frame)
        plain = kind.format == "yuv420p" and kind.matrix == MATRIX_709 and not kind.full_range and not kind.is_hdr
        if plain and size == (kind.width_px, kind.height_px) and turn is Turn.NONE and not self._interlaced:
            self._graph = None
            return
        self._graph = self._build(frame, kind, turn, (size[1], size[0]) if turn.is_quarter else size)

    def _build(self, frame: av.VideoFrame, kind: PictureKind, turn: Turn, size: tuple[int, int]) -> av.filter.Graph:
        graph = av.filter.Graph()
        graph.threads = 1
        time_base = frame.time_base or Fraction(1, 1_000_000)
        nodes = [graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=time_base)]
        with tempfile.TemporaryDirectory(prefix="stoa-") as folder:
            for name, options in self._filters(kind, size, Path(folder)):
                nodes.append(graph.add(name, **options))
            for name, argument in turn.value:
                nodes.append(graph.add(name, argument or None))
            nodes.append(graph.add("buffersink"))
            graph.link_nodes(*nodes).configure()
        return graph

    def _filters(self, kind: PictureKind, size: tuple[int, int], folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
        if self._interlaced:
            yield "bwdif", {"mode": "send_frame", "deint": "interlaced"}
        scale = {"w": str(size[0]), "h": str(size[1]), "flags": "bilinear"}
        entering = {"in_range": "full" if kind.full_range else "limited"}
        if kind.is_hdr:
            yield from _tone_mapping(kind, scale | entering, folder)
        elif kind.is_rgb:
            if kind.has_alpha:
                yield "format", {"pix_fmts": "gbrap"}
                yield "premultiply", {"inplace": "1"}
                yield "format", {"pix_fmts": "gbrp"}
            yield "scale", scale | {"out_color_matrix": "bt709", "out_range": "limited"}
            yield "format", {"pix_fmts": "yuv420p"}
        else:
            if kind.has_alpha:
                yield "premultiply", {"inplace": "1"}
            yield from _yuv(kind, scale | entering)


def _yuv(kind: PictureKind, scale: dict[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    yield "scale", scale | {"in_color_matrix": "bt709", "out_color_matrix": "bt709", "out_range": "limited"}
    yield "format", {"pix_fmts": "yuv420p"}
    if kind.matrix == MATRIX_709:
        return
    # The scaler left the matrix as it was: the colorspace filter is ten times as fast at changing only that.
    wide = kind.primaries == PRIMARIES_2020
    yield (
        "colorspace",
        {
            "ispace": MATRICES[kind.matrix],
            "irange": "tv",
            "iprimaries": "bt2020" if wide else "bt709",
            "itrc": "bt2020-10" if wide else "bt709",
            "space": "bt709",
            "primaries": "bt709",
            "trc": "bt709",
            "range": "tv",
            "format": "yuv420p",
        },
    )


def _tone_mapping(kind: PictureKind, scale: dict[str, str], folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    table = folder / "tone.cube"
    write_table(table, hlg=kind.transfer == TRANSFER_HLG)
    yield "scale", scale | {"in_color_matrix": "bt2020"}
    yield "format", {"pix_fmts": "gbrp16le"}
    yield "lut3d", {"file": str(table), "interp": "tetrahedral"}
    yield "lutrgb", {"r": TO_SIGNAL, "g": TO_SIGNAL, "b": TO_SIGNAL}
    yield "scale", {"out_color_matrix": "bt709", "out_range": "limited", "flags": "bilinear"}
    yield "format", {"pix_fmts": "yuv420p"}


def write_picture(frame: av.VideoFrame, picture: npt.NDArray[np.uint8]) -> None:
    """Copy a finished yuv420p picture into I420 memory of the same size, shape (height * 3 // 2, width)."""
    flat = picture.reshape(-1)
    start = 0
    for plane in frame.planes:
        width, height, pitch = plane.width, plane.height, plane.line_size
        rows = np.frombuffer(plane, np.uint8, height * pitch).reshape(height, pitch)
        flat[start : start + width * height].reshape(height, width)[:] = rows[:, :width]
        start += width * height
