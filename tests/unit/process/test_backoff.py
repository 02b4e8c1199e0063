"""Delays grow with each failure in a row and begin anew after a healthy life."""

from studio.process import Backoff

SECOND_NS = 1_000_000_000


def test_delays_grow_to_the_last_one() -> None:
    backoff = Backoff((0.1, 1.0, 5.0))
    assert [backoff.after_failure(0) for _ in range(5)] == [0.1, 1.0, 5.0, 5.0, 5.0]


def test_a_healthy_life_begins_anew() -> None:
    backoff = Backoff((0.1, 1.0), settle_s=10)
    backoff.after_failure(0)
    assert backoff.after_failure(9 * SECOND_NS) == 1.0
    assert backoff.after_failure(10 * SECOND_NS) == 0.1
