"""Turns: a burst, then a rate, for each key by itself."""

from __future__ import annotations

import pytest

from studio.server.errors import Refusal
from studio.server.limits import RateLimit
from tests.fakes.server_house import HandClock


def test_a_burst_is_allowed_and_then_a_rate() -> None:
    clock = HandClock()
    limit = RateLimit(clock, burst=3, per_s=2.0)
    assert [limit.wait_s("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert limit.wait_s("b") == 0
    clock.forward(0.5)
    assert limit.wait_s("a") == 0
    assert limit.wait_s("a") > 0
    clock.forward(100)
    assert [limit.wait_s("a") == 0 for _ in range(4)] == [True, True, True, False]


def test_no_more_keys_are_kept_than_allowed() -> None:
    limit = RateLimit(HandClock(), burst=1, per_s=1.0, capacity=2)
    for key in ("a", "b", "c"):
        assert limit.wait_s(key) == 0
    assert limit.wait_s("c") > 0
    assert limit.wait_s("a") == 0, "the longest unused was forgotten"


def test_who_has_no_turn_is_told_how_long_to_wait() -> None:
    limit = RateLimit(HandClock(), burst=1, per_s=0.1)
    limit.check("a", "Too fast.")
    with pytest.raises(Refusal) as refused:
        limit.check("a", "Too fast.")
    assert refused.value.retry_after_s == 10 and "10 seconds" in refused.value.remedy
