"""A link as the window lists it: how often it was used."""

from __future__ import annotations

import pytest

from studio.session import Invite
from ui.attendance import link_of


@pytest.mark.parametrize(
    ("uses", "used", "said"),
    [
        (0, 0, "not used yet"),
        (0, 1, "used 1 time"),
        (0, 2, "used 2 times"),
        (1, 1, "used 1 of 1 time"),
        (3, 1, "used 1 of 3 times"),
    ],
)
def test_it_is_counted_in_words(uses: int, used: int, said: str) -> None:
    made = Invite("i", "viewer", "studio", "", None, None, uses, used, "2026-11-20T20:00:00Z", None, False)
    assert link_of(made).facts.endswith(f", {said}")
