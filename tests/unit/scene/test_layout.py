"""Where pictures land: fit, fill, crop, what reaches beyond the frame; always whole, even pixels."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.scene.layout import Fit, PlacedSource, Rect, covers, land

FRAME = (1280, 720)


def placed(**changes: object) -> PlacedSource:
    return PlacedSource("p", "s", **changes)  # type: ignore[arg-type]


def test_the_same_shape_fills_the_frame_one_to_one() -> None:
    landing = land(placed(), FRAME, FRAME)
    assert landing is not None and covers(landing, FRAME) and landing.source == landing.target


@pytest.mark.parametrize(
    ("fit", "source", "target"),
    [
        (Fit.FIT, Rect(0, 0, 640, 480), Rect(160, 0, 960, 720)),
        (Fit.FILL, Rect(0, 60, 640, 360), Rect(0, 0, 1280, 720)),
        (Fit.STRETCH, Rect(0, 0, 640, 480), Rect(0, 0, 1280, 720)),
    ],
)
def test_fit_fill_and_stretch_of_a_4_by_3_picture(fit: Fit, source: Rect, target: Rect) -> None:
    landing = land(placed(fit=fit), (640, 480), FRAME)
    assert landing is not None and (landing.source, landing.target) == (source, target)


def test_a_crop_takes_from_the_sources_sides() -> None:
    landing = land(placed(crop=(0.25, 0.0, 0.25, 0.5), fit=Fit.STRETCH), FRAME, FRAME)
    assert landing is not None and landing.source == Rect(320, 0, 640, 360)


def test_what_reaches_beyond_the_frame_is_cut_from_both() -> None:
    landing = land(placed(x=0.5, y=0.5, fit=Fit.STRETCH), FRAME, FRAME)
    assert landing is not None
    assert landing.target == Rect(640, 360, 640, 360) and landing.source == Rect(0, 0, 640, 360)


def test_a_mirrored_picture_is_cut_on_its_other_side() -> None:
    landing = land(placed(x=0.5, fit=Fit.STRETCH, mirror=True), FRAME, FRAME)
    assert landing is not None and landing.source == Rect(640, 0, 640, 720)


def test_nothing_is_seen_outside_the_frame() -> None:
    assert land(placed(x=1.5), FRAME, FRAME) is None


share = st.floats(-1.5, 1.5)


@settings(deadline=None)
@given(
    share, share, st.floats(0.001, 3), st.floats(0.001, 3), st.sampled_from(list(Fit)), st.booleans(),
    st.integers(1, 2000).map(lambda half: 2 * half), st.integers(1, 1200).map(lambda half: 2 * half),
)  # fmt: skip
def test_every_landing_is_even_and_inside_both_pictures(
    x: float, y: float, width: float, height: float, fit: Fit, mirror: bool, source_w: int, source_h: int
) -> None:
    landing = land(placed(x=x, y=y, width=width, height=height, fit=fit, mirror=mirror), (source_w, source_h), FRAME)
    if landing is None:
        return
    for rect, limit in ((landing.source, (source_w, source_h)), (landing.target, FRAME)):
        assert all(value % 2 == 0 for value in (rect.x, rect.y, rect.width, rect.height))
        assert rect.x >= 0 and rect.y >= 0 and rect.width > 0 and rect.height > 0
        assert rect.x + rect.width <= limit[0] and rect.y + rect.height <= limit[1]
