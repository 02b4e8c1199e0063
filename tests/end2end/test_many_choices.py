"""A hundred choices for one source at once, on air: the last one shows, and the show does not stumble."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from studio.control.api import SourceInfo, SourceReplace
from studio.control.client import ControlClient
from studio.media import ErrorKind, StoaError
from tests.fixtures.live_show import CARD, SMALL, StartShow
from tests.fixtures.received import assert_few_lost, receive
from tests.fixtures.waiting import until
from tests.unit.source.test_image import save

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.timeout(120)]
CHOICES = 100
FPS = 30
AFTERWARDS = 2 * FPS


def test_the_last_of_a_hundred_choices_is_on_air(start_show: StartShow, tmp_path: Path) -> None:
    grey = save(tmp_path / "grey.png", np.full((180, 320, 3), 90, np.uint8), "png", "rgb24")
    specs = [f"image:{grey}", "testcard"] * (CHOICES // 2)
    target = tmp_path / "show.mp4"
    show = start_show(*CARD, *SMALL, "--record", target)
    until(lambda: show.status().recording.frames > FPS, 30, "it records", every_s=0.1)
    before = show.status()

    async def choose(client: ControlClient) -> list[SourceInfo | StoaError]:
        choices = [client.call("source.replace", SourceReplace("s1", spec)) for spec in specs]
        told = await asyncio.gather(*choices, return_exceptions=True)
        return [answer for answer in told if isinstance(answer, SourceInfo | StoaError)]

    told = show.ask(choose)
    chosen = show.status()
    wanted = chosen.recording.frames + AFTERWARDS
    until(lambda: show.status().recording.frames >= wanted, 30, "it goes on", every_s=0.1)
    show.interrupt()
    result = show.result(status=130)

    kinds = Counter(answer.kind for answer in told if isinstance(answer, StoaError))
    assert kinds == {ErrorKind.CONFLICT: CHOICES - 1} and len(told) == CHOICES
    last = told[-1]
    assert isinstance(last, SourceInfo) and (last.spec, last.state) == ("testcard", "live") and last.words
    assert chosen.pid == before.pid and [item.spec for item in chosen.sources] == ["testcard"]
    got = receive(target, FPS, bars=False)
    print("pictures, lagged, skipped:", len(got.pictures), result["lagged"], result["skipped"])
    assert_few_lost(result["lagged"], result["skipped"], len(got.pictures))
    assert got.missing() <= result["skipped"]
    numbers = [picture.number for picture in got.pictures[-AFTERWARDS // 2 :]]
    assert None not in numbers and len(set(numbers)) >= len(numbers) - result["lagged"], "the test card shows"
