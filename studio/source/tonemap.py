"""From HDR (PQ, HLG) to the studio's BT.709: a 3D table, made once, for FFmpeg's `lut3d`, and a curve after it.

The table gives light, the curve makes it a signal. Between its points a table is straight: light nearly is, while a
signal bends without end towards black, where one part of each saturated colour lies.

Formulas: ITU-R BT.2100-2 (table 4: PQ; table 5: HLG with its OOTF at 1000 cd/m²), BT.2087-0 backwards (primaries),
BT.1886 (display gamma 2.4). Diffuse white of 203 cd/m² (BT.2408-7) is the reference. Signals up to 80 % of it pass
unchanged; above, the brightest component rolls off towards 100 % and the others keep their ratio to it, so that hues
stay.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Values = npt.NDArray[np.float64]

SIZE = 49
WHITE_CD_M2 = 203.0
HLG_PEAK_CD_M2 = 1000.0
KNEE = 0.8
_GAMMA = 2.4
_LOWEST = -0.6
"""The table holds light from here (no colour of BT.2020 needs less of a BT.709 primary) to 1, as 0 to 1."""
TO_SIGNAL = f"65535*pow(max(val/65535*{1 - _LOWEST:g}{_LOWEST:+g},0),1/{_GAMMA:g})"
"""The curve after the table, for each of red, green and blue in 16 bits: an expression of FFmpeg's `lutrgb` (whose
`maxval` is 255 * 256 there)."""
_BT2020_TO_BT709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
_LUMA_2020 = np.array([0.2627, 0.6780, 0.0593])


def pq_to_light(signal: Values) -> Values:
    """PQ signal (0 to 1) to cd/m²."""
    power = np.power(np.clip(signal, 0, 1), 1 / 78.84375)
    light: Values = np.power(np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power), 1 / 0.1593017578125)
    return 10_000 * light


def hlg_to_light(signal: Values) -> Values:
    """HLG signal (0 to 1), shape (…, 3), to cd/m² on a display of 1000 cd/m²."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    luminance = np.maximum(scene @ _LUMA_2020, 1e-9)
    light: Values = HLG_PEAK_CD_M2 * scene * np.power(luminance, 0.2)[..., None]
    return light


def to_bt709(light_2020: Values) -> Values:
    """cd/m² in BT.2020 primaries, shape (…, 3), to light of BT.709 primaries, 1 for full; negative out of its gamut."""
    light = light_2020 @ _BT2020_TO_BT709.T / WHITE_CD_M2
    brightest = np.power(np.maximum(light.max(axis=-1, keepdims=True), 1e-9), 1 / _GAMMA)
    rolled = np.where(brightest <= KNEE, brightest, 1 - (1 - KNEE) * np.exp(-(brightest - KNEE) / (1 - KNEE)))
    shown: Values = np.clip(light * np.power(rolled / brightest, _GAMMA), _LOWEST, 1)
    return shown


def write_table(path: Path, *, hlg: bool) -> None:
    """Write the table for PQ or HLG as a .cube file (red changes fastest)."""
    steps = np.linspace(0, 1, SIZE)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    signal = np.stack([red, green, blue], axis=-1).reshape(-1, 3)
    shown = (to_bt709(hlg_to_light(signal) if hlg else pq_to_light(signal)) - _LOWEST) / (1 - _LOWEST)
    lines = "\n".join(f"{r:.7f} {g:.7f} {b:.7f}" for r, g, b in shown.tolist())
    path.write_text(f"LUT_3D_SIZE {SIZE}\n{lines}\n", encoding="ascii")
