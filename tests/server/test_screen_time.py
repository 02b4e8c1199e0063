"""A real studio in a real session, with a real screen: once its time is over, what lies behind it is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.control.api import PreviewInfo
from studio.control.preview_client import PreviewClient
from studio.media import StoaError
from tests.fixtures.desktop import Painter
from tests.fixtures.real_studio import RealStudio
from tests.server.test_real_orders import booth

pytestmark = pytest.mark.timeout(150)
WHITE = 225
PICTURES = 750
"""So many are waited for, half a minute of them."""


class Programme:
    """The programme's pictures, as the window's preview has them."""

    def __init__(self, info: PreviewInfo) -> None:
        self._client = PreviewClient(info)

    async def until(self, fact: Callable[[float], bool], what: str) -> None:
        """Until a picture's mean brightness is such."""
        seen = await asyncio.to_thread(self._seen, fact)
        assert seen and fact(seen[-1]), f"{what}: {seen[-3:]}"

    def _seen(self, fact: Callable[[float], bool]) -> list[float]:
        seen: list[float] = []
        while len(seen) < PICTURES and not (seen and fact(seen[-1])):
            if (found := self._client.picture()) is None:
                break
            slot, _, picture, _, height = found
            seen.append(float(picture[:height].mean()))
            self._client.shown(slot)
        return seen

    def close(self) -> None:
        self._client.close()
        self._client.release()


@pytest.fixture
def white_screen(painter: Painter) -> None:
    """The whole screen is white."""
    painter.fill(painter.window(0, 0, 640, 360, "White"), [(255, 255, 255)], 640, 360)


async def test_the_screen_leaves_the_programme_with_its_time_and_is_back_with_more(
    stoa_home: Path, white_screen: None
) -> None:
    studio = await asyncio.to_thread(RealStudio, stoa_home)
    try:
        async with booth(stoa_home) as admin:
            link = (await admin.client.invite("broadcaster")).link
            await admin.ctl("session.leave")
            await admin.ctl("session.join", {"server": link, "name": "Bob"})
            bob = next(one.id for one in (await admin.client.people()).people if one.name == "Bob")
            for spec in ("testcard", "screen:primary"):
                await admin.ctl("source.add", {"spec": spec, "place": True})
            info = await admin.ctl("preview.open", {"width_px": 640, "height_px": 360})
            programme = await asyncio.to_thread(Programme, PreviewInfo(info["port"], info["token"]))
            await programme.until(lambda mean: mean > WHITE, "the screen fills the programme")
            before = (await admin.ctl("source.list"))["sources"]
            scene = await admin.ctl("scene.get")
            await admin.client.command("grant", target=bob, ends={"screen": 1})
            await programme.until(lambda mean: mean < WHITE, "the test card behind it shows")
            card, screen = (await admin.ctl("source.list"))["sources"]
            assert [one["pid"] for one in (card, screen)] == [one["pid"] for one in before]
            assert (card["held"], screen["state"]) == ("", "live") and "time to share a screen" in screen["held"]
            assert await admin.ctl("scene.get") == scene
            with pytest.raises(StoaError, match="time to share a screen"):
                await admin.ctl("source.add", {"spec": "screen:primary"})
            await admin.client.command("grant", target=bob, ends={"screen": None})
            await programme.until(lambda mean: mean > WHITE, "it is back as it was placed")
            assert [one["held"] for one in (await admin.ctl("source.list"))["sources"]] == ["", ""]
            programme.close()
    finally:
        await asyncio.to_thread(studio.stop)
