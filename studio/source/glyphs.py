"""Digits as blocks of pixels, 5 wide and 7 high: the test card's clock needs no font of the system."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

WIDTH = 6
HEIGHT = 7
_ROWS = {
    "0": "01110 10001 10011 10101 11001 10001 01110",
    "1": "00100 01100 00100 00100 00100 00100 01110",
    "2": "01110 10001 00001 00110 01000 10000 11111",
    "3": "11111 00010 00100 00010 00001 10001 01110",
    "4": "00010 00110 01010 10010 11111 00010 00010",
    "5": "11111 10000 11110 00001 00001 10001 01110",
    "6": "00110 01000 10000 11110 10001 10001 01110",
    "7": "11111 00001 00010 00100 01000 01000 01000",
    "8": "01110 10001 10001 01110 10001 10001 01110",
    "9": "01110 10001 10001 01111 00001 00010 01100",
    ":": "00000 00100 00100 00000 00100 00100 00000",
    ".": "00000 00000 00000 00000 00000 01100 01100",
    " ": "00000 00000 00000 00000 00000 00000 00000",
}


def glyphs(scale: int, ink: int, ground: int) -> dict[str, npt.NDArray[np.uint8]]:
    """Each character as luma, shape (7 * scale, 6 * scale): `ink` on `ground`, with one empty column at its right."""
    made = {}
    for character, rows in _ROWS.items():
        bits = np.array([[int(bit) for bit in row] + [0] for row in rows.split()], np.uint8)
        made[character] = np.where(np.kron(bits, np.ones((scale, scale), np.uint8)) == 1, ink, ground).astype(np.uint8)
    return made
