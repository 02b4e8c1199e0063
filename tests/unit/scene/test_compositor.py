"""One picture of many: uncopied where it can be, drawn in order, nothing kept too long."""

from __future__ import annotations

import numpy as np
import pytest

from studio.media import blank_frame
from studio.media.lease import PictureLease
from studio.scene.compositor import Compositor
from studio.scene.layout import Fit, PlacedSource
from studio.scene.slate import BACKGROUND_Y

SIZE = (320, 180)
RED, GREEN = (80, 90, 240), (150, 44, 21)


class Sources:
    """Sources of one colour; counts what was lent and given back."""

    def __init__(self, **colours: tuple[tuple[int, int], tuple[int, int, int]] | None) -> None:
        self.colours = colours
        self.out = 0

    def picture_at(self, source_id: str) -> PictureLease | None:
        given = self.colours[source_id]
        if given is None:
            return None
        self.out += 1
        return PictureLease(blank_frame(*given[0], given[1]), self._back)

    def _back(self) -> None:
        self.out -= 1


def compose(sources: Sources, *scene: PlacedSource) -> PictureLease:
    compositor = Compositor(*SIZE)
    compositor.scene = scene
    lease = compositor.compose(sources.picture_at, 0)
    assert lease is not None
    return lease


def pixel(lease: PictureLease, x: int, y: int) -> tuple[int, int, int]:
    frame = lease.frame
    return int(frame.y[y, x]), int(frame.u[y // 2, x // 2]), int(frame.v[y // 2, x // 2])


def test_a_source_that_fills_the_frame_passes_through_uncopied() -> None:
    sources = Sources(a=(SIZE, RED))
    lease = compose(sources, PlacedSource("p", "a"))
    assert pixel(lease, 0, 0) == RED and sources.out == 1, "it is still lent: nothing was copied"
    lease.release()
    assert sources.out == 0


def test_what_is_hidden_is_not_even_asked_and_what_lies_behind_it_shows() -> None:
    sources = Sources(a=(SIZE, RED))
    compositor = Compositor(*SIZE)
    compositor.scene = [PlacedSource("p", "a"), PlacedSource("q", "b", order=1)]
    compositor.hides = lambda source_id: source_id == "b"
    lease = compositor.compose(sources.picture_at, 0)
    assert lease is not None and pixel(lease, 100, 100) == RED


def test_an_empty_scene_is_black() -> None:
    assert pixel(compose(Sources()), 100, 100) == (16, 128, 128)


def test_a_box_lies_on_what_is_behind_it_and_everything_is_given_back() -> None:
    sources = Sources(a=(SIZE, RED), b=((640, 360), GREEN))
    lease = compose(
        sources, PlacedSource("p", "a"), PlacedSource("q", "b", x=0.5, y=0.5, width=0.5, height=0.5, order=1)
    )
    assert pixel(lease, 10, 10) == RED and pixel(lease, 200, 120) == GREEN
    assert sources.out == 0


def test_what_is_covered_is_not_drawn() -> None:
    sources = Sources(a=((64, 64), RED), b=(SIZE, GREEN))
    lease = compose(sources, PlacedSource("p", "a"), PlacedSource("q", "b", order=1))
    assert pixel(lease, 160, 90) == GREEN and sources.out == 1, "the one in front passes through"


def test_letterbox_is_black() -> None:
    lease = compose(Sources(a=((180, 180), RED)), PlacedSource("p", "a"))
    assert pixel(lease, 10, 90) == (16, 128, 128) and pixel(lease, 160, 90) == RED


def test_opacity_blends() -> None:
    lease = compose(
        Sources(a=(SIZE, RED), b=(SIZE, GREEN)), PlacedSource("p", "a"), PlacedSource("q", "b", opacity=0.5, order=1)
    )
    assert pixel(lease, 50, 50) == pytest.approx(((80 + 150) / 2, (90 + 44) / 2, (240 + 21) / 2), abs=1)


def test_mirror_swaps_left_and_right() -> None:
    frame = blank_frame(*SIZE, RED)
    frame.y[:, :160] = 200
    compositor = Compositor(*SIZE)
    compositor.scene = [PlacedSource("p", "a", mirror=True)]
    lease = compositor.compose(lambda source_id: PictureLease(frame), 0)
    assert lease is not None and pixel(lease, 300, 50)[0] == 200 and pixel(lease, 10, 50)[0] == 80


def test_a_source_without_a_picture_shows_the_slate() -> None:
    assert pixel(compose(Sources(a=None), PlacedSource("p", "a")), 5, 5)[0] == BACKGROUND_Y


def test_an_admins_mute_shows_the_slate_whatever_the_scene() -> None:
    compositor = Compositor(*SIZE)
    compositor.scene = [PlacedSource("p", "a")]
    compositor.muted = True
    lease = compositor.compose(Sources(a=(SIZE, RED)).picture_at, 0)
    assert lease is not None and pixel(lease, 5, 5)[0] == BACKGROUND_Y


def test_when_every_canvas_is_out_there_is_no_picture_until_one_is_back() -> None:
    sources = Sources(a=((64, 64), RED))
    compositor = Compositor(*SIZE)
    compositor.scene = [PlacedSource("p", "a", fit=Fit.STRETCH)]
    out = [compositor.compose(sources.picture_at, 0) for _ in range(Compositor.POOL)]
    assert all(lease is not None for lease in out)
    assert compositor.compose(sources.picture_at, 0) is None and sources.out == 0
    out[0].release()  # type: ignore[union-attr]
    assert compositor.compose(sources.picture_at, 0) is not None


def test_a_canvas_that_is_used_again_keeps_nothing_of_the_last_picture() -> None:
    compositor = Compositor(*SIZE)
    compositor.scene = [PlacedSource("p", "a", fit=Fit.STRETCH)]
    first = compositor.compose(Sources(a=((64, 64), RED)).picture_at, 0)
    assert first is not None
    first.release()
    compositor.scene = [PlacedSource("p", "a", width=0.5, fit=Fit.STRETCH)]
    second = compositor.compose(Sources(a=((64, 64), GREEN)).picture_at, 0)
    assert second is not None and np.all(second.frame.y[:, 170:] == 16)
