"""Colours that can be read, and figures as a person says them."""

from __future__ import annotations

import colorsys

import pytest

from ui import words
from ui.shortcuts import SHORTCUTS
from ui.theme.tokens import DARK, LIGHT, Colours, contrast

READ = ["text", "text_soft", "text_faint", "accent", "danger", "good", "warn"]


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("ground", ["base", "surface", "raised"])
@pytest.mark.parametrize("front", READ)
def test_text_can_be_read_on_every_ground(colours: Colours, ground: str, front: str) -> None:
    assert contrast(getattr(colours, front), getattr(colours, ground)) >= 4.5


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
def test_text_on_filled_grounds_can_be_read(colours: Colours) -> None:
    for ground in ("accent_fill", "on_air"):
        assert contrast(colours.on_fill, getattr(colours, ground)) >= 4.5
    assert contrast(colours.warn, colours.warn_tint) >= 4.5
    assert contrast(colours.text, colours.accent_tint) >= 4.5


def test_only_danger_and_on_air_are_red() -> None:
    for colours in (DARK, LIGHT):
        for name in Colours.__dataclass_fields__:
            value = getattr(colours, name)
            if not isinstance(value, str) or name in ("on_air", "on_air_hover", "danger", "danger_tint"):
                continue
            hue, _, saturation = colorsys.rgb_to_hls(*(int(value[at : at + 2], 16) / 255 for at in (1, 3, 5)))
            assert saturation < 0.3 or 15 / 360 < hue < 345 / 360, name


def test_no_key_is_given_twice() -> None:
    keys = [each.keys for each in SHORTCUTS if each.action]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0:00"), (7.9, "0:07"), (61, "1:01"), (3600, "1:00:00"), (36_061, "10:01:01")]
)
def test_durations(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said


def test_sizes_and_rates() -> None:
    assert [words.size(count) for count in (12, 81_200, 431_000_000, 3_400_000_000)] == [
        "12 B",
        "81.2 kB",
        "431 MB",
        "3.4 GB",
    ]
    assert [words.rate(kbps) for kbps in (640, 2512)] == ["640 kb/s", "2.5 Mb/s"]
    assert words.hours_left(212e9, 2628) == "7 days"
    assert words.hours_left(1e9, 2628) == "51 min"
    assert words.hours_left(0, 2628) == ""
    assert [words.count(number, "person", "people") for number in (0, 1, 2)] == ["0 people", "1 person", "2 people"]
