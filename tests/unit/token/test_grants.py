"""Each grant runs out by itself, and without `join` none holds."""

from __future__ import annotations

import pytest

from studio.token.grants import NO_END_S, Grant, Grants


def test_what_is_not_given_does_not_hold() -> None:
    assert [grant for grant in Grant if Grants().holds(grant, 0)] == []


def test_each_runs_out_at_its_own_second_and_only_that_one() -> None:
    grants = Grants(join=500, camera=100, microphone=200, screen=300, data=400)
    order = (Grant.CAMERA, Grant.MICROPHONE, Grant.SCREEN, Grant.DATA)
    for count, end_s in enumerate((100, 200, 300, 400)):
        assert tuple(grant for grant in order if grants.holds(grant, end_s - 0.001)) == order[count:]
        assert tuple(grant for grant in order if grants.holds(grant, end_s)) == order[count + 1 :]


def test_one_expiry_for_all() -> None:
    grants = Grants.until(100, [Grant.JOIN, Grant.CAMERA])
    assert grants == Grants(join=100, camera=100)
    assert grants.holds(Grant.CAMERA, 99) and not grants.holds(Grant.CAMERA, 100)
    assert not grants.holds(Grant.MICROPHONE, 99)


def test_a_grant_without_an_end_lasts() -> None:
    assert Grants(join=NO_END_S, data=NO_END_S).holds(Grant.DATA, 4_000_000_000)


@pytest.mark.parametrize("join", [None, 50])
def test_who_may_not_join_may_do_nothing(join: int | None) -> None:
    assert not Grants(join=join, camera=NO_END_S).holds(Grant.CAMERA, 50)
