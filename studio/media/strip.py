"""The strip that the test card carries in its lowest rows: which picture a receiver got, and how old it is.

Layout. Blocks of 16 x 16 px, black (Y 16) or white (Y 235). `columns = width // 16` blocks stand in a row, from the
left edge; the strip takes `rows = ceil(80 / columns)` rows of blocks, the lowest of which ends at the picture's lower
edge (one row at 1280 px and wider, two at 640, four at 320). Bit i stands in row `i // columns` (counted from the top
of the strip), column `i % columns`; blocks beyond bit 79 are black. Each value has its highest bit first:

    bits  0..23  frame number: the program's tick, modulo 2**24
    bits 24..71  milliseconds of the studio clock at that tick, modulo 2**48
    bits 72..79  checksum: CRC-8 (polynomial 0x07, initial value 0xFF, no reflection) of the nine bytes before it

The initial value keeps an all-black picture from being read as number 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

BLOCK_PX = 16
BITS = 80
NUMBER_BITS = 24
MILLISECONDS_BITS = 48
BLACK_Y = 16
WHITE_Y = 235
_MIDDLE_Y = (BLACK_Y + WHITE_Y) / 2
_EDGE_PX = 4
"""Left out on each side of a block when it is read: codecs ring at edges, and scaling blurs them."""


@dataclass(frozen=True, slots=True)
class StripMark:
    """What a strip says: the tick's number modulo 2**24 and its instant in milliseconds of the studio clock."""

    number: int
    milliseconds: int


def strip_rows(width_px: int) -> int:
    """Rows of blocks that a picture of this width needs. Raises ValueError below 32 px."""
    columns = width_px // BLOCK_PX
    if columns < 2:
        raise ValueError(f"a picture {width_px} px wide has no room for the strip")
    return -(-BITS // columns)


def strip_height_px(width_px: int) -> int:
    """Rows of pixels that the strip takes at the lower edge."""
    return strip_rows(width_px) * BLOCK_PX


def crc8(data: bytes) -> int:
    """CRC-8 with polynomial 0x07 and initial value 0xFF."""
    value = 0xFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value << 1) ^ (0x107 if value & 0x80 else 0)
    return value & 0xFF


def write_strip(luma: npt.NDArray[np.uint8], mark: StripMark) -> None:
    """Draw the strip into a picture's luma, shape (height, width); chroma there should be 128."""
    height_px, width_px = luma.shape
    rows, columns = strip_rows(width_px), width_px // BLOCK_PX
    payload = (mark.number % (1 << NUMBER_BITS)).to_bytes(3, "big")
    payload += (mark.milliseconds % (1 << MILLISECONDS_BITS)).to_bytes(6, "big")
    bits = np.zeros(rows * columns, np.uint8)
    bits[:BITS] = np.unpackbits(np.frombuffer(payload + bytes((crc8(payload),)), np.uint8))
    line = np.repeat((bits * (WHITE_Y - BLACK_Y) + BLACK_Y).reshape(rows, columns), BLOCK_PX, axis=1)
    area = luma[height_px - rows * BLOCK_PX :]
    for row in range(rows):
        area[row * BLOCK_PX : (row + 1) * BLOCK_PX, : columns * BLOCK_PX] = line[row]


def read_strip(luma: npt.NDArray[np.uint8]) -> StripMark | None:
    """What the strip of a picture says; None where there is none or its checksum is wrong."""
    height_px, width_px = luma.shape
    if width_px < 2 * BLOCK_PX or height_px < strip_height_px(width_px):
        return None
    rows, columns = strip_rows(width_px), width_px // BLOCK_PX
    blocks = luma[height_px - rows * BLOCK_PX :, : columns * BLOCK_PX].reshape(rows, BLOCK_PX, columns, BLOCK_PX)
    inner = slice(_EDGE_PX, BLOCK_PX - _EDGE_PX)
    levels = blocks[:, inner, :, inner].mean(axis=(1, 3)).reshape(-1)[:BITS]
    data = np.packbits(levels > _MIDDLE_Y).tobytes()
    if crc8(data[:9]) != data[9]:
        return None
    return StripMark(int.from_bytes(data[:3], "big"), int.from_bytes(data[3:9], "big"))
