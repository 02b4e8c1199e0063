"""What is changed over the control API while a show is on air, measured in the recording."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from studio.control import api
from studio.media import ErrorKind, StoaError
from tests.fixtures.live_show import SMALL, LiveShow, StartShow
from tests.fixtures.received import Received, assert_few_lost, planes_at, receive
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.timeout(120)]
SETTLE_S = 0.7
"""From a call to its effect in what is encoded, at most (the mixer's delay lines included)."""
BEHIND_MS = 300
"""How far the mixer may be behind: the next call touches sound so much older than itself."""
WIDTH, HEIGHT, FPS = 320, 180, 30


@dataclass
class Story:
    """The recording, and between which of its seconds each state of affairs stood."""

    told: dict[str, Any]
    path: Path
    got: Received
    refused: StoaError
    spans: dict[str, tuple[float, float]] = field(default_factory=dict)

    def within(self, name: str, instants: list[float]) -> list[float]:
        """Those instants that lie inside a span."""
        begin, end = self.spans[name]
        return [instant for instant in instants if begin <= instant <= end]

    def sync_ms(self, name: str) -> float:
        """The median of sound minus picture inside a span."""
        flashes = self.got.flash_onsets_s()
        found = dict(zip(flashes, self.got.sound_minus_picture_ms(), strict=False))
        inside = [found[at] for at in self.within(name, flashes) if at in found]
        assert inside, f"no flash with a beep during {name}"
        return float(np.median(inside))


class Narrator:
    """Lets each state of affairs stand for a while and notes when, on the studio clock."""

    def __init__(self, show: LiveShow) -> None:
        self._show = show
        self.spans_ms: dict[str, tuple[int, int]] = {}

    def tell(self, name: str, seconds: float, *calls: tuple[str, Any]) -> None:
        for method, params in calls:
            self._show.call(method, params)
        begin = time.monotonic_ns() // 1_000_000
        frames = self._show.status().recording.frames
        wanted = frames + round((seconds + SETTLE_S) * FPS)
        until(lambda: self._show.status().recording.frames >= wanted, 30, name, every_s=0.1)
        self.spans_ms[name] = begin + round(SETTLE_S * 1000), time.monotonic_ns() // 1_000_000 - BEHIND_MS


@pytest.fixture(scope="module")
def story(module_show: StartShow, tmp_path_factory: pytest.TempPathFactory) -> Story:
    target = tmp_path_factory.mktemp("got") / "show.mp4"
    show = module_show("--video", "testcard", "--audio", "tone", *SMALL, "--record", target)
    until(lambda: show.status().recording.frames > 0, 30, "it records", every_s=0.1)
    placement = show.status().placements[0].id
    narrator = Narrator(show)
    narrator.tell("plain", 2.2)
    with pytest.raises(StoaError) as caught:
        show.call("source.replace", api.SourceReplace("s1", "camera:not-there"))
    narrator.tell("refused", 1.2)
    narrator.tell("later sound", 2.2, ("strip.set", api.StripSet("s1", sync_offset_ms=150)))
    narrator.tell("both later", 2.2, ("source.set", api.SourceSet("s1", render_delay_ms=150)))
    back = ("strip.set", api.StripSet("s1", sync_offset_ms=0)), ("source.set", api.SourceSet("s1", render_delay_ms=0))
    narrator.tell("muted", 2.2, *back, ("strip.set", api.StripSet("s1", mute=True)))
    quarter = api.PlacementSet(placement, x=0.5, y=0.5, width=0.5, height=0.5)
    narrator.tell("quarter", 1.0, ("strip.set", api.StripSet("s1", mute=False)), ("placement.set", quarter))
    whole = api.PlacementSet(placement, x=0, y=0, width=1, height=1, mirror=True)
    narrator.tell("mirrored", 1.0, ("placement.set", whole))
    narrator.tell("replaced", 1.0, ("placement.set", api.PlacementSet(placement, mirror=False)),
                  ("source.replace", api.SourceReplace("s1", "testcard")))  # fmt: skip
    show.interrupt()
    told = show.result(status=130)
    got = receive(target, FPS)
    zero_ms = got.pictures[0].clock_ms
    spans = {
        name: ((begin - zero_ms) / 1000, (end - zero_ms) / 1000) for name, (begin, end) in narrator.spans_ms.items()
    }
    return Story(told, target, got, caught.value, spans)


def picture_during(story: Story, name: str) -> npt.NDArray[np.uint8]:
    begin, end = story.spans[name]
    return planes_at(story.path, (begin + end) / 2)[:HEIGHT]


def test_no_change_costs_a_picture(story: Story) -> None:
    assert_few_lost(story.told["lagged"], story.told["skipped"], len(story.got.pictures))
    assert story.got.missing() <= story.told["skipped"]
    assert story.got.sound_gaps == 0


def test_a_refused_device_leaves_the_old_source_on_air(story: Story) -> None:
    assert story.refused.kind is ErrorKind.NOT_FOUND
    begin, end = story.spans["refused"]
    numbers = [picture.number for picture in story.got.pictures if begin - SETTLE_S <= picture.at_s <= end]
    assert None not in numbers
    assert len(set(numbers)) >= len(numbers) - story.told["lagged"]


def test_sound_and_picture_are_together_at_first(story: Story) -> None:
    assert abs(story.sync_ms("plain")) <= 20


def test_a_sync_offset_moves_the_sound(story: Story) -> None:
    assert story.sync_ms("later sound") == pytest.approx(150, abs=20)


def test_a_render_delay_moves_the_picture(story: Story) -> None:
    assert abs(story.sync_ms("both later")) <= 34


def test_a_muted_strip_is_silent(story: Story) -> None:
    begin, end = (round((at - story.got.sound_start_s) * 48_000) for at in story.spans["muted"])
    assert float(np.abs(story.got.sound[begin:end]).max()) < 0.001
    assert story.within("quarter", story.got.beep_onsets_s()) or story.within("mirrored", story.got.beep_onsets_s())


def test_a_placement_is_moved_and_made_smaller(story: Story) -> None:
    luma = picture_during(story, "quarter")
    assert luma[: HEIGHT // 2 - 4].max() <= 20, "black above"
    assert luma[:, : WIDTH // 2 - 4].max() <= 20, "black at the left"
    white = luma[HEIGHT // 2 + 8 : HEIGHT // 2 + 28, WIDTH // 2 + 4 : WIDTH // 2 + 16]
    assert abs(float(white.mean()) - 180) <= 3


def test_a_placement_is_mirrored(story: Story) -> None:
    luma = picture_during(story, "mirrored")
    levels = [float(luma[20:60, WIDTH * bar // 8 + 8 : WIDTH * (bar + 1) // 8 - 8].mean()) for bar in range(8)]
    assert levels == pytest.approx([16, 28, 51, 63, 133, 145, 168, 180], abs=3)


def test_the_replacement_shows_the_program_s_numbers(story: Story) -> None:
    begin, end = story.spans["replaced"]
    first = story.got.first_number()
    places = zip(story.got.pictures, story.got.places(), strict=True)
    wrong = [place for picture, place in places if begin <= picture.at_s <= end and picture.number != first + place]
    assert len(wrong) <= story.told["lagged"]
