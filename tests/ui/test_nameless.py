"""Who watches by a bare link stands on no list: the people panel says how many they are and how that is ended."""

from __future__ import annotations

from tests.ui.conftest import Driver
from ui.room import Someone

LIN = Someone("p_lin", "Lin", "viewer", since="20:14")
WORDS = "2 watch by the bare viewers' link, without a name (2 by “<b>poster</b>”)."


def test_who_watches_without_a_name_is_told_of_below_the_people(studio: Driver) -> None:
    studio.room.set_people((LIN,), 3, WORDS)
    studio.press("Ctrl+6", studio.window)
    told = studio.window.people.nameless
    assert told.isVisible() and told.text() == WORDS
    studio.room.set_people((LIN,), 1)
    assert not told.isVisible()
