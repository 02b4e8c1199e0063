"""kill -9 of the studio's own engine (no plan, all by the control API): the next resumes what the journal holds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from studio.control import api
from studio.control.address import the_engine
from studio.control.client import ControlClient
from studio.engine.contract import DestinationSecret, EngineToLauncher, KeepSecret, OpenEngine
from studio.engine.settings import Settings
from studio.engine.show import ProgramShape
from studio.media import StudioClock
from studio.process import ChildPlan, SupervisedChild
from tests.fixtures.nginx_rtmp import NginxRtmp
from tests.fixtures.received import receive
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.alone, pytest.mark.timeout(120)]
SHAPE = ProgramShape(width_px=320, height_px=180, video_kbps=600)
KEY = "Key-5d20c7e9"


class Resident:
    """An engine supervised as `stoa` does, without window and server: its secrets are kept in memory here."""

    def __init__(self, home: Path) -> None:
        (home / "settings.json").write_bytes(msgspec.json.encode(Settings(program=SHAPE)))
        self.home = home
        self.secrets: dict[str, DestinationSecret] = {}
        self._lives = 0
        self._log = (home / "engine.log").open("ab")
        plan = ChildPlan("engine", EngineToLauncher, self._opening, self._on_message, end_limit_s=20)
        self.child = SupervisedChild(plan, log_to=self._log)
        self.child.start()

    def _opening(self) -> list[msgspec.Struct]:
        self._lives += 1
        started_ns = StudioClock().now_ns()
        resume = self._lives > 1
        return [OpenEngine(str(self.home), started_ns, resume=resume, secrets=dict(self.secrets))]

    def _on_message(self, message: object) -> None:
        if isinstance(message, KeepSecret) and message.address is not None:
            self.secrets[message.id] = message.address

    def call(self, method: str, params: msgspec.Struct | None = None) -> Any:
        async def one() -> Any:
            async with await ControlClient.connect(the_engine(self.child.pid, self.home / "run")) as client:
                return await client.call(method, params)

        return asyncio.run(one())

    def wait_ready(self) -> None:
        run = self.home / "run"
        until(lambda: (run / f"engine-{self.child.pid}.json").exists(), 30, "the engine listens")

    def close(self) -> None:
        self.child.end()
        self._log.close()


@pytest.fixture
def resident(stoa_home: Path) -> Iterator[Resident]:
    made = Resident(stoa_home)
    made.wait_ready()
    yield made
    made.close()


def test_it_resumes_scene_strips_destinations_and_recording(
    resident: Resident, nginx_rtmp: NginxRtmp, tmp_path: Path
) -> None:
    source = resident.call("source.add", api.SourceAdd("testcard", name="the card", place=True)).id
    resident.call("strip.set", api.StripSet(source, gain_db=-6.0, sync_offset_ms=40))
    resident.call("source.set", api.SourceSet(source, render_delay_ms=40))
    resident.call("destination.add", api.DestinationAdd(nginx_rtmp.url(KEY)))
    resident.call("recording.start", api.RecordingStart(str(tmp_path / "show.mp4")))
    resident.call("program.start")
    until(lambda: resident.call("engine.status").destinations[0].state == "live", 20, "it is live", every_s=0.1)
    until(lambda: resident.call("engine.status").recording.frames > 60, 20, "two seconds are recorded", every_s=0.1)
    before = resident.call("engine.status")
    assert KEY not in (resident.home / "journal").read_text()

    pid = resident.child.pid
    assert pid is not None
    resident.child.restart()
    killed_ms = time.monotonic_ns() // 1_000_000
    until(lambda: resident.child.pid not in (None, pid), 10, "another engine begins")
    resident.wait_ready()
    until(lambda: resident.call("engine.status").destinations[0].state == "live", 20, "it is live again", every_s=0.1)
    until(lambda: resident.call("engine.status").recording.frames > 60, 20, "it records again", every_s=0.1)
    after = resident.call("engine.status")
    resident.call("recording.stop")
    resident.call("program.stop")
    nginx_rtmp.stop()

    assert after.program.live
    assert after.placements == before.placements
    assert after.strips == before.strips
    assert [(item.id, item.name, item.spec) for item in after.sources] == [(source, "the card", "testcard")]
    assert after.sources[0].render_delay_ms == 40
    assert after.destinations[0].url == before.destinations[0].url
    _, second = [receive(path) for path in nginx_rtmp.recordings(KEY)]
    assert second.pictures[0].clock_ms - killed_ms <= 5000
    assert second.missing() <= resident.call("program.statistics").skipped
    files = sorted(tmp_path.glob("show*.mp4"), key=lambda path: path.stat().st_mtime_ns)
    assert len(files) == 2
    assert killed_ms - receive(files[0]).pictures[-1].clock_ms <= 1000
