"""Moving, resizing and snapping of boxes in the frame."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.preview.geometry import SMALLEST, Box, Handle, drag, handle_at, snap

BOX = Box(0.2, 0.3, 0.4, 0.2)
FREE = [handle for handle in Handle if handle is not Handle.CENTRE]


def test_the_nearest_handle_is_found_before_the_box() -> None:
    assert handle_at(BOX, 0.205, 0.295, 0.01, 0.01) is Handle.TOP_LEFT
    assert handle_at(BOX, 0.6, 0.4, 0.01, 0.01) is Handle.RIGHT
    assert handle_at(BOX, 0.4, 0.4, 0.01, 0.01) is Handle.CENTRE
    assert handle_at(BOX, 0.1, 0.1, 0.01, 0.01) is None


def test_the_middle_moves_and_keeps_the_size() -> None:
    assert drag(BOX, Handle.CENTRE, 0.1, -0.05, keep_shape=True) == Box(
        pytest.approx(0.3), pytest.approx(0.25), 0.4, 0.2
    )


@pytest.mark.parametrize("handle", FREE)
def test_the_opposite_side_stays(handle: Handle) -> None:
    moved = drag(BOX, handle, 0.05, 0.05, keep_shape=False)
    across, down = handle.value
    assert across == 1 or moved.right == pytest.approx(BOX.right) or across == 0
    assert across == -1 or moved.x == pytest.approx(BOX.x)
    assert down == -1 or moved.y == pytest.approx(BOX.y)
    if across == 0:
        assert moved.width == BOX.width
    if down == 0:
        assert moved.height == BOX.height


@given(
    st.sampled_from([handle for handle in FREE if handle.is_corner]),
    st.floats(-2, 2),
    st.floats(-2, 2),
)
def test_a_corner_keeps_the_shape_and_never_gets_too_small(handle: Handle, by_x: float, by_y: float) -> None:
    moved = drag(BOX, handle, by_x, by_y, keep_shape=True)
    assert moved.width / moved.height == pytest.approx(BOX.width / BOX.height)
    assert moved.width >= SMALLEST * 0.999 and moved.height >= SMALLEST * 0.999


def test_edges_and_middle_snap_within_reach_only() -> None:
    near = snap(Box(0.006, 0.33, 0.4, 0.2), Handle.CENTRE, [], 0.01, 0.01, keep_shape=True)
    assert near.box.x == pytest.approx(0)
    assert near.box.y == pytest.approx(0.33)
    assert near.vertical == (0.0,) and near.horizontal == ()
    middle = snap(Box(0.304, 0.396, 0.4, 0.2), Handle.CENTRE, [], 0.01, 0.01, keep_shape=True)
    assert middle.box.x + 0.2 == pytest.approx(0.5) and middle.box.y + 0.1 == pytest.approx(0.5)
    assert snap(Box(0.02, 0.32, 0.4, 0.2), Handle.CENTRE, [], 0.01, 0.01, keep_shape=True).vertical == ()


def test_a_dragged_corner_snaps_with_its_shape() -> None:
    snapped = snap(Box(0.2, 0.3, 0.795, 0.3975), Handle.BOTTOM_RIGHT, [], 0.01, 0.01, keep_shape=True)
    assert snapped.box.right == pytest.approx(1.0)
    assert snapped.box.width / snapped.box.height == pytest.approx(2.0)


def test_other_boxes_attract() -> None:
    other = Box(0.7, 0.7, 0.2, 0.2)
    snapped = snap(Box(0.297, 0.1, 0.4, 0.2), Handle.CENTRE, [other], 0.01, 0.01, keep_shape=True)
    assert snapped.box.right == pytest.approx(0.7)
    assert 0.7 in snapped.vertical
