"""A source that is replaced on air: the old picture until the new one shows, and no feed left over."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from studio.media import blank_frame
from studio.media.lease import PictureLease
from studio.source.contract import Opened, Timing
from studio.source.feed import FeedState, FeedStatus
from studio.source.onair import UNSEEN_NS, OnAirSource


@dataclass(eq=False)
class Feed:
    """A feed with or without a picture for the next tick."""

    name: str
    showing: bool = True
    closed: bool = False

    def __post_init__(self) -> None:
        opened = Opened(True, False, 64, 36, 25.0, Timing.LIVE)
        self.status = FeedStatus(FeedState.LIVE, opened=opened)
        self.lease = PictureLease(blank_frame(64, 36))

    def picture_at(self, tick_ns: int, half_tick_ns: int) -> PictureLease | None:
        return self.lease.hold() if self.showing else None

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def first() -> Feed:
    return Feed("first")


@pytest.fixture
def swapped() -> list[Feed]:
    return []


@pytest.fixture
def source(first: Feed, swapped: list[Feed]) -> OnAirSource:
    made = OnAirSource(first, swapped.append)  # type: ignore[arg-type]
    made.picture_at(UNSEEN_NS * 2, 0)
    return made


def test_the_old_picture_stays_until_the_new_one_is_due(source: OnAirSource, first: Feed, swapped: list[Feed]) -> None:
    second = Feed("second", showing=False)
    source.replace_with(second, UNSEEN_NS * 2)  # type: ignore[arg-type]
    assert source.picture_at(UNSEEN_NS * 2 + 1, 0) is first.lease and not swapped
    second.showing = True
    assert source.picture_at(UNSEEN_NS * 2 + 2, 0) is second.lease
    assert source.feed is second and swapped == [first]


def test_a_feed_that_is_replaced_before_it_showed_is_given_up(
    source: OnAirSource, first: Feed, swapped: list[Feed]
) -> None:
    second, third = Feed("second", showing=False), Feed("third")
    source.replace_with(second, UNSEEN_NS * 2)  # type: ignore[arg-type]
    source.replace_with(third, UNSEEN_NS * 2)  # type: ignore[arg-type]
    assert swapped == [second]
    assert source.picture_at(UNSEEN_NS * 2 + 1, 0) is third.lease
    assert swapped == [second, first]


def test_a_replacement_at_the_moment_of_the_change_loses_none(
    source: OnAirSource, first: Feed, swapped: list[Feed]
) -> None:
    third = Feed("third")

    class Late(Feed):
        def picture_at(self, tick_ns: int, half_tick_ns: int) -> PictureLease | None:
            source.replace_with(third, tick_ns)  # type: ignore[arg-type]
            return super().picture_at(tick_ns, half_tick_ns)

    second = Late("second")
    source.replace_with(second, UNSEEN_NS * 2)  # type: ignore[arg-type]
    assert source.picture_at(UNSEEN_NS * 2 + 1, 0) is first.lease
    assert source.picture_at(UNSEEN_NS * 2 + 2, 0) is third.lease
    assert swapped == [second, first]


def test_nobody_looks_so_it_changes_at_once(source: OnAirSource, first: Feed, swapped: list[Feed]) -> None:
    waiting, second = Feed("waiting", showing=False), Feed("second")
    source.replace_with(waiting, UNSEEN_NS * 2)  # type: ignore[arg-type]
    source.replace_with(second, UNSEEN_NS * 4)  # type: ignore[arg-type]
    assert source.feed is second and swapped == [waiting, first]


def test_what_nobody_looked_at_any_more_is_not_shown_late_either(source: OnAirSource) -> None:
    source.render_delay_ns = now_ns = UNSEEN_NS * 2
    source.picture_at(now_ns, 0)
    assert source.picture_at(now_ns * 2, 0) is not None
    source.replace_with(Feed("second"), now_ns * 3)  # type: ignore[arg-type]
    assert source.picture_at(now_ns * 3, 0) is None


def test_both_are_closed(source: OnAirSource, first: Feed) -> None:
    second = Feed("second", showing=False)
    source.replace_with(second, UNSEEN_NS * 2)  # type: ignore[arg-type]
    source.close()
    assert first.closed and second.closed
