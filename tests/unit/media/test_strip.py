"""The strip says what was written into it, at any width, and nothing where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from studio.media.strip import BLOCK_PX, StripMark, crc8, read_strip, strip_height_px, strip_rows, write_strip


@pytest.mark.parametrize(("width", "rows"), [(1280, 1), (1920, 1), (640, 2), (320, 4), (426, 4), (176, 8)])
def test_what_is_written_is_read_at_any_width(width: int, rows: int) -> None:
    luma = np.full((240, width), 128, np.uint8)
    mark = StripMark(0xABCDEF, 123_456_789_012)
    write_strip(luma, mark)
    assert strip_rows(width) == rows and strip_height_px(width) == rows * BLOCK_PX
    assert read_strip(luma) == mark
    assert (luma[: 240 - rows * BLOCK_PX] == 128).all(), "drawn beyond its rows"


def test_bits_stand_where_the_layout_says() -> None:
    luma = np.zeros((16, 1280), np.uint8)
    write_strip(luma, StripMark(1, 1 << 47))
    white = [index for index in range(80) if luma[8, index * 16 + 8] == 235]
    assert [index for index in white if index < 72] == [23, 24]


def test_both_fields_wrap() -> None:
    luma = np.zeros((16, 1280), np.uint8)
    write_strip(luma, StripMark((1 << 24) + 5, (1 << 48) + 7))
    assert read_strip(luma) == StripMark(5, 7)


def test_noise_and_blur_are_read_through() -> None:
    luma = np.zeros((64, 320), np.uint8)
    write_strip(luma, StripMark(4711, 42))
    noisy = luma + np.random.default_rng(1).normal(0, 40, luma.shape)
    noisy[:, 1:] = (noisy[:, 1:] + noisy[:, :-1]) / 2
    assert read_strip(noisy.clip(0, 255).astype(np.uint8)) == StripMark(4711, 42)


@pytest.mark.parametrize("level", [0, 16, 128, 235, 255])
def test_a_plain_picture_carries_none(level: int) -> None:
    assert read_strip(np.full((180, 320), level, np.uint8)) is None


def test_one_wrong_block_is_noticed() -> None:
    luma = np.zeros((16, 1280), np.uint8)
    write_strip(luma, StripMark(77, 88))
    luma[:, 160:176] = 251 - luma[:, 160:176]
    assert read_strip(luma) is None


def test_too_small_a_picture_has_no_strip() -> None:
    assert read_strip(np.zeros((8, 320), np.uint8)) is None
    assert read_strip(np.zeros((100, 16), np.uint8)) is None
    with pytest.raises(ValueError, match="no room"):
        strip_rows(16)


def test_the_checksum_is_the_documented_one() -> None:
    assert crc8(b"") == 0xFF
    assert crc8(b"123456789") == 0xFB  # CRC-8 with 0x07 and initial value 0xFF, computed by hand with a table
