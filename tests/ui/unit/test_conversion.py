"""Planar BT.709 to what Qt draws."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.preview import bars
from ui.preview.conversion import Conversion, planes

# The bars are 75 % of white: 191 in the channels that are on.
COLOURS = [
    (191, 191, 191),
    (191, 191, 0),
    (0, 191, 191),
    (0, 191, 0),
    (191, 0, 191),
    (191, 0, 0),
    (0, 0, 191),
    (0, 0, 0),
]


@pytest.mark.parametrize("size", [(320, 180), (640, 360), (212, 120), (160, 90)])
def test_colour_bars_come_out_as_bt709_says(size: tuple[int, int]) -> None:
    made = Conversion(*size).convert(bars(320, 180))
    assert made.shape == (size[1] // 2 * 2, size[0] // 2 * 2, 4)
    for at, (red, green, blue) in enumerate(COLOURS):
        found = made[made.shape[0] // 2, int((at + 0.5) * made.shape[1] / 8)].astype(int)
        assert np.abs(found[:3] - (blue, green, red)).max() <= 3, (at, found)
    assert (made[..., 3] == 255).all()


def test_a_picture_stays_while_the_next_is_made() -> None:
    conversion = Conversion(64, 36)
    first = conversion.convert(np.full((54, 64), 128, np.uint8))
    kept = first.copy()
    conversion.convert(np.zeros((54, 64), np.uint8))
    assert np.array_equal(first, kept)


def test_planes_are_views() -> None:
    picture = np.zeros((54, 64), np.uint8)
    luma, u, v = planes(picture)
    assert luma.shape == (36, 64) and u.shape == v.shape == (18, 32)
    v[:] = 7
    assert picture.sum() == 7 * 18 * 32
