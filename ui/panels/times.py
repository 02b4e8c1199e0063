"""The menu of how long somebody may take part: all of it, or one of camera, microphone, screen, chat and being here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QMenu

SENT = {"camera": "Camera", "microphone": "Microphone", "screen": "Shared screen"}
ALWAYS = {"data": "Chat", "join": "Time in the session"}
LENGTHS: tuple[tuple[int | None, str], ...] = (
    (300, "5 minutes from now"),
    (900, "15 minutes from now"),
    (1800, "30 minutes from now"),
    (3600, "1 hour from now"),
    (None, "No end"),
    (0, "Ends now"),
)


def add_times(menu: QMenu, sends: bool, give: Callable[[dict[str, int | None]], object]) -> None:
    """`sends`: they may send sound and picture. `give(ends)`: seconds from now of each grant, None for no end."""
    grants = {**(SENT if sends else {}), **ALWAYS}
    times = menu.addMenu("Time")
    choices = {"All of it": tuple(grants), **{words: (grant,) for grant, words in grants.items()}}
    for words, chosen in choices.items():
        one = times.addMenu(words)
        for seconds, length in LENGTHS:
            one.addAction(length, partial(give, dict.fromkeys(chosen, seconds)))
