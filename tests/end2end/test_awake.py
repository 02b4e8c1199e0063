"""A show on a desktop with a logind: its lock is there while it runs, and gone with it, killed or not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.fixtures.dbus import LOGIND, Desktop
from tests.fixtures.live_show import CARD, SMALL, StartShow
from tests.fixtures.waiting import until


def test_a_shows_lock_is_its_engines(
    start_desktop: Callable[..., Desktop], start_show: StartShow, tmp_path: Path
) -> None:
    desktop = start_desktop(LOGIND)
    show = start_show(*CARD, *SMALL, "--record", tmp_path / "show.mp4")
    until(lambda: desktop.locks == 1, 20, f"it is held; the show said: {show.said()[-2000:]}")
    show.child("engine").kill()
    until(lambda: len(desktop.asked) == 2, 20, "the next engine asks")
    until(lambda: desktop.locks == 1, 5, "the killed engine's lock is gone, the next one's there")
    show.interrupt()
    show.result(status=130)
    assert desktop.locks == 0 and {asked[0] for asked in desktop.asked} == {"sleep:idle"}
