"""A source whose process stands still for a moment: the program repeats its picture, and says how often."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.fixtures.live_show import CARD, SMALL, StartShow
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.timeout(90), pytest.mark.alone]


def test_what_the_program_repeated_is_counted(start_show: StartShow, tmp_path: Path) -> None:
    show = start_show(*CARD, *SMALL, "--record", tmp_path / "a.mp4")
    until(lambda: show.call("recording.status").frames > 30, 30, "the show runs")
    card = show.child("testcard")
    before = show.status().sources[0].repeated
    card.suspend()
    time.sleep(1.5)
    card.resume()
    until(lambda: show.status().sources[0].repeated > before + 10, 10, "the repeats to be counted")
    (source,) = show.status().sources
    assert source.state == "live" and card.is_running(), "it was only late"
    assert show.call("program.statistics").repeated >= source.repeated
    show.interrupt()
    show.wait()
