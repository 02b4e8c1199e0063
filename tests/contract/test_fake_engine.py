"""The pretended engine of the window's tests answers every method as the control API declares it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from studio.control import api
from studio.control.client import ControlClient
from tests.fakes.engine import FakeEngine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[FakeEngine]:
    fake = FakeEngine(tmp_path)
    fake.show.source_add(api.SourceAdd("file:clip.mp4", place=True))
    fake.show.destination_add(api.DestinationAdd("rtmp://host/live/key"))
    fake.show.raise_notice("info", "Something.")
    yield fake
    fake.stop()


def _parameters(fake: FakeEngine) -> dict[str, msgspec.Struct]:
    show = fake.show
    source, placement = next(iter(show.sources)), next(iter(show.placements))
    destination, notice = next(iter(show.destinations)), next(iter(show.notices))
    return {
        "source.add": api.SourceAdd("testcard"),
        "source.replace": api.SourceReplace(source, "camera:cam0"),
        "source.set": api.SourceSet(source, name="A"),
        "source.remove": api.ById(source),
        "scene.set": api.SceneSet([api.Placement(source)]),
        "placement.add": api.Placement(source),
        "placement.set": api.PlacementSet(placement, x=0.5),
        "placement.remove": api.ById(placement),
        "strip.set": api.StripSet(source, mute=True),
        "destination.add": api.DestinationAdd("srt://host:9000"),
        "destination.set": api.DestinationSet(destination, enabled=False),
        "destination.start": api.ById(destination),
        "destination.stop": api.ById(destination),
        "destination.remove": api.ById(destination),
        "preview.open": api.PreviewOpen(320, 180),
        "notice.clear": api.ById(notice),
    }


@pytest.mark.parametrize("name", api.METHODS)
async def test_every_method_is_answered_with_its_type(engine: FakeEngine, name: str) -> None:
    method = api.METHODS[name]
    params: Any = _parameters(engine).get(name) or method.params()
    async with await ControlClient.connect(engine.address) as client:
        assert isinstance(await client.call(name, params), method.result)
    assert engine.called(name) == [params]


async def test_events_carry_the_struct_of_their_noun(engine: FakeEngine) -> None:
    nouns = {
        "source": api.SourceInfo,
        "destination": api.DestinationInfo,
        "program": api.ProgramInfo,
        "recording": api.RecordingInfo,
        "scene": api.SceneInfo,
        "strip": api.StripInfo,
        "notice": api.Notice,
    }
    async with await ControlClient.connect(engine.address) as client:
        await client.call("program.start")
        await client.call("recording.start", api.RecordingStart())
        head = await client.subscribe(0)
        for seq in range(1, head.seq + 1):
            event = await client.next_event()
            assert event is not None and event.seq == seq
            noun = event.type.split(".")[0]
            msgspec.convert(event.data, nouns[noun])
