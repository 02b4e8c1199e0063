"""The design's tokens. Every colour, distance and type size of the window stands here and nowhere else.

Red means on air or danger; nothing else is red. Text on its ground has a contrast of 4.5 at least (tests/ui/unit).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# The grid: 4 px and multiples of it.
HAIR_PX = 1
TIGHT_PX = 4
NEAR_PX = 8
STEP_PX = 12
WIDE_PX = 16
FAR_PX = 24
RADIUS_PX = 6
CONTROL_PX = 32  # the height of buttons and fields

# The type scale, in px (Qt multiplies them by the screen's scale).
CAPTION_PX = 11
SMALL_PX = 12
BODY_PX = 13
TITLE_PX = 15
DISPLAY_PX = 20


class ThemeName(StrEnum):
    """What the person chose; `system` follows the desktop."""

    DARK = "dark"
    LIGHT = "light"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Colours:
    """Grounds from back to front, lines, text from loud to quiet, then what carries meaning."""

    canvas: str
    base: str
    surface: str
    raised: str
    hover: str
    line: str
    line_strong: str
    text: str
    text_soft: str
    text_faint: str
    accent: str
    accent_fill: str
    accent_hover: str
    accent_tint: str
    on_fill: str
    on_air: str
    on_air_hover: str
    danger: str
    danger_tint: str
    good: str
    warn: str
    warn_tint: str
    dark: bool


DARK = Colours(
    canvas="#0d0e10",
    base="#141619",
    surface="#1a1d21",
    raised="#22262b",
    hover="#2b3036",
    line="#292e34",
    line_strong="#414850",
    text="#e9ebee",
    text_soft="#abb2bb",
    text_faint="#8b939d",
    accent="#82b1ff",
    accent_fill="#2b66d1",
    accent_hover="#3472e0",
    accent_tint="#1d2a40",
    on_fill="#ffffff",
    on_air="#d42a31",
    on_air_hover="#e03a41",
    danger="#ff8585",
    danger_tint="#3a1d20",
    good="#4fc78c",
    warn="#f0b955",
    warn_tint="#352b17",
    dark=True,
)

LIGHT = Colours(
    canvas="#d7dade",
    base="#f1f2f4",
    surface="#ffffff",
    raised="#f3f4f6",
    hover="#e7e9ec",
    line="#dfe2e6",
    line_strong="#b4bac2",
    text="#15181c",
    text_soft="#474f59",
    text_faint="#646c76",
    accent="#1d5bc4",
    accent_fill="#1d5bc4",
    accent_hover="#2b69d3",
    accent_tint="#e3edfd",
    on_fill="#ffffff",
    on_air="#cc2229",
    on_air_hover="#b81b22",
    danger="#b3161d",
    danger_tint="#fdeaea",
    good="#0f7443",
    warn="#855300",
    warn_tint="#fdf2dc",
    dark=False,
)


def contrast(front: str, back: str) -> float:
    """The contrast of two colours, 1 to 21, as WCAG 2.1 defines it (relative luminance of sRGB)."""

    def luminance(colour: str) -> float:
        parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(front), luminance(back)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
