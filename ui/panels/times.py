"""The menu of how long somebody may take part: all of it, one of camera, microphone, screen, chat and being here, or
several at once, each with an end of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QMenu

from ui.dialogs.times import LENGTHS, Ends, grants_of


def add_times(menu: QMenu, sends: bool, give: Callable[[Ends], object], ask: Callable[[], object]) -> None:
    """`sends`: they may send sound and picture. `ask` opens the dialogue for several at once."""
    grants = grants_of(sends)
    times = menu.addMenu("Time")
    choices = {"All of it": tuple(grants), **{words: (grant,) for grant, words in grants.items()}}
    for words, chosen in choices.items():
        one = times.addMenu(words)
        for seconds, length in LENGTHS:
            one.addAction(length, partial(give, dict.fromkeys(chosen, seconds)))
    times.addSeparator()
    times.addAction("Several at once…", ask)
